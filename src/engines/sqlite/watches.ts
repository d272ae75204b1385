/**
 * Watches: each reads the log of changes at its own pace and keeps nothing but its place in it.
 *
 * So a slow consumer costs no memory; one that is slower than the log is long gets `compacted`. A watch waits for the
 * doorbell, which is listened to from the first time that one has to wait.
 */
import type { WatchBatch } from '../../edges/engine.ts'
import type { Revision } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import { blindPollMs } from './bounds.ts'
import { DoorbellListener } from './doorbell.ts'
import type { KeyRange } from './key-range.ts'
import type { Reader } from './reader.ts'

export interface WatchStart {
  /** Where in the log to begin. */
  readonly sequence: number
  /** Transactions before this one are passed over, for a watch that begins in the future. */
  readonly revision: Revision
}

interface Waiting {
  readonly from: number
  readonly wake: () => void
}

export class Watches {
  readonly #reader: Reader
  readonly #bellPath: string
  /** As many as the program's own unanswered `next()` calls. */
  readonly #waiting = new Set<Waiting>()
  #listener: DoorbellListener | undefined
  #isClosed = false
  #failure: Error | undefined

  constructor(reader: Reader, bellPath: string) {
    this.#reader = reader
    this.#bellPath = bellPath
  }

  /** What `locate` throws, the first `next()` throws. */
  open(locate: () => WatchStart, range: KeyRange, signal: Signal | undefined): AsyncIterable<WatchBatch> {
    const watch = new Watch(this, this.#reader, locate, range, signal)
    return { [Symbol.asyncIterator]: () => watch }
  }

  /** Something may have been committed. */
  onRing(): void {
    if (this.#waiting.size === 0 || this.#isClosed) return
    const last = this.#lastSequence()
    for (const waiting of this.#waiting) if (waiting.from <= last) waiting.wake()
  }

  /** Ends every watch; with a failure they throw it. */
  close(failure?: Error): void {
    this.#isClosed = true
    this.#failure = failure
    this.#listener?.close()
    for (const waiting of this.#waiting) waiting.wake()
  }

  /** True once no more can come. */
  checkOpen(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    return !this.#isClosed
  }

  /** Before the last look at the log, so that no ring falls in between. */
  listen(): void {
    this.#listener ??= new DoorbellListener(this.#bellPath, () => this.onRing(), blindPollMs)
  }

  /** Until there is something at or after `from`, or the watch ends. */
  wait(from: number, onWaiting: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const waiting: Waiting = { from, wake: () => (this.#waiting.delete(waiting), resolve()) }
      this.#waiting.add(waiting)
      onWaiting(waiting.wake)
    })
  }

  /** Where it cannot be read, all wake up and find out for themselves. */
  #lastSequence(): number {
    try {
      return this.#reader.lastSequence()
    } catch {
      return Number.POSITIVE_INFINITY
    }
  }
}

class Watch implements AsyncIterator<WatchBatch> {
  readonly #watches: Watches
  readonly #batches: AsyncGenerator<WatchBatch, undefined>
  readonly #signal: Signal | undefined
  readonly #end = (): void => this.#onEnd()
  #isEnded = false
  #wake: (() => void) | undefined

  constructor(watches: Watches, reader: Reader, locate: () => WatchStart, range: KeyRange, signal: Signal | undefined) {
    this.#watches = watches
    this.#signal = signal
    let start: WatchStart | undefined
    let failure: unknown
    try {
      start = locate()
    } catch (error) {
      failure = error
    }
    this.#batches = this.#read(reader, start, failure, range)
    signal?.addEventListener('abort', this.#end)
    if (signal?.aborted === true) this.#onEnd()
  }

  next(): Promise<IteratorResult<WatchBatch, undefined>> {
    return this.#batches.next()
  }

  return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.#onEnd()
    return this.#batches.return(undefined)
  }

  async *#read(
    reader: Reader,
    start: WatchStart | undefined,
    failure: unknown,
    range: KeyRange,
  ): AsyncGenerator<WatchBatch, undefined> {
    if (start === undefined) throw failure
    for (let from = start.sequence; this.#isOpen(); ) {
      this.#watches.listen()
      const { batches, next, atEnd } = reader.pull(from, range)
      from = next
      for (const batch of batches) {
        if (batch.revision < start.revision) continue
        yield batch
        if (!this.#isOpen()) return undefined
      }
      if (batches.length > 0) continue
      if (atEnd) await this.#watches.wait(from, (wake) => (this.#wake = wake))
      else await new Promise((resolve) => setImmediate(resolve))
    }
    return undefined
  }

  #isOpen(): boolean {
    return this.#watches.checkOpen() && !this.#isEnded
  }

  #onEnd(): void {
    this.#isEnded = true
    this.#signal?.removeEventListener('abort', this.#end)
    this.#wake?.()
  }
}

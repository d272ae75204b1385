/**
 * The watches of one engine object: each reads the log at its own pace and keeps nothing but its place in it.
 *
 * What a watch may see is what the member has been told of (`onNews`): so changes arrive later than they were committed,
 * in order, and not at all while the member is cut off. A watch that is slower than the log is long gets `compacted`.
 */
import type { WatchBatch } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Signal } from '../../lib/signal.ts'
import type { ChangeLog } from './change-log.ts'

export class VirtualWatches {
  readonly #log: ChangeLog
  readonly #open = new Set<VirtualWatch>()
  #heard = 0

  constructor(log: ChangeLog) {
    this.#log = log
  }

  get count(): number {
    return this.#open.size
  }

  open(prefix: string, from: number, signal: Signal | undefined): VirtualWatch {
    const onEnded = (ended: VirtualWatch): void => void this.#open.delete(ended)
    const watch = new VirtualWatch(this.#log, { prefix, from, signal, heard: () => this.#heard, onEnded })
    if (!watch.isEnded) this.#open.add(watch)
    return watch
  }

  onNews(revision: number): void {
    if (revision <= this.#heard) return
    this.#heard = revision
    for (const watch of this.#open) watch.wake()
  }

  /** Those that are open; later ones may go well again. */
  fail(error: CardumenError): void {
    for (const watch of [...this.#open]) watch.fail(error)
  }

  end(): void {
    for (const watch of [...this.#open]) watch.end()
  }
}

interface WatchParts {
  readonly prefix: string
  readonly from: number
  readonly signal: Signal | undefined
  readonly heard: () => number
  readonly onEnded: (watch: VirtualWatch) => void
}

class VirtualWatch implements AsyncIterator<WatchBatch, undefined> {
  readonly #log: ChangeLog
  readonly #parts: WatchParts
  readonly #batches: AsyncGenerator<WatchBatch, undefined>
  readonly #onAbort = (): void => this.end()
  #isEnded = false
  #failure: CardumenError | undefined
  #wake: () => void = () => undefined

  constructor(log: ChangeLog, parts: WatchParts) {
    this.#log = log
    this.#parts = parts
    this.#batches = this.#read(parts.from)
    parts.signal?.addEventListener('abort', this.#onAbort)
    if (parts.signal?.aborted === true) this.end()
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  next(): Promise<IteratorResult<WatchBatch, undefined>> {
    return this.#batches.next()
  }

  return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.end()
    return this.#batches.return(undefined)
  }

  wake(): void {
    this.#wake()
  }

  fail(error: CardumenError): void {
    this.#failure = error
    this.end()
  }

  end(): void {
    this.#isEnded = true
    this.#parts.signal?.removeEventListener('abort', this.#onAbort)
    this.#parts.onEnded(this)
    this.#wake()
  }

  async *#read(from: number): AsyncGenerator<WatchBatch, undefined> {
    for (let next = from; this.#isOpen(); ) {
      if (!this.#log.reaches(next)) {
        this.end()
        throw new CardumenError('compacted', `changes from revision ${next} on are no longer kept`)
      }
      const pulled = this.#log.pull(this.#parts.prefix, next, this.#parts.heard())
      next = pulled.next
      if (pulled.batch !== undefined) yield pulled.batch
      else if (next > this.#parts.heard()) await this.#waited()
    }
    return undefined
  }

  #isOpen(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    return !this.#isEnded
  }

  #waited(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

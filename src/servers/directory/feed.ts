/**
 * The changes of one directory, for all that watch it: one watch of the engine, however many they are.
 *
 * The latest changes are kept, a bounded number; a watcher that asks for older ones, or reads so slowly that it falls
 * behind them, reads from the engine's own log until it has caught up. So none is lost or told twice, and nobody waits
 * for the slowest. Where the engine fails the feed begins again behind the last change that it saw.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Engine, WatchBatch } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { revision } from '../../lib/identifiers.ts'
import { type Signal, signalSource } from '../../lib/signal.ts'
import { sleep } from '../sleep.ts'
import { decodeHead, type HeadChange, headKeyOf } from './rows.ts'
import { unknownDirectory } from './store.ts'

export const changesKeptMax = 1_024
const againMs = 200

export interface FeedEvent {
  readonly sequence: number
  readonly changes: readonly HeadChange[]
}

export interface FeedOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly directory: number
  /** Its sequence number when the feed begins. */
  readonly from: number
}

export class Feed {
  readonly #options: FeedOptions
  readonly #key: string
  readonly #stopper = signalSource()
  #events: FeedEvent[] = []
  /** All changes after this one are in `#events`. */
  #complete: number
  #last: number
  #ending: CardumenError | undefined
  readonly #waiting = new Set<() => void>()

  constructor(options: FeedOptions) {
    this.#options = options
    this.#key = headKeyOf(options.directory)
    this.#complete = options.from
    this.#last = options.from
    void this.#run()
  }

  /** It tells of nothing new any more. */
  get isOver(): boolean {
    return this.#ending !== undefined
  }

  /** Each change after `from`, until the signal aborts. @throws CardumenError `object-unknown`, `compacted`. */
  async *events(from: number, signal: Signal): AsyncGenerator<FeedEvent> {
    for (let after = from; !signal.aborted; ) {
      if (after < this.#complete) {
        for await (const event of this.#older(after, signal)) {
          yield event
          after = event.sequence
          if (after >= this.#complete) break
        }
        if (after < this.#complete && !signal.aborted) throw notServed()
        if (signal.aborted) return
      }
      const next = this.#next(after)
      if (next !== undefined) {
        yield next
        after = next.sequence
      } else if (this.#ending !== undefined) throw this.#ending
      else await this.#changed(signal)
    }
  }

  close(): void {
    this.#stopper.abort()
    this.#end(notServed())
  }

  #next(after: number): FeedEvent | undefined {
    const events = this.#events
    const latest = events.at(-1)
    if (latest === undefined || latest.sequence <= after) return undefined
    let low = 0
    for (let high = events.length - 1; low < high; ) {
      const middle = (low + high) >> 1
      if ((events[middle]?.sequence ?? 0) > after) high = middle
      else low = middle + 1
    }
    return events[low]
  }

  async *#older(after: number, signal: Signal): AsyncGenerator<FeedEvent> {
    const from = revision(after + 1)
    for await (const batch of this.#options.engine.watch(this.#key, { from, signal })) yield this.#eventOf(batch)
  }

  async #run(): Promise<void> {
    const { engine, clock } = this.#options
    const { signal } = this.#stopper
    while (!signal.aborted && this.#ending === undefined) {
      try {
        for await (const batch of engine.watch(this.#key, { from: revision(this.#last + 1), signal })) this.#take(batch)
        // It ends of itself only with the engine.
        return this.#end(notServed())
      } catch (error) {
        if (!isCardumenError(error)) throw error
        if (error.code === 'closed' || error.code === 'object-unknown' || error.code === 'compacted')
          return this.#end(error)
        await sleep(clock, againMs, signal).catch(() => undefined)
      }
    }
  }

  #take(batch: WatchBatch): void {
    const event = this.#eventOf(batch)
    this.#events.push(event)
    this.#last = event.sequence
    if (this.#events.length > 2 * changesKeptMax) {
      this.#complete = this.#events[changesKeptMax - 1]?.sequence ?? this.#complete
      this.#events = this.#events.slice(changesKeptMax)
    }
    this.#tell()
  }

  /** @throws CardumenError `object-unknown` where the directory was destroyed. */
  #eventOf({ revision: sequence, changes }: WatchBatch): FeedEvent {
    const change = changes.findLast(({ key }) => key === this.#key)
    if (change?.kind !== 'put') throw unknownDirectory()
    return { sequence, changes: decodeHead(change.value).changes }
  }

  #end(error: CardumenError): void {
    this.#ending ??= error
    this.#tell()
  }

  #tell(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #changed(signal: Signal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    })
  }
}

/** So that watchers look for another server. */
function notServed(): CardumenError {
  return new CardumenError('address-unknown', 'The directory is not served here any more.')
}

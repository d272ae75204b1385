/**
 * The server's end of a stream: takes the handler's values no faster than the caller credits them, and no more in a
 * turn than its caller's share.
 *
 * It holds at most one value. When the caller goes away the handler's generator is returned, so its `finally` runs.
 * One of the last four events comes, once: so a generator that hangs keeps its place among the handlers that run.
 * The iterator may be written by hand, so no method of it is trusted to give a promise.
 */
import { BrokenInvariant } from '../../lib/assert.ts'

/** Undefined: the next value may be taken now; else once that resolves. It does not reject. */
export type TakePlace = () => Promise<void> | undefined

export interface PumpEvents {
  onItem(value: unknown): void
  onEnd(): void
  onError(error: unknown): void
  /** After `stop`: the generator has ended, however. */
  onStopped(): void
  /** An invariant of ours does not hold: this stops the member. */
  onBroken(error: BrokenInvariant): void
}

export class StreamPump {
  readonly #iterator: AsyncIterator<unknown>
  readonly #takePlace: TakePlace
  readonly #events: PumpEvents
  #room = 0
  #pumping = false
  #stopped = false

  constructor(iterable: AsyncIterable<unknown>, takePlace: TakePlace, events: PumpEvents) {
    this.#iterator = iterable[Symbol.asyncIterator]()
    this.#takePlace = takePlace
    this.#events = events
  }

  pull(count: number): void {
    this.#room += count
    if (!this.#pumping && !this.#stopped) void this.#pump()
  }

  /** Takes no more values. A generator in the middle of something ends when that does: its signal is there for it. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    void this.#return()
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch (error) {
      if (error instanceof BrokenInvariant) return this.#events.onBroken(error)
    }
    this.#tell(() => this.#events.onStopped())
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      while (this.#room > 0 && !this.#stopped) {
        const place = this.#takePlace()
        if (place !== undefined) await place
        if (this.#stopped) return
        const result = await this.#iterator.next()
        if (result.done === true) return this.#finish()
        if (this.#stopped) return
        this.#room--
        this.#events.onItem(result.value)
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#pumping = false
    }
  }

  #fail(error: unknown): void {
    if (error instanceof BrokenInvariant) {
      this.#stopped = true
      return this.#events.onBroken(error)
    }
    if (this.#stopped) return
    this.#stopped = true
    // The generator itself may be well: its value could not be sent.
    void this.#abandon()
    this.#tell(() => this.#events.onError(error))
  }

  /** Whatever the iterator says to it, the caller hears of the first error only. */
  async #abandon(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch (error) {
      if (error instanceof BrokenInvariant) this.#events.onBroken(error)
    }
  }

  /** Nobody awaits what runs here, so nothing may be thrown. */
  #tell(event: () => void): void {
    try {
      event()
    } catch (error) {
      if (!(error instanceof BrokenInvariant)) throw error
      this.#events.onBroken(error)
    }
  }

  #finish(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#events.onEnd()
  }
}

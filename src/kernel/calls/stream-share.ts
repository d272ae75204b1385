/**
 * What the streams of one caller may take of each turn of the event loop.
 *
 * One message may credit many items, and a caller may have a thousand streams, so counting messages bounds nothing here.
 * The streams of a caller take turns within its share; whoever finds it used up waits, first come first served, for a
 * later turn, and other callers are heard in between. Where a caller has one stream, a turn now and then is all it costs.
 * For a caller that does not read what was sent to it, nothing is made.
 */
import type { Clock } from '../../edges/clock.ts'

/** Items of all streams of one caller in a turn. */
export const itemsPerTurn = 64
/** So many bytes count as a further item. */
const bytesPerItem = 1_024
/** Until one looks again whether a caller has read. */
const backedUpMs = 4

export class StreamShare {
  readonly #clock: Clock
  readonly #isBackedUp: () => boolean
  /** One for each stream that waits, so bounded by the calls of a caller. */
  readonly #waiting: (() => void)[] = []
  #left = itemsPerTurn
  #isTurnDue = false

  /** `isBackedUp`: much waits to be sent to the caller. */
  constructor(clock: Clock, isBackedUp: () => boolean) {
    this.#clock = clock
    this.#isBackedUp = isBackedUp
  }

  /** Takes a place for one item: undefined, it is there at once; else it is there when the promise resolves. */
  take(): Promise<void> | undefined {
    if (this.#left > 0 && this.#waiting.length === 0 && !this.#isBackedUp()) {
      this.#left--
      return undefined
    }
    this.#turnSoon()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** The item that a place was taken for has so many bytes. */
  onSent(sizeBytes: number): void {
    this.#left -= Math.floor(sizeBytes / bytesPerItem)
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    if (this.#isBackedUp()) this.#clock.after(backedUpMs, () => this.#onTurn(), { background: true })
    else this.#clock.soon(() => this.#onTurn())
  }

  #onTurn(): void {
    this.#isTurnDue = false
    if (this.#isBackedUp()) return this.#turnSoon()
    this.#left = Math.max(0, itemsPerTurn - this.#waiting.length)
    for (const resume of this.#waiting.splice(0, itemsPerTurn)) resume()
    if (this.#waiting.length > 0) this.#turnSoon()
  }
}

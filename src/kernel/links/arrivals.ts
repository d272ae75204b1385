/**
 * Accepted connections on their way in, a few in each turn of the event loop.
 *
 * To accept one and refuse it costs as much as some calls, so a crowd at the door would hold up the links that stand.
 * The first of a turn comes in at once; where more wait than there is room for, the one that has waited longest is
 * turned away. While many of those that came in speak another language, they come in slower still: each costs a buffer,
 * which the collector stops the member for. It knows nothing of handshakes: `links.ts` says what becomes of a connection.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Connection } from '../../edges/network.ts'

/** Connections that are dealt with in one turn. */
const arrivalsPerTurn = 4
/** Connections that wait for theirs. */
const arrivalsMax = 256
/** Strangers that may speak another language at once before arrivals wait, and how many more in each second. */
export const strangeBurstMax = 64
export const strangePerSecondMax = 256

export interface ArrivalsOptions {
  readonly clock: Clock
  /** Whether there is room for it; it is turned away where there is none. */
  admit(connection: Connection): boolean
  onTurnedAway(): void
}

export class Arrivals {
  readonly #options: ArrivalsOptions
  readonly #waiting: Connection[] = []
  #leftInTurn = arrivalsPerTurn
  #isTurnDue = false
  #cancelWait: Cancel | undefined
  /** Strangers that are left, as of then; below nothing where more came in before the first was heard. */
  #strangersLeft = strangeBurstMax
  #strangersLeftAt = 0

  constructor(options: ArrivalsOptions) {
    this.#options = options
  }

  add(connection: Connection): void {
    if (this.#waiting.length === 0 && this.#leftInTurn > 0 && this.#waitMs() === 0) this.#admit(connection)
    else this.#waiting.push(connection)
    if (this.#waiting.length > arrivalsMax) this.#turnAway(this.#waiting.shift())
    this.#turnSoon()
  }

  /** One that came in speaks another language. */
  onStrange(): void {
    const now = this.#options.clock.now()
    this.#strangersLeft = this.#strangersLeftThen(now) - 1
    this.#strangersLeftAt = now
  }

  close(): void {
    this.#cancelWait?.()
    for (const connection of this.#waiting.splice(0)) this.#turnAway(connection)
  }

  #strangersLeftThen(now: number): number {
    const elapsedMs = now - this.#strangersLeftAt
    return Math.min(strangeBurstMax, this.#strangersLeft + (elapsedMs * strangePerSecondMax) / 1_000)
  }

  /** Until arrivals may come in; 0: now. */
  #waitMs(): number {
    const missing = 1 - this.#strangersLeftThen(this.#options.clock.now())
    return missing <= 0 ? 0 : (missing * 1_000) / strangePerSecondMax
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    const waitMs = this.#waitMs()
    if (waitMs === 0) this.#options.clock.soon(() => this.#onTurn())
    else this.#cancelWait = this.#options.clock.after(waitMs, () => this.#onTurn(), { background: true })
  }

  #onTurn(): void {
    this.#isTurnDue = false
    this.#leftInTurn = arrivalsPerTurn
    if (this.#waitMs() === 0) for (const connection of this.#waiting.splice(0, arrivalsPerTurn)) this.#admit(connection)
    if (this.#leftInTurn < arrivalsPerTurn || this.#waiting.length > 0) this.#turnSoon()
  }

  #admit(connection: Connection): void {
    this.#leftInTurn--
    if (!this.#options.admit(connection)) this.#turnAway(connection)
  }

  #turnAway(connection: Connection | undefined): void {
    this.#options.onTurnedAway()
    connection?.handle({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
    connection?.destroy()
  }
}

/**
 * The clock of one life: its local time, its timers, and what it puts off until the present turn is over.
 *
 * Timers wait for the local monotonic clock, so a drifting one is late or early for everybody else and right for
 * itself. What is put off runs at the same virtual time, in order, each as an event of its own: nothing is known of
 * the turn's end but that the timeline lets every promise settle between two events.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import { type Instant, instant } from '../../lib/identifiers.ts'
import { Fifo } from './fifo.ts'
import type { VirtualProcess } from './virtual-process.ts'

export class VirtualClock implements Clock {
  readonly #process: VirtualProcess
  /** One for each event that is to run one of them; all are run within the present moment, or dropped with the life. */
  readonly #soon = new Fifo<() => void>()

  constructor(process: VirtualProcess) {
    this.#process = process
  }

  now(): Instant {
    return instant(this.#process.localMs)
  }

  wallMs(): number {
    return Math.floor(this.#process.wallMs)
  }

  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Cancel {
    return this.#process.after(delayMs, run, options?.background === true)
  }

  soon(run: () => void): void {
    this.#soon.push(run)
    this.#process.post(this.#process.timeline.nowMs, this.#runSoon)
  }

  readonly #runSoon = (): void => {
    this.#soon.shift()?.()
  }
}

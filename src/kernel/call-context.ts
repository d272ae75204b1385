/**
 * What a handler is told of its call. The signal is made only for handlers that ask for it, and with it the timer of
 * the deadline: the caller cancels at the same time, but may be stopped or cut off.
 */
import type { Cancel, Clock } from '../edges/clock.ts'
import type { Address } from '../lib/identifiers.ts'
import { type Signal, type SignalSource, signalSource } from '../lib/signal.ts'
import type { Served } from '../protocols/rpc/messages.ts'
import type { CallContext } from './service.ts'

/** No timer is set for longer: some 24 days. */
export const timerMsMax = 2_147_483_647

export class ServedCall implements CallContext {
  readonly caller: Address
  readonly slot: number
  readonly sequence: number
  readonly object: number
  readonly remainingMs: number
  readonly #clock: Clock
  readonly #deadline: number
  #cancelDeadline: Cancel | undefined
  #source: SignalSource | undefined
  #aborted = false

  constructor(of: Served, object: number, deadline: number, clock: Clock) {
    this.caller = of.caller
    this.slot = of.slot
    this.sequence = of.sequence
    this.object = object
    this.remainingMs = deadline - clock.now()
    this.#deadline = deadline
    this.#clock = clock
  }

  get signal(): Signal {
    if (this.#source === undefined) {
      this.#source = signalSource()
      if (this.#aborted) this.#source.abort()
      else this.#watchDeadline()
    }
    return this.#source.signal
  }

  abort(): void {
    this.#aborted = true
    this.#source?.abort()
  }

  /** The handler has ended. */
  end(): void {
    this.#cancelDeadline?.()
  }

  #watchDeadline(): void {
    const leftMs = Math.max(0, this.#deadline - this.#clock.now())
    if (leftMs <= timerMsMax) this.#cancelDeadline = this.#clock.after(leftMs, () => this.abort(), { background: true })
  }
}

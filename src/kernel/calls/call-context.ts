/**
 * What a handler is told of its call. Capability and signal are made only for handlers that ask for them, and with the
 * signal the timer of the deadline: the caller cancels at the same time, but may be stopped or cut off.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import { assert } from '../../lib/assert.ts'
import type { Address } from '../../lib/identifiers.ts'
import { type Signal, type SignalSource, signalSource } from '../../lib/signal.ts'
import type { Served } from '../../protocols/rpc/messages.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { ServedService, Target } from './served-service.ts'
import type { CallContext } from '../service.ts'

/** No timer is set for longer: some 24 days. */
export const timerMsMax = 2_147_483_647

export class ServedCall implements CallContext {
  readonly caller: Address
  readonly slot: number
  readonly sequence: number
  readonly remainingMs: number
  #object = 0
  #rights = 0
  #target: Target | undefined
  #service: ServedService | undefined
  readonly #clock: Clock
  readonly #deadline: number
  #cancelDeadline: Cancel | undefined
  #source: SignalSource | undefined
  #aborted = false

  constructor(of: Served, deadline: number, clock: Clock) {
    this.caller = of.caller
    this.slot = of.slot
    this.sequence = of.sequence
    this.remainingMs = deadline - clock.now()
    this.#deadline = deadline
    this.#clock = clock
  }

  /** Before its handler runs. */
  admitted(target: Target, service: ServedService): void {
    this.#object = target.object
    this.#rights = target.rights
    this.#target = target
    this.#service = service
  }

  get object(): number {
    return this.#object
  }

  get rights(): number {
    return this.#rights
  }

  get capability(): Capability {
    const capability = this.#target && this.#service?.capabilityOf(this.#target)
    assert(capability !== undefined, 'a handler runs for a request that was admitted')
    return capability
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

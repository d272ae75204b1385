/**
 * A lease, as the engine and the thread that renews it know it.
 *
 * Nothing happens while renewals go through: when the last one was follows from the time. That is `isSteady`. Only when
 * something cuts the holder off does the engine note when it heard last and set an alarm.
 */
import type { Lease, LeaseId } from '../../edges/engine.ts'
import { renewalsPerTtl } from './bounds.ts'
import type { EngineClient } from './engine-world.ts'

export class LeaseRecord {
  readonly id: LeaseId
  readonly ttlMs: number
  readonly #client: EngineClient
  /** The holder has heard of it, and renews it. */
  isHeld = false
  isEnding = false
  /** At the engine. */
  isEnded = false
  /** Tells the holder, on the member. */
  onEnded: () => void = () => undefined
  #isSteady = false
  /** While steady: a renewal left then, and every third of `ttlMs` since. */
  #firstRenewalMs = 0
  /** Else: on the holder's clock, when the last one left that went through. */
  #renewedMonotonicMs = Number.NEGATIVE_INFINITY
  #cancelExpiry: () => void = () => undefined

  constructor(id: LeaseId, ttlMs: number, client: EngineClient) {
    this.id = id
    this.ttlMs = ttlMs
    this.#client = client
  }

  get periodMs(): number {
    return this.ttlMs / renewalsPerTtl
  }

  /** What the holder may believe as long as it was not told of the end: the engine may know better. */
  isLive(): boolean {
    return this.#isSteady || this.#client.monotonicNow() - this.#renewedMonotonicMs < this.ttlMs
  }

  /** A renewal that left then, by both clocks, went through. */
  onRenewed(sentMonotonicMs: number): void {
    this.#renewedMonotonicMs = Math.max(this.#renewedMonotonicMs, sentMonotonicMs)
  }

  /** And others will follow it. */
  becomeSteady(sentMs: number): void {
    this.#isSteady = true
    this.#firstRenewalMs = sentMs
    this.cancelExpiry()
  }

  /** Since when nothing was heard of the holder; undefined where that was settled earlier. */
  becomeUnsteady(nowMs: number): number | undefined {
    if (!this.#isSteady) return undefined
    this.#isSteady = false
    const sinceMs = this.sinceRenewalMs(nowMs)
    this.#renewedMonotonicMs = this.#client.monotonicNow() - sinceMs
    return nowMs - sinceMs
  }

  sinceRenewalMs(nowMs: number): number {
    return (nowMs - this.#firstRenewalMs) % this.periodMs
  }

  setExpiry(cancel: () => void): void {
    this.cancelExpiry()
    this.#cancelExpiry = cancel
  }

  cancelExpiry(): void {
    this.#cancelExpiry()
    this.#cancelExpiry = () => undefined
  }
}

/** The same as its holder sees it. */
export class VirtualLease implements Lease {
  readonly id: LeaseId
  readonly ended: Promise<void>
  readonly #record: LeaseRecord
  readonly #revoke: () => Promise<void>
  #resolveEnded: () => void = () => undefined
  #isEnded = false

  constructor(record: LeaseRecord, revoke: () => Promise<void>) {
    this.id = record.id
    this.#record = record
    this.#revoke = revoke
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  isLive(): boolean {
    return !this.#isEnded && this.#record.isLive()
  }

  revoke(): Promise<void> {
    return this.#isEnded ? Promise.resolve() : this.#revoke()
  }

  /** Called by its engine object. */
  end(): void {
    this.#isEnded = true
    this.#resolveEnded()
  }
}

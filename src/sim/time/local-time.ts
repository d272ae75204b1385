/**
 * The clocks of one life or of one member as a function of virtual time: a monotonic one and a wall clock, which may
 * run too fast or too slow, be off, and leap.
 *
 * Between two faults both clocks are straight lines, so nothing ticks. The monotonic one never goes back, whatever is
 * ordered; its origin means nothing. It knows no timers: those that wait for a local time are its owner's.
 */
import { assert } from '../../lib/assert.ts'

/** 2026-01-01T00:00:00Z: when every world begins, by the wall clock. */
const worldStartWallMs = 1_767_225_600_000

export class LocalTime {
  #rate = 1
  #anchorMs: number
  #monotonicMs: number
  #wallMs: number
  #wallOffsetMs = 0

  /** `originMs`: what the monotonic clock shows then. */
  constructor(bornMs: number, originMs: number) {
    this.#anchorMs = bornMs
    this.#monotonicMs = originMs
    this.#wallMs = worldStartWallMs + bornMs
  }

  monotonicAt(virtualMs: number): number {
    return this.#monotonicMs + (virtualMs - this.#anchorMs) * this.#rate
  }

  wallAt(virtualMs: number): number {
    return this.#wallMs + this.#wallOffsetMs + (virtualMs - this.#anchorMs) * this.#rate
  }

  /** The virtual time from which on the monotonic clock shows at least this. */
  virtualAt(monotonicMs: number): number {
    let virtualMs = this.#anchorMs + (monotonicMs - this.#monotonicMs) / this.#rate
    // What rounding took away is given back, else a timer would find that its time had not quite come.
    for (let step = 2 ** -42; this.monotonicAt(virtualMs) < monotonicMs; step *= 2) virtualMs += step
    return virtualMs
  }

  /** Faster by this share; above -1, and 0 is true. */
  setDrift(nowMs: number, rate: number): void {
    assert(rate > -1, 'a clock that drifts still runs forward')
    this.#anchor(nowMs)
    this.#rate = 1 + rate
  }

  setWallOffset(offsetMs: number): void {
    this.#wallOffsetMs = offsetMs
  }

  jumpWall(nowMs: number, jumpMs: number): void {
    this.#anchor(nowMs)
    this.#wallMs += jumpMs
  }

  jumpMonotonic(nowMs: number, jumpMs: number): void {
    assert(jumpMs >= 0, 'a monotonic clock leaps forward only')
    this.#anchor(nowMs)
    this.#monotonicMs += jumpMs
  }

  #anchor(nowMs: number): void {
    const monotonicMs = this.monotonicAt(nowMs)
    const wallMs = this.wallAt(nowMs) - this.#wallOffsetMs
    this.#anchorMs = nowMs
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }
}

/**
 * The monotonic clock of one virtual member, which a script may let run fast or slow, or leap forward.
 *
 * Machines have no other clock, so an offset or a leap of the wall clock changes nothing for them. The clock belongs to
 * the member, not to a life of it. It runs true again when a drift ends, but keeps what it has gained or lost.
 */
import type { ClockFault } from '../faults/script-runner.ts'

export class MemberClock {
  #rate = 1
  #sinceMs = 0
  #readMs = 0
  readonly #drifts = new Set<ClockFault & { kind: 'clock-drift' }>()

  /** What it shows at that virtual time, which is not before the last change. */
  readMs(nowMs: number): number {
    return this.#readMs + (nowMs - this.#sinceMs) * this.#rate
  }

  /**
   * The virtual time, from now on, at which it shows at least so much: never a hair too early by a rounding, or a
   * machine that waits for the rest of it would be woken at the same moment for ever.
   */
  whenShowsMs(shownMs: number, nowMs: number): number {
    const leftMs = shownMs - this.readMs(nowMs)
    if (leftMs <= 0) return nowMs
    const atMs = nowMs + leftMs / this.#rate
    return this.readMs(atMs) >= shownMs ? atMs : atMs * (1 + 2 ** -50) + 1e-6
  }

  /** False: nothing has changed for what waits on it. */
  change(fault: ClockFault, isOn: boolean, nowMs: number): boolean {
    switch (fault.kind) {
      case 'clock-offset':
        return false
      case 'clock-jump':
        if (!isOn || fault.monotonic !== true) return false
        this.#begin(nowMs, Math.max(0, fault.jumpMs))
        return true
      case 'clock-drift':
        this.#begin(nowMs, 0)
        if (isOn) this.#drifts.add(fault)
        else this.#drifts.delete(fault)
        this.#rate = 1 + ([...this.#drifts].at(-1)?.rate ?? 0)
        return true
    }
  }

  #begin(nowMs: number, leapMs: number): void {
    this.#readMs = this.readMs(nowMs) + leapMs
    this.#sinceMs = nowMs
  }
}

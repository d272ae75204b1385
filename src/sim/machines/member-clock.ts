/**
 * The monotonic clock of one virtual member, which a script may let run fast or slow, or leap forward.
 *
 * Machines have no other clock, so an offset or a leap of the wall clock changes nothing for them. The clock belongs to
 * the member, not to a life of it. It runs true again when a drift ends, but keeps what it has gained or lost.
 */
import type { ClockFault } from '../faults/script-runner.ts'
import { LocalTime } from '../time/local-time.ts'

export class MemberClock {
  readonly #time = new LocalTime(0, 0)
  readonly #drifts = new Set<ClockFault & { kind: 'clock-drift' }>()

  /** What it shows at that virtual time, which is not before the last change. */
  readMs(nowMs: number): number {
    return this.#time.monotonicAt(nowMs)
  }

  /** The virtual time, from now on, at which it shows at least so much. */
  whenShowsMs(shownMs: number, nowMs: number): number {
    return Math.max(nowMs, this.#time.virtualAt(shownMs))
  }

  /** False: nothing has changed for what waits on it. */
  change(fault: ClockFault, isOn: boolean, nowMs: number): boolean {
    switch (fault.kind) {
      case 'clock-offset':
        return false
      case 'clock-jump':
        if (!isOn || fault.monotonic !== true) return false
        this.#time.jumpMonotonic(nowMs, Math.max(0, fault.jumpMs))
        return true
      case 'clock-drift':
        if (isOn) this.#drifts.add(fault)
        else this.#drifts.delete(fault)
        this.#time.setDrift(nowMs, [...this.#drifts].at(-1)?.rate ?? 0)
        return true
    }
  }
}

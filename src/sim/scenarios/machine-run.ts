/**
 * What every run of a machine in its world has in common: how it is played, and what is reported of it.
 */
import type { FaultCounts } from '../faults/script-runner.ts'
import type { Report, Violation } from '../scenario.ts'

/** A machine that throws has broken its own invariant: that is what was looked for. */
export function played(play: () => void, violated: (claim: 'invariant', text: string) => void): void {
  try {
    play()
  } catch (error) {
    violated('invariant', String(error))
  }
}

export interface PlayedWorld {
  readonly nowMs: number
  readonly counts: { readonly events: number }
  readonly faults: FaultCounts
  readonly digest: string
}

export function reportOf(world: PlayedWorld, violations: readonly Violation[], checked: number): Report {
  const { nowMs, counts, faults, digest } = world
  return { violations, virtualMs: nowMs, events: counts.events, checked, faults, digest }
}

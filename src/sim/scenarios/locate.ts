/**
 * Looking for ports (locate) on two to eight members, which serve and withdraw them under whatever faults the plan has.
 */
import type { Scenario } from '../scenario.ts'
import { type LocateOptions, LocateRun } from './locate-run.ts'

export const locatePorts: Scenario = locateScenario({})

/** With something else in it: a machine that is wrong on purpose, or no work. */
export function locateScenario(options: LocateOptions): Scenario {
  return {
    name: 'locate',
    about: 'a port is found where it was served, every question is answered once, and in peace every answer is true',
    members: { min: 2, usual: 4, max: 8 },
    durationMs: 5_000,
    faultKinds: [
      ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
      ...(['crash', 'pause', 'slow', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
    ],
    // In a promise, so that what the plan makes impossible rejects.
    run: (plan, { onTrace }) =>
      Promise.resolve().then(() => {
        const run = new LocateRun(plan, { ...options, ...(onTrace === undefined ? {} : { onTrace }) })
        run.play()
        return run.report()
      }),
  }
}

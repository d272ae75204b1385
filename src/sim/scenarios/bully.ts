/**
 * Election by bullying on two to eight members, under whatever faults of network, members, clocks and disks the plan has.
 */
import type { Scenario } from '../scenario.ts'
import { type BullyOptions, BullyRun } from './bully-run.ts'

export const bully: Scenario = bullyScenario({})

/** With something else in it: a machine that is wrong on purpose, or no work. */
export function bullyScenario(options: BullyOptions): Scenario {
  return {
    name: 'bully',
    about: 'each epoch has one leader and is never taken again, and in peace all follow the highest that is alive',
    members: { min: 2, usual: 4, max: 8 },
    durationMs: 8_000,
    faultKinds: [
      ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
      ...(['crash', 'pause', 'slow', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
      ...(['disk-full', 'torn-write', 'bit-flip', 'sync-failure'] as const),
    ],
    // In a promise, so that what the plan makes impossible rejects.
    run: (plan, { onTrace }) =>
      Promise.resolve().then(() => {
        const run = new BullyRun(plan, { ...options, ...(onTrace === undefined ? {} : { onTrace }) })
        run.play()
        return run.report()
      }),
  }
}

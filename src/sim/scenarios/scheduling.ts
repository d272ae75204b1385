/**
 * The scheduler's machine on one to eight computers, each with a rule, cores and tasks of its own, all drawn from the seed.
 */
import type { Scenario } from '../scenario.ts'
import { type SchedulingOptions, SchedulingRun } from './scheduling-run.ts'

export const schedulingScenario: Scenario = schedulingScenarioWith({})

/** With something else in it: a machine that is wrong on purpose. */
export function schedulingScenarioWith(options: SchedulingOptions): Scenario {
  return {
    name: 'scheduling',
    about:
      'no core is idle while a task is ready, the urgent go first, turns end, and nobody starves where that is promised',
    members: { min: 1, usual: 3, max: 8 },
    durationMs: 2_000,
    faultKinds: ['crash', 'clock-offset', 'clock-drift', 'clock-jump'],
    // In a promise, so that what the plan makes impossible rejects.
    run: (plan, { onTrace }) =>
      Promise.resolve().then(() => {
        const run = new SchedulingRun(plan, { ...options, ...(onTrace === undefined ? {} : { onTrace }) })
        run.play()
        return run.report()
      }),
  }
}

/**
 * The token ring (mutex) on two to eight members: programs enter under whatever faults the plan has, and use a store.
 */
import type { Scenario } from '../scenario.ts'
import { type TokenRingOptions, TokenRingRun } from './token-ring-run.ts'

export const tokenRing: Scenario = tokenRingScenario({})

/** With something else in it: a machine that is wrong on purpose, or no work. */
export function tokenRingScenario(options: TokenRingOptions): Scenario {
  return {
    name: 'token-ring',
    about: 'entries of one token exclude each other, fencing tokens keep those of two apart, and everybody gets in',
    members: { min: 2, usual: 4, max: 8 },
    durationMs: 6_000,
    faultKinds: [
      ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
      ...(['crash', 'pause', 'slow', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
    ],
    // In a promise, so that what the plan makes impossible rejects.
    run: (plan, { onTrace }) =>
      Promise.resolve().then(() => {
        const run = new TokenRingRun(plan, { ...options, ...(onTrace === undefined ? {} : { onTrace }) })
        run.play()
        return run.report()
      }),
  }
}

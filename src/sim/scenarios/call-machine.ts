/**
 * The call machine (rpc) on two to eight members: random programs call each other under whatever faults the plan has.
 */
import type { Scenario } from '../scenario.ts'
import { runCalls } from './call-machine-run.ts'

export const callMachine: Scenario = {
  name: 'call-machine',
  about: 'calls run at most once, end by their deadlines, say truthfully whether they ran, and leave nothing behind',
  members: { min: 2, usual: 4, max: 8 },
  durationMs: 4_000,
  faultKinds: [
    ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
    ...(['crash', 'pause', 'slow', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
  ],
  // In a promise, so that what the plan makes impossible rejects.
  run: (plan, { onTrace }) => Promise.resolve().then(() => runCalls(plan, onTrace).report),
}

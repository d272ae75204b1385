/** The scheduler's machine under faults, and that each of its claims can fail. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { ruleNames } from '../../protocols/scheduling/messages.ts'
import type { Scheduling } from '../../protocols/scheduling/scheduling.ts'
import { only } from './fixtures/only.ts'
import * as broken from './fixtures/scheduling-broken.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { schedulingScenario, schedulingScenarioWith } from './scheduling.ts'

const cases: readonly (readonly [what: string, claim: string, machine: Scheduling, seedsMax: number])[] = [
  ['lets turns go on for ever', 'no-starvation', broken.neverSlices, 100],
  ['slices time above the threshold', 'not-sliced', broken.slicesEverybody, 200],
  ['lets the urgent wait', 'urgent-first', broken.neverPreempts, 100],
  ['runs a task on two cores', 'one-core-a-task', broken.runsItTwice, 20],
  ['forgets who wakes', 'progress', broken.forgetsTheWoken, 20],
  ['leaves a core idle while somebody waits', 'work-conserving', broken.saysTooLittle, 20],
]

describe('scheduling', () => {
  it('keeps its promises by every rule, whatever happens to the computers', async () => {
    const met = new Map<string, number>()
    await assertHolds(schedulingScenarioWith({ met }), 300)
    assertMet(met, [...ruleNames, 'run', 'idle', 'refused'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(schedulingScenario))
})

describe('the scenario finds a scheduler that', () => {
  for (const [what, claim, machine, seedsMax] of cases)
    it(`${what} (${claim})`, () => assertFound(only(schedulingScenarioWith({ machine }), claim), [claim], seedsMax))
})

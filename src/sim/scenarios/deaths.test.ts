/** Deaths for good, after all other faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { deaths, deathsScenario } from './deaths.ts'
import { assertFound, assertHolds, assertRepeats } from './fixtures/swarm.ts'

describe('the death of a member for good', () => {
  it('is noticed by all others, and ends every call to it', () => assertHolds(deaths, 40))
  it('goes the same way in two runs of one seed', () => assertRepeats(deaths))

  it('is found unnoticed where the member lives on', () =>
    assertFound(deathsScenario('spared'), ['death-noticed', 'call-ends'], 3))
})

/** Members that come and go and enter and leave names, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { namesScenario, nameTables } from './names.ts'

describe('what members know of each other and of names', () => {
  it('is never invented, and the same for all once faults are over', async () => {
    const counts = new Map<string, number>()
    await assertHolds(namesScenario('right', counts), 60)
    assertMet(counts, ['enter', 'leave', 'look', 'call'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(nameTables))

  it('is found wrong where a member forgets to leave a name', () =>
    assertFound(namesScenario('forgets-to-leave'), ['agreement'], 3))
  it('is found wrong where a server says that it is another', () =>
    assertFound(namesScenario('wrong-address'), ['names'], 3))
})

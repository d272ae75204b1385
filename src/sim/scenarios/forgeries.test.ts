/** Forged capabilities. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertFound, assertHolds, assertRepeats } from './fixtures/swarm.ts'
import { forgeries, forgeriesScenario } from './forgeries.ts'

describe('a forged capability', () => {
  it('is refused before anything runs', () => assertHolds(forgeries, 40))
  it('is refused in the same way in two runs of one seed', () => assertRepeats(forgeries))

  it('is found opening something where it is no forgery', () =>
    assertFound(forgeriesScenario('given'), ['capability'], 3))
})

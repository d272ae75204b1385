/** A register that two members serve, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { register, registerScenario } from './register.ts'

describe('a register that two members serve from the engine', () => {
  it('is linearizable under every fault', async () => {
    const counts = new Map<string, number>()
    await assertHolds(registerScenario('right', counts), 50)
    assertMet(counts, ['read', 'write', 'cas'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(register))

  it('is found broken where a server answers from memory', () =>
    assertFound(registerScenario('stale'), ['linearizable'], 5))
  it('is found broken where a compare-and-set looks first and writes then', () =>
    assertFound(registerScenario('careless-cas'), ['linearizable'], 20))
})

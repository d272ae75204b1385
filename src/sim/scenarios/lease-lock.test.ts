/** A lock under a lease with a fenced store, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { leaseLock, leaseLockScenario } from './lease-lock.ts'

describe('a lock under a lease with a store that fences it', () => {
  it('lets no stale holder write, whatever it believes', async () => {
    const counts = new Map<string, number>()
    await assertHolds(leaseLockScenario('right', counts), 60)
    assertMet(counts, ['acquired', 'accepted', 'refused'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(leaseLock))

  it('is found broken where the store accepts every token', () =>
    assertFound(leaseLockScenario('unfenced'), ['exclusion'], 40))
  it('is found broken where the store looks first and writes then', () =>
    assertFound(leaseLockScenario('reads-then-writes'), ['exclusion'], 300))
  it('is found broken where holders make up tokens of their own', () =>
    assertFound(leaseLockScenario('own-token'), ['exclusion'], 3))
})

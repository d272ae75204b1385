/** A server with a kept identity that moves, dies and is replaced under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { moving, movingScenario } from './moving.ts'

describe('a server that moves', () => {
  it('is one server to all, refuses what was revoked anywhere, and loses no caller', async () => {
    const counts = new Map<string, number>()
    await assertHolds(movingScenario(counts), 60)
    const met = ['answered', 'served', 'moved', 'revoked', 'posed', 'port-taken', 'capability-revoked']
    assertMet(counts, met)
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(moving))
})

/** Capabilities that are narrowed and revoked while their server moves and dies. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { revoking, revokingScenario } from './revoking.ts'

describe('capabilities that are narrowed, given on and revoked', () => {
  it('allow what they say and no more, and nothing once their revocation was acknowledged', async () => {
    const counts = new Map<string, number>()
    await assertHolds(revokingScenario(counts), 40)
    const narrowed = ['rights', 'operations', 'expiry', 'holder', 'nothing'].map((kind) => `narrowed ${kind}`)
    const refused = ['capability-revoked', 'capability-expired', 'capability-refused', 'right-missing']
    const revoked = ['revoked', 'revoked by name', 'generation revoked']
    assertMet(counts, ['accepted', 'moved', 'restarted', ...narrowed, ...refused, ...revoked])
  })

  it('go the same way in two runs of one seed', () => assertRepeats(revoking))
})

/** Election by bullying under faults, and that each of its claims can fail. SEEDS=5000 runs so many seeds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Bully, BullyRun } from './bully-run.ts'
import { bully, bullyScenario } from './bully.ts'
import * as broken from './fixtures/bully-broken.ts'
import { only } from './fixtures/only.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'

const cases: readonly (readonly [what: string, claim: string, machine: Bully, seedsMax: number])[] = [
  ['leads in an epoch that is not on its disk', 'persisted-first', broken.neverWrites, 5],
  ['takes epochs of others', 'one-leader-per-epoch', broken.takesForeignEpochs, 200],
  ['forgets which epochs it took', 'epochs-grow', broken.forgetsItsRecords, 200],
  ['follows a leader of an older epoch', 'stale-leader', broken.believesTheStale, 200],
  ['says only once that it leads', 'calm', broken.neverRepeatsItself, 200],
  ['follows whoever ranks below it', 'invariant', broken.followsAnybody, 50],
  ['does not wait for whoever has answered', 'highest-leads', broken.ignoresAnswers, 50],
]

describe('election by bullying', () => {
  it('keeps its promises under every fault', async () => {
    const outcomes = new Map<string, number>()
    await assertHolds(bullyScenario({ outcomes }), 400)
    assertMet(outcomes, ['elected', 'deposed', 'led', 'claim-failed'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(bully))

  it('costs no more memory after an hour in which nothing happens than after a minute', () => {
    const [minute, hour] = [60_000, 3_600_000].map((quietMs) => {
      const run = new BullyRun({ seed: 3, members: 4, durationMs: 1_000, faults: [] }, { suspicions: 0, quietMs })
      run.play()
      assert.deepEqual(run.report().violations, [])
      return run.sizes
    })
    assert.ok((hour?.agenda ?? 99) <= 8, `${hour?.agenda} things are still to happen`)
    assert.equal(hour?.states, minute?.states)
  })
})

describe('the scenario finds an election that', () => {
  for (const [what, claim, machine, seedsMax] of cases)
    it(`${what} (${claim})`, () => assertFound(only(bullyScenario({ machine }), claim), [claim], seedsMax))
})

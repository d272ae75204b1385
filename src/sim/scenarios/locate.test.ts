/** Looking for ports under faults, and that each claim about it can fail. SEEDS=5000 runs so many seeds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as broken from './fixtures/locate-broken.ts'
import { only } from './fixtures/only.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { type Locate, LocateRun } from './locate-run.ts'
import { locatePorts, locateScenario } from './locate.ts'

const cases: readonly (readonly [what: string, claim: string, machine: Locate, seedsMax: number])[] = [
  ['claims to be where every port is', 'located', broken.claimsEveryPort, 5],
  ['takes the answer to an earlier search for this one’s', 'located', broken.believesOldAnswers, 2_000],
  ['never asks one of its peers', 'calm', broken.leavesOneOut, 20],
  ['remembers what was withdrawn', 'remembered', broken.remembersTheWithdrawn, 50],
  ['insists on a place that proved wrong', 'calm', broken.insists, 100],
  ['asks each of its peers once only', 'calm', broken.asksOnce, 20],
  ['answers twice', 'answered-once', broken.answersTwice, 5],
  ['waits for an answer for ever', 'progress', broken.waitsForEver, 5],
  ['remembers without bound', 'invariant', broken.remembersWithoutBound, 50],
]

describe('looking for ports', () => {
  it('keeps its promises under every fault', async () => {
    const outcomes = new Map<string, number>()
    await assertHolds(locateScenario({ outcomes }), 400)
    assertMet(outcomes, ['located', 'not-found', 'not-asked', 'refused'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(locatePorts))

  it('costs no more memory after an hour in which nobody asks than after a minute', () => {
    const [minute, hour] = [60_000, 3_600_000].map((quietMs) => {
      const run = new LocateRun({ seed: 3, members: 4, durationMs: 1_000, faults: [] }, { questions: 50, quietMs })
      run.play()
      assert.deepEqual(run.report().violations, [])
      return run.sizes
    })
    assert.equal(hour?.agenda, 0)
    assert.equal(hour?.states, minute?.states)
  })
})

describe('the scenario finds a search that', () => {
  for (const [what, claim, machine, seedsMax] of cases)
    it(`${what} (${claim})`, () => assertFound(only(locateScenario({ machine }), claim), [claim], seedsMax))
})

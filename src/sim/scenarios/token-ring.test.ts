/** The token ring under faults, and that each of its claims can fail. SEEDS=5000 runs so many seeds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { only } from './fixtures/only.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import * as broken from './fixtures/token-ring-broken.ts'
import { type TokenRingOptions, TokenRingRun } from './token-ring-run.ts'
import { tokenRing, tokenRingScenario } from './token-ring.ts'

const cases: readonly (readonly [what: string, claim: string, options: TokenRingOptions, seedsMax: number])[] = [
  ['takes a copy of the token for the token', 'one-holder', { machine: broken.takesCopies }, 50],
  ['lets somebody in without the token', 'exclusion', { machine: broken.entersWithoutToken }, 20],
  ['lets the same wish in twice', 'entered-once', { machine: broken.entersWithoutToken }, 20],
  ['gives the same fencing token twice', 'fencing-grows', { machine: broken.repeatsFencingTokens }, 20],
  ['has a store that compares no fencing tokens', 'no-lost-update', { isFenced: false }, 200],
  ['does not send the token again', 'progress', { machine: broken.neverSendsAgain }, 50],
  ['lets its own in first', 'fairness', { machine: broken.keepsTheTokenAtHome }, 100],
  ['takes silence for the loss of the token', 'token-kept', { machine: broken.givesUpSoon }, 50],
  ['makes tokens by itself', 'generation-given', { machine: broken.makesTokensByItself }, 5],
  ['makes no third token after the second has died', 'token-current', { machine: broken.makesNoThirdToken }, 200],
  ['lets wishes wait without bound', 'invariant', { machine: broken.waitsWithoutBound }, 50],
]

describe('the token ring', () => {
  it('keeps its promises under every fault', async () => {
    const outcomes = new Map<string, number>()
    await assertHolds(tokenRingScenario({ outcomes }), 150)
    assertMet(outcomes, ['entered', 'left', 'overtaken', 'lost', 'refused'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(tokenRing))

  it('costs no more memory after an hour in which nobody enters than after a minute', () => {
    const [minute, hour] = [60_000, 3_600_000].map((quietMs) => {
      const run = new TokenRingRun({ seed: 3, members: 4, durationMs: 1_000, faults: [] }, { wishes: 0, quietMs })
      run.play()
      assert.deepEqual(run.report().violations, [])
      return run.sizes
    })
    assert.ok((hour?.agenda ?? 99) <= 8, `${hour?.agenda} things are still to happen`)
    assert.equal(hour?.states, minute?.states)
  })
})

describe('the scenario finds a token ring that', () => {
  for (const [what, claim, options, seedsMax] of cases)
    it(`${what} (${claim})`, () => assertFound(only(tokenRingScenario(options), claim), [claim], seedsMax))
})

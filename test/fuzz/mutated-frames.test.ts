/**
 * A million mutated inputs, the same in each run: whatever bytes come in, they are read or refused, and harm nothing.
 *
 * The seed decides all of them. `npm run fuzz` goes on from here, guided by coverage, for as long as it is let.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Campaign, failureText } from '../../scripts/fuzz/campaign.ts'
import type { Target } from '../../scripts/fuzz/target.ts'
import { callsTarget } from '../../scripts/fuzz/calls-target.ts'
import { capabilitiesTarget } from '../../scripts/fuzz/capabilities-target.ts'
import { codecTarget } from '../../scripts/fuzz/codec-target.ts'
import { cellsTarget, framesTarget } from '../../scripts/fuzz/frames-target.ts'
import { handshakeTarget } from '../../scripts/fuzz/handshake-target.ts'
import { locateTarget } from '../../scripts/fuzz/locate-target.ts'

const seed = 4
const facts: readonly (readonly [fact: string, target: Target, inputs: number])[] = [
  ['mutated values are refused, or are plain data that can travel again', codecTarget, 310_000],
  ['mutated capabilities are refused, or say what they said and show no secret', capabilitiesTarget, 220_000],
  ['mutated streams of frames read the same however they are cut into chunks', framesTarget, 225_000],
  ['mutated messages in cells are put together the same however they are cut', cellsTarget, 15_000],
  ['mutated handshakes prove nobody without a signature, and end', handshakeTarget, 80_000],
  ['mutated calls reach handlers as plain data, and each is answered once', callsTarget, 100_000],
  ['mutated searches find no port without a proof, and are answered at most once', locateTarget, 50_000],
]

for (const [fact, target, inputs] of facts) {
  it(`${inputs.toLocaleString('en')} ${fact}`, async (context) => {
    context.diagnostic(`target ${target.name}, seed ${seed}`)
    const campaign = new Campaign(target, seed)
    const failure = (await campaign.runSeeds()) ?? (await campaign.runMutated(inputs))
    assert.equal(failure && failureText(failure), undefined)
    assert.equal(campaign.inputs, inputs)
  })
}

it('these are a million', () =>
  assert.equal(
    facts.reduce((sum, [, , inputs]) => sum + inputs, 0),
    1_000_000,
  ))

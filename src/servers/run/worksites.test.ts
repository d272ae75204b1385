/** Which member suits a call best. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { seededRandom } from '../../lib/random.ts'
import { doubt, mostSuitable, type Worksite } from './worksites.ts'

const site = (name: string, suitability: number, isHandy = false, siteDoubt: number = doubt.none) =>
  ({
    address: address(memberId(name), incarnation(1)),
    suitability: () => suitability,
    isHandy,
    doubt: siteDoubt,
  }) as unknown as Worksite

const random = seededRandom(1)
const chosenOf = (sites: readonly Worksite[], avoided?: ReadonlySet<Worksite['address']>): Set<string> =>
  new Set(Array.from({ length: 200 }, () => mostSuitable(sites, 'm', random, avoided)?.address ?? 'none'))

describe('the choice of a member', () => {
  it('is the one that suits best where no other comes near', () => {
    assert.deepEqual(chosenOf([site('a', 10), site('b', 30), site('c', 20)]), new Set(['b#1']))
  })

  it('is any of those near the best, in whatever order they come', () => {
    const near = [site('a', 95), site('b', 100), site('c', 50), site('d', 99)]
    const expected = new Set(['a#1', 'b#1', 'd#1'])
    assert.deepEqual(chosenOf(near), expected)
    assert.deepEqual(chosenOf(near.toReversed()), expected)
  })

  it('is, of those near the best, one that a message leaves for anyway', () => {
    const near = [site('a', 95), site('b', 91, true), site('c', 100), site('d', 96, true), site('e', 50, true)]
    const expected = new Set(['b#1', 'd#1'])
    assert.deepEqual(chosenOf(near), expected)
    assert.deepEqual(chosenOf(near.toReversed()), expected)
  })

  it('is none of those to avoid, and none where that leaves none', () => {
    const sites = [site('a', 10), site('b', 30)]
    assert.deepEqual(chosenOf(sites, new Set([sites[1]!.address])), new Set(['a#1']))
    assert.deepEqual(chosenOf(sites, new Set(sites.map((each) => each.address))), new Set(['none']))
  })

  it('is one that has said what it can do before one that has not, and a silent one last', () => {
    const known = site('known', 1)
    const unknown = site('unknown', 1_000, true, doubt.unknown)
    const silent = site('silent', 2_000, true, doubt.silent)
    for (const sites of [
      [silent, unknown, known],
      [known, unknown, silent],
    ]) {
      assert.deepEqual(chosenOf(sites), new Set(['known#1']))
      assert.deepEqual(chosenOf(sites, new Set([known.address])), new Set(['unknown#1']))
      assert.deepEqual(chosenOf(sites, new Set([known.address, unknown.address])), new Set(['silent#1']))
    }
  })
})

/** When a link carries what, and when a try that failed comes again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { usualNetwork } from '../faults/network-options.ts'
import { NetworkConditions } from '../faults/network-conditions.ts'
import { seededRandom } from '../../lib/random.ts'
import { nextTryAtMs, VirtualLink } from './virtual-network-link.ts'

describe('sending again what nobody answered', () => {
  it('happens after 200, 600, 1,400 and 3,000 ms', () => {
    const moments = [0]
    for (let count = 0; count < 4; count++) moments.push(nextTryAtMs(0, moments.at(-1) ?? 0))
    assert.deepEqual(moments, [0, 200, 600, 1_400, 3_000])
  })

  // Found by seed 6 of the scenario `calls`: at 425.15…, say, first + 600 - first is a little less than 600.
  it('is always later than now, also where now was the moment of a try before', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 1, max: 12 }), (firstMs, tries) => {
        let nowMs = firstMs
        for (let count = 0; count < tries; count++) {
          const atMs = nextTryAtMs(firstMs, nowMs)
          assert.ok(atMs > nowMs && atMs - nowMs <= 3_201, `${atMs} after ${nowMs}`)
          nowMs = atMs
        }
      }),
    )
  })
})

describe('a link that was narrow', () => {
  // Found by seed 2872 of the scenario `calls`: a quarter of a mebibyte held the link up for minutes after the fault.
  it('carries what is under way at its new width once it is wide again', () => {
    const conditions = new NetworkConditions({ ...usualNetwork, bytesPerMs: 1_000 }, ['m1', 'm2'])
    const link = new VirtualLink('m1', 'm2', conditions, seededRandom(1))
    const fault = { kind: 'bandwidth', atMs: 0, bytesPerMs: 1 } as const
    conditions.apply(fault)
    assert.ok(link.send(100_000, 0) >= 100_000)
    conditions.lift(fault)
    assert.equal(link.widen(10_000), 1 / 1_000)
    assert.ok(link.send(0, 10_000) < 11_000)
  })
})

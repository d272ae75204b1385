/** Parcels: what is packed comes out again, and nothing else does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packParcels, parcel, unpackParcels } from './parcels.ts'

const three = [
  parcel(7, 1, new Uint8Array([1, 2, 3])),
  parcel(0xffff_ffff, 0),
  parcel(0, 2, new Uint8Array(70_000).fill(9)),
]

describe('parcels', () => {
  it('come out as they were packed, in order', () => {
    assert.deepEqual(unpackParcels(packParcels(three)), three)
  })

  it('can lie anywhere within a larger buffer', () => {
    const packed = packParcels(three)
    const larger = new Uint8Array(packed.length + 5)
    larger.set(packed, 3)
    assert.deepEqual(unpackParcels(larger.subarray(3, 3 + packed.length)), three)
  })

  it('of nothing are no bytes', () => {
    assert.equal(packParcels([]).length, 0)
    assert.deepEqual(unpackParcels(new Uint8Array(0)), [])
  })

  for (const cutBytes of [1, 11, 12, 14, 26, 30, 70_000]) {
    it(`that end after ${cutBytes} bytes are refused`, () => {
      const whole = packParcels(three).subarray(0, cutBytes)
      assert.throws(() => unpackParcels(whole), { code: 'frame-refused' })
    })
  }
})

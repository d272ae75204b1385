/** What was verified is found by all of its bytes; the number that it is looked up by decides nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOfSelector } from '../calls/selector.ts'
import { VerifiedCache } from './verified-cache.ts'

const selectorBytes = 80

/** As `selector.ts` writes them: the length, what is shown, the operation. */
function selectorWith(fill: number, end: number): Uint8Array {
  const bytes = new Uint8Array(2 + selectorBytes + 1).fill(fill)
  new DataView(bytes.buffer).setUint16(0, selectorBytes)
  new DataView(bytes.buffer).setUint32(2 + selectorBytes - 4, end)
  bytes[bytes.length - 1] = 0x61
  return bytes
}

describe('what was verified', () => {
  it('is not found by other bytes that have the same number', () => {
    const cache = new VerifiedCache()
    const [known, forged] = [selectorWith(1, 7), selectorWith(2, 7)]
    assert.equal(keyOfSelector(known), keyOfSelector(forged))
    const entry = { selector: known, object: 1 }
    cache.add(entry)
    assert.equal(cache.find(known.slice()), entry)
    assert.equal(cache.find(forged), undefined)
  })

  it('is found by no prefix and no continuation of its bytes', () => {
    const cache = new VerifiedCache()
    const known = selectorWith(1, 7)
    cache.add({ selector: known, object: 1 })
    assert.equal(cache.find(known.slice(0, -1)), undefined)
    assert.equal(cache.find(Uint8Array.of(...known, 0)), undefined)
  })

  it('is forgotten with its object, and of no other', () => {
    const cache = new VerifiedCache()
    for (const object of [1, 2]) cache.add({ selector: selectorWith(object, object), object })
    cache.drop(1)
    assert.equal(cache.find(selectorWith(1, 1)), undefined)
    assert.equal(cache.find(selectorWith(2, 2))?.object, 2)
  })

  it('is kept up to its bound, past which the oldest goes', () => {
    const cache = new VerifiedCache()
    for (let end = 0; end <= 16_384; end++) cache.add({ selector: selectorWith(1, end), object: end })
    assert.equal(cache.size, 16_384)
    assert.equal(cache.find(selectorWith(1, 0)), undefined)
    assert.equal(cache.find(selectorWith(1, 16_384))?.object, 16_384)
  })
})

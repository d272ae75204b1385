/** Bytes and what they are turned into: nothing is lost on the way there and back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromHex, packBytes, toHex, unpackBytes } from './bytes.ts'

describe('bytes', () => {
  it('come back from their hexadecimal digits', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)))
  })

  it('come back as they were packed, a character for each', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000, size: 'max' }), (bytes) => {
        const packed = packBytes(bytes)
        assert.equal(packed.length, bytes.length)
        assert.deepEqual(unpackBytes(packed), bytes)
      }),
    )
  })
})

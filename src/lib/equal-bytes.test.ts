/** Bytes are compared in a time that says nothing of where they differ: all are read, whatever the first ones say. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { equalBytes, toHex } from './bytes.ts'

/** Bytes that count how often one of them is read. */
function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly reads: () => number } {
  let reads = 0
  const watched = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++
      return Reflect.get(target, key, target) as unknown
    },
  })
  return { bytes: watched, reads: () => reads }
}

describe('equal bytes', () => {
  it('are those of the same length that are the same everywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (left, right) => {
        assert.equal(equalBytes(left, right), toHex(left) === toHex(right))
        assert.ok(equalBytes(left, left.slice()))
      }),
    )
  })

  it('are looked for in every byte, wherever the first difference is', () => {
    const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 7)
    for (let at = -1; at < secret.length; at++) {
      const other = secret.slice()
      if (at >= 0) other[at] = ~(other[at] ?? 0) & 0xff
      const { bytes, reads } = counted(other)
      assert.equal(equalBytes(secret, bytes), at < 0)
      assert.equal(reads(), secret.length)
    }
  })
})

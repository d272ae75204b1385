/** The keyed hash of ours beside the HMAC of Node. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { it } from 'node:test'
import fc from 'fast-check'
import { keyedHash, keyedHashOf } from './keyed-hash.ts'

it('a keyed hash is HMAC-SHA-256, whatever was hashed before it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(fc.uint8Array({ maxLength: 200, size: 'max' })),
      (key, parts) => {
        const expected = createHmac('sha256', key).update(Buffer.concat(parts)).digest('hex')
        assert.equal(Buffer.from(keyedHash(key, parts)).toString('hex'), expected)
        const kept = keyedHashOf(key)
        for (let use = 0; use < 2; use++) assert.equal(Buffer.from(kept(parts)).toString('hex'), expected)
      },
    ),
    { numRuns: 500 },
  )
})

it('a key of another length is refused', () => {
  assert.throws(() => keyedHash(new Uint8Array(31), []))
  assert.throws(() => keyedHashOf(new Uint8Array(33)))
})

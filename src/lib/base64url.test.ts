/** Bytes as text: as others write them, and in one way only. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { fromBase64Url, toBase64Url } from './base64url.ts'

const bytes = fc.uint8Array({ maxLength: 200, size: 'max' })
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

it('bytes are written as Node writes them, and read back', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      assert.equal(toBase64Url(given), Buffer.from(given).toString('base64url'))
      assert.deepEqual(fromBase64Url(toBase64Url(given)), given)
    }),
  )
})

it('a text that is read is the only one of its bytes', () => {
  const near = fc.string({ unit: fc.constantFrom(...Array.from(alphabet), '=', '+', '/', ' ', 'é'), maxLength: 12 })
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      const read = fromBase64Url(text)
      if (read !== undefined) assert.equal(toBase64Url(read), text)
    }),
    { numRuns: 2_000 },
  )
})

for (const text of ['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'AA A', '+A', '/A', 'ÀA', 'AA\n']) {
  it(`the text ${JSON.stringify(text)} is refused`, () => {
    assert.equal(fromBase64Url(text), undefined)
  })
}

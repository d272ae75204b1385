/** Caveats as bytes: what is written is read, nothing is read that would be written otherwise, and bounds hold. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Caveat, caveatEnd, decodeCaveat, encodeCaveat, expiryMsMax } from './caveats.ts'

const names = fc
  .uniqueArray(fc.stringMatching(/^(std\.)?[A-Za-z][A-Za-z0-9_]{0,20}$/), { minLength: 1, maxLength: 5 })
  .map((list) => list.sort())
/** Objects as programs write them. */
function plain<Fields>(fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }): fc.Arbitrary<Fields> {
  return fc.record(fields, { noNullPrototype: true })
}
const caveat: fc.Arbitrary<Caveat> = fc.oneof(
  plain({ kind: fc.constant('rights' as const), mask: fc.nat(0xffff_ffff) }),
  plain({ kind: fc.constant('expiry' as const), atMs: fc.nat(expiryMsMax) }),
  plain({
    kind: fc.constant('holder' as const),
    publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
  plain({ kind: fc.constant('operations' as const), names }),
)
/** Bytes that are nearly a caveat. */
const nearly = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.nat(5), fc.uint8Array({ maxLength: 40 }))
    .map(([kind, rest]) => Uint8Array.of(kind, rest.length, ...rest)),
  fc.tuple(caveat, fc.nat(60), fc.nat(255)).map(([of, at, value]) => {
    const bytes = encodeCaveat(of) ?? new Uint8Array(1)
    bytes[at % bytes.length] = value
    return bytes
  }),
)

describe('a caveat', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(caveat, (given) => {
        const bytes = encodeCaveat(given)
        assert.ok(bytes !== undefined)
        assert.deepEqual(decodeCaveat(bytes), given)
        assert.equal(caveatEnd(bytes, 0, bytes.length), bytes.length)
      }),
    )
  })

  it('has no other bytes than those that it is written as', () => {
    fc.assert(
      fc.property(nearly, (bytes) => {
        if (bytes.length < 2 || caveatEnd(bytes, 0, bytes.length) !== bytes.length) return
        const read = decodeCaveat(bytes)
        if (read !== undefined) assert.deepEqual(encodeCaveat(read), bytes)
      }),
      { numRuns: 5_000 },
    )
  })

  it('of a kind that is not known is none', () => {
    for (const kind of [0, 5, 255]) assert.equal(decodeCaveat(Uint8Array.of(kind, 4, 0, 0, 0, 0)), undefined)
  })

  it('never ends behind the end of what holds it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(45), fc.nat(40), (bytes, at, last) => {
        const end = Math.min(last, bytes.length)
        const next = caveatEnd(bytes, at, end)
        if (next !== undefined) assert.ok(next <= end && next >= at + 2)
      }),
    )
  })

  it('with more names than fit in 255 bytes cannot be written', () => {
    const many = Array.from({ length: 26 }, (_, index) => String.fromCodePoint(65 + index).repeat(10))
    assert.equal(encodeCaveat({ kind: 'operations', names: many }), undefined)
    assert.ok(encodeCaveat({ kind: 'operations', names: many.slice(0, 23) }) !== undefined)
  })
})

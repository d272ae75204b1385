/** Keys that V8 would put into one bucket are found, whatever kind of number they are; honest ones pass. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decode, encode } from './codec.ts'
import { isFlood } from './hash-flood.ts'

const count = 300
/** Of the hash, as many bits as a table of so many keys looks at. */
const bucketMask = 0xff

/** V8's functions once more, as they are written there: ComputeUnseededHash and ComputeLongHash. */
function hash32(key: number): number {
  let hash = key >>> 0
  hash = (~hash + (hash << 15)) >>> 0
  hash = (hash ^ (hash >>> 12)) >>> 0
  hash = (hash + (hash << 2)) >>> 0
  hash = (hash ^ (hash >>> 4)) >>> 0
  hash = Math.imul(hash, 2_057) >>> 0
  return (hash ^ (hash >>> 16)) & 0x3fff_ffff
}

function hash64(key: bigint): number {
  const cut = (value: bigint): bigint => BigInt.asUintN(64, value)
  let hash = cut(~key + (key << 18n))
  hash ^= hash >> 31n
  hash = cut(hash * 21n)
  hash ^= hash >> 11n
  hash = cut(hash + (hash << 6n))
  hash ^= hash >> 22n
  return Number(hash & 0x3fff_ffffn)
}

function bitsOf(value: number): bigint {
  return new DataView(Float64Array.of(value).buffer).getBigUint64(0, true)
}

function chosen<Key>(keyAt: (index: number) => Key, hashOf: (key: Key) => number): readonly Key[] {
  const keys: Key[] = []
  for (let index = 0; keys.length < count; index++) {
    const key = keyAt(index)
    if ((hashOf(key) & bucketMask) === 0) keys.push(key)
  }
  return keys
}

const floods: readonly (readonly [string, readonly unknown[]])[] = [
  ['whole numbers', chosen((index) => index, hash32)],
  ['negative numbers', chosen((index) => -index, hash32)],
  [
    'fractions',
    chosen(
      (index) => index + 0.5,
      (key) => hash64(bitsOf(key)),
    ),
  ],
  [
    'times of the day',
    chosen(
      (index) => 1.7e12 + index,
      (key) => hash64(bitsOf(key)),
    ),
  ],
  ['bigints', chosen((index) => BigInt(index), hash64)],
  [
    'bigints that differ beyond their lowest 64 bits',
    chosen(
      (index) => (BigInt(index) << 64n) + 1n,
      () => 0,
    ),
  ],
]

describe('a Map or a Set', () => {
  for (const [what, keys] of floods) {
    it(`of ${what} that fall into one bucket is refused`, () => {
      assert.ok(isFlood(keys))
      assert.throws(() => decode(encode(new Set(keys))), { code: 'frame-refused' })
      assert.throws(() => decode(encode(new Map(keys.map((key) => [key, 1])))), { code: 'frame-refused' })
    })
  }

  it('of numbers in any regular pattern arrives', () => {
    const number = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(1, 2 ** 16, 2 ** 40, 1 / 8),
    )
    fc.assert(
      fc.property(number, number, fc.integer({ min: 1, max: 3_000 }), (first, step, size) => {
        const keys = Array.from({ length: size }, (_, index) => first + index * step)
        assert.equal(isFlood([...new Set(keys)]), false)
      }),
    )
  })

  it('of a few chosen numbers, and of as many texts as there are, arrives', () => {
    const values = [
      ...(floods[0]?.[1] ?? []).slice(0, 200),
      ...Array.from({ length: 5_000 }, (_, index) => `text ${index}`),
    ]
    assert.equal((decode(encode(new Set(values))) as Set<unknown>).size, values.length)
  })
})

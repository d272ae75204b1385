/** Copies and canonical texts of plain data, with data that are generated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText } from './canonical-text.ts'
import { clonePlain } from './plain-data.ts'

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.integer(), fc.double({ noDefaultInfinity: false }), fc.boolean(), fc.constant(null)),
    fc.constant(undefined),
    fc.bigInt(),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 }).map((values) => new Set(values)),
  ),
})).value
const sorted = { renamed: undefined, isSorted: true }

test('a copy equals what it was made of, and has the same canonical text', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const copy = clonePlain(value)
      assert.deepEqual(copy, value)
      assert.equal(canonicalText(copy, sorted), canonicalText(value, sorted))
    }),
  )
})

test('different data have different canonical texts', () => {
  fc.assert(
    fc.property(plain, plain, (left, right) => {
      const isEqual = canonicalText(left, sorted) === canonicalText(right, sorted)
      if (isEqual) assert.deepEqual(left, right)
    }),
    { numRuns: 1_000 },
  )
})

test('a change of the copy leaves what it was made of alone', () => {
  const source = { list: [{ count: 1 }], byName: new Map([['a', new Set([1])]]) }
  const copy = clonePlain(source)
  copy.list[0] = { count: 2 }
  copy.byName.get('a')?.add(2)
  assert.deepEqual(source, { list: [{ count: 1 }], byName: new Map([['a', new Set([1])]]) })
})

test('one object in two places is one object in two places of the copy too', () => {
  const slot = { sequence: 1 }
  const copy = clonePlain({ slots: [slot], waiting: [slot] })
  assert.notEqual(copy.slots[0], slot)
  assert.equal(copy.slots[0], copy.waiting[0])
})

test('the order of keys and of what was put into maps and sets does not count unless it is asked for', () => {
  const left = {
    a: 1,
    b: new Map([
      ['x', 1],
      ['y', 2],
    ]),
    c: new Set(['p', 'q']),
  }
  const right = {
    c: new Set(['q', 'p']),
    b: new Map([
      ['y', 2],
      ['x', 1],
    ]),
    a: 1,
  }
  assert.equal(canonicalText(left, sorted), canonicalText(right, sorted))
  const inserted = { renamed: undefined, isSorted: false }
  assert.notEqual(canonicalText(left, inserted), canonicalText(right, inserted))
})

test('a renaming reaches names alone and with an incarnation, as keys and as values, and nothing else', () => {
  const swapped = {
    renamed: new Map([
      ['m1', 'm2'],
      ['m2', 'm1'],
    ]),
    isSorted: true,
  }
  const state = { self: 'm1#3', peers: new Map([['m2', 'm2#1']]), m1: true, text: 'm1 said', other: 'm11#1' }
  const image = { self: 'm2#3', peers: new Map([['m1', 'm1#1']]), m2: true, text: 'm1 said', other: 'm11#1' }
  assert.equal(canonicalText(state, swapped), canonicalText(image, sorted))
})

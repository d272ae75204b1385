/** Structs in shared memory: fields, bounds, layouts, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pack } from '../travel/shareable.ts'
import { struct, unpackSharedStruct } from './struct.ts'
import type { Schema } from './struct-layout.ts'

const Account = struct({
  id: 'uint8',
  balance: 'float64',
  state: 'int32',
  name: ['utf8', 8],
  days: ['float32', 3],
  key: ['bytes', 4],
})
const code = (name: string) => ({ name: 'CardumenError', code: name })

describe('a struct', () => {
  it('reads and writes its fields by their names', () => {
    const row = Account.array(3).at(2)
    row.id = 7
    row.balance += 1.5
    row.name = 'Ana'
    row.key = Uint8Array.of(1, 2)
    row.days.copyFrom([1, 2, 3])
    assert.deepEqual([row.id, row.balance, row.state, row.name], [7, 1.5, 0, 'Ana'])
    assert.deepEqual([row.days.slice(), row.key], [[1, 2, 3], Uint8Array.of(1, 2)])
  })

  it('has each field at a multiple of its size, and rows of whole words', () => {
    assert.deepEqual(
      Account.layout.fields.map(({ offsetBytes }) => offsetBytes),
      [0, 8, 16, 24, 32, 48],
    )
    assert.equal(Account.layout.rowBytes, 56)
  })

  for (const index of [-1, 3, 0.5, Number.NaN]) {
    it(`refuses row ${index} of three, also to a cursor`, () => {
      const rows = Account.array(3)
      const cursor = rows.cursor()
      assert.throws(() => rows.at(index), code('out-of-bounds'))
      assert.throws(() => (cursor.index = index), code('out-of-bounds'))
      assert.equal(cursor.index, 0)
    })
  }

  it('refuses an index outside the numbers of a field', () => {
    assert.throws(() => Account.array(1).at(0).days.get(3), code('out-of-bounds'))
  })

  it('refuses text that does not fit, and leaves what was there', () => {
    const row = Account.array(1).at(0)
    row.name = 'señora'
    assert.throws(() => (row.name = 'señoritas'), code('too-large'))
    assert.equal(row.name, 'señora')
  })

  it('gives text back as it was, also with a byte order mark, and never half a character', () => {
    const row = struct({ text: ['utf8', 40] })
      .array(1)
      .at(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 10 }), (text) => {
        row.text = text
        assert.equal(row.text, text)
      }),
    )
    row.text = '\ufeffa'
    assert.equal(row.text, '\ufeffa')
    assert.throws(() => (row.text = '😀'.repeat(10) + 'x'), code('too-large'))
    assert.throws(() => (row.text = 'x'.repeat(2 ** 28)), code('too-large'))
    assert.throws(() => (row.text = 'half \ud83d'), code('option-invalid'))
    assert.equal(row.text, '\ufeffa')
  })

  it('refuses text that is none and bytes that are none', () => {
    const row = Account.array(1).at(0)
    for (const wrong of [5, null, undefined]) assert.throws(() => (row.name = wrong as never), code('option-invalid'))
    for (const wrong of [[1], 'a', new DataView(new ArrayBuffer(1)), new Float64Array(1)]) {
      assert.throws(() => (row.key = wrong as never), code('option-invalid'))
    }
  })

  it('reads no text beyond its field, whatever length a foreign write claims', () => {
    const memory = new SharedArrayBuffer(Account.bytesNeeded(2))
    const rows = Account.array(2, { memory })
    rows.at(0).name = 'Ana'
    const words = new Uint32Array(memory)
    words[words.indexOf(3)] = 0xffff_ffff
    assert.equal(rows.at(0).name.length, 8)
  })

  it('leaves memory that it refuses as it was', () => {
    for (const word of [0, 1, 9]) {
      const memory = new SharedArrayBuffer(Account.bytesNeeded(2))
      const words = new Int32Array(memory)
      words[word] = 77
      const before = words.slice()
      assert.throws(() => Account.array(2, { memory }), code('memory-too-small'))
      assert.deepEqual(words.slice(), before)
    }
  })

  it('refuses memory that is too small or holds another layout, and finds its own', () => {
    const memory = new SharedArrayBuffer(Account.bytesNeeded(2))
    assert.throws(() => Account.array(3, { memory }), code('memory-too-small'))
    Account.array(2, { memory }).at(1).state = -4
    assert.equal(Account.array(2, { memory }).at(1).state, -4)
    assert.throws(() => Account.array(1, { memory }), code('memory-too-small'))
    assert.throws(() => struct({ id: 'uint8' }).array(2, { memory }), code('memory-too-small'))
  })

  it('adds to an integer field in one step, and has no such thing for others', () => {
    const row = Account.array(2).at(1)
    assert.equal(row.atomic.add('state', 5), 0)
    assert.equal(row.atomic.compareExchange('state', 5, 6), 5)
    assert.equal(row.atomic.exchange('state', 1), 6)
    row.atomic.store('id', 255)
    assert.deepEqual([row.atomic.load('state'), row.id, row.state], [1, 255, 1])
    assert.throws(() => row.atomic.add('balance' as never, 1 as never), code('option-invalid'))
    assert.throws(() => row.atomic.add('nothing' as never, 1 as never), code('out-of-bounds'))
  })

  for (const [what, schema] of [
    ['without fields', {}],
    ['with a field of no known kind', { one: 'int9' }],
    ['with text of no length', { one: ['utf8', 0] }],
    ['with a field that rows have anyway', { atomic: 'int8' }],
    ['with a row over its bound', { one: ['bytes', 2 ** 20] }],
  ] as const) {
    it(`${what} is refused`, () => assert.throws(() => struct(schema as Schema), code('option-invalid')))
  }

  it('is the same rows where it is unpacked, and a cursor walks over them', () => {
    const rows = Account.array(3)
    const other = unpackSharedStruct(structuredClone(rows[pack]().state) as never)
    const cursor = rows.cursor()
    for (cursor.index = 0; cursor.index < 2; cursor.index++) cursor.state = cursor.index + 10
    assert.deepEqual(
      [...other].map((row) => row['state']),
      [10, 11, 0],
    )
  })

  it('keeps every field apart from its neighbours, whatever is written', () => {
    const value = fc.record({
      row: fc.nat(2),
      id: fc.nat(255),
      balance: fc.double(),
      name: fc.string({ maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const rows = Account.array(3)
        const model = Array.from({ length: 3 }, () => ({ id: 0, balance: 0, name: '' }))
        for (const { row, ...fields } of values) {
          Object.assign(rows.at(row), fields)
          Object.assign(model[row] ?? {}, fields)
        }
        assert.deepEqual(
          [...rows].map(({ id, balance, name }) => ({ id, balance, name })),
          model,
        )
      }),
    )
  })
})

/** The codec: what travels arrives as it was; what does not is refused where it lies; no bytes harm the reader. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Packr } from '#msgpackr'
import fc from 'fast-check'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { decode, encode, registerTravelling } from './codec.ts'

class Ticket {
  readonly seat: number
  constructor(seat: number) {
    this.seat = seat
  }
}
registerTravelling({
  tag: 250,
  isInstance: (value) => value instanceof Ticket,
  toBytes: (value) => Uint8Array.of((value as Ticket).seat),
  fromBytes: (bytes) => new Ticket(bytes[0] ?? 0),
})

const wireTexts: readonly (readonly [unknown, string])[] = [
  [undefined, 'd40000'],
  [null, 'c0'],
  [true, 'c3'],
  [127, '7f'],
  [-1, 'ff'],
  [1.5, 'cb3ff8000000000000'],
  [5n, 'd30000000000000005'],
  ['tiza', 'a474697a61'],
  [Uint8Array.of(1, 2), 'c4020102'],
  [[1, [2]], '92019102'],
  [{ a: 1 }, 'de0001a16101'],
  [new Date(1_000), 'd6ff00000001'],
  [new Map([['a', 1]]), 'c19301a16101'],
  [new Set([[1]]), 'c19202920001'],
  [2n ** 64n, 'c19204b13130303030303030303030303030303030'],
  [Uint16Array.of(1), 'c1930603c4020100'],
  [new Ticket(7), 'c19307ccfac40107'],
]

for (const [value, text] of wireTexts) {
  test(`${describe(value)} travels as ${text}`, () => {
    assert.equal(Buffer.from(encode(value)).toString('hex'), text)
    assert.deepStrictEqual(decode(Buffer.from(text, 'hex')), value)
  })
}

/** Everything that travels, nested in every way; `-0` and lone surrogates are known to change. */
const travelling = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(undefined, null, true, false, new Ticket(3)),
    fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ minLength: 60, maxLength: 400 }),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.float64Array(),
    fc.bigInt64Array(),
  ),
  any: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && key !== 'constructor'),
      tie('any'),
      { maxKeys: 5, noNullPrototype: true },
    ),
    fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('any'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).any

test('every value that travels arrives equal', () => {
  fc.assert(fc.property(travelling, (value) => assert.deepStrictEqual(decode(encode(value)), value)))
})

test('bytes of any kind are decoded or refused with a code, and what comes out can travel again', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decodesOrRefuses), { numRuns: 3_000 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodesOrRefuses(Uint8Array.of(0xc1, 0x95, ...bytes))),
    { numRuns: 3_000 },
  )
})

test('a value with a byte changed or its end cut off is decoded or refused with a code', () => {
  fc.assert(
    fc.property(travelling, fc.nat(), fc.nat(255), (value, at, byte) => {
      const bytes = encode(value).slice()
      decodesOrRefuses(bytes.subarray(0, at % bytes.length))
      bytes[at % bytes.length] = byte
      decodesOrRefuses(bytes)
    }),
  )
})

function decodesOrRefuses(bytes: Uint8Array): void {
  let value: unknown
  try {
    value = decode(bytes)
  } catch (error) {
    assert.ok(isCardumenError(error, 'frame-refused'), String(error))
    return
  }
  encode(value)
}

const refusedBytes: readonly (readonly [string, string])[] = [
  ['no bytes', ''],
  ['a second value behind the first', '0101'],
  ['a string that is cut off', 'a36161'],
  ['an array that says it has four thousand million items', 'ddffffffff'],
  ['a map with a key that is no text', '810101'],
  ['a record definition, for which msgpackr would compile a reader', 'd4724091a16101'],
  ['a regular expression', 'd4780092a12ba0'],
  ['a reference to another part', 'd67000000000'],
  ['an instance of an unknown class', 'c19307cc01c40107'],
  ['an array without a tag in the tagged form', 'c1918101'],
  ['a Map with a key without a value', 'c19201a161'],
  ['a bigint that is no number', 'c19204a27a7a'],
  ['a field named __proto__', '81a95f5f70726f746f5f5f81a161c3'],
  ['a field named constructor', '81ab636f6e7374727563746f72c3'],
  ['an array that says it has more items than bytes are left', '93c0'],
  ['nesting over the bound', `${'91'.repeat(200)}01`],
]

for (const [what, text] of refusedBytes) {
  test(`the decoder refuses ${what}`, () => {
    assert.throws(() => decode(Buffer.from(text, 'hex')), { code: 'frame-refused' })
  })
}

test('a value in the plain form is MessagePack that msgpackr reads alike', () => {
  const packr = new Packr({ useRecords: false, mapsAsObjects: true, useToJSON: false, moreTypes: false })
  fc.assert(
    fc.property(travelling, (value) => {
      const bytes = encode(value)
      if (bytes[0] !== 0xc1) assert.deepStrictEqual(packr.unpack(bytes.slice()), value)
    }),
  )
})

const loop: { self?: unknown } = {}
loop.self = loop
class Person {
  name = 'Ana'
}

const refusedValues: readonly (readonly [unknown, RegExp])[] = [
  [() => 1, /^\$ cannot travel: it is a function/],
  [Symbol('s'), /^\$ cannot travel: it is a symbol/],
  [{ items: [1, 2, 3, { callback: () => {} }] }, /^\$\.items\[3\]\.callback cannot travel: it is a function/],
  [{ 'two words': { when: Promise.resolve() } }, /^\$\["two words"\]\.when cannot travel: it is a promise/],
  [[new Person()], /^\$\[0\] cannot travel: it is an instance of Person/],
  [new Map([['k', [() => 1]]]), /^\$\.get\("k"\)\[0\] cannot travel/],
  [new Set([Symbol('s')]), /^\$\.values\(\) cannot travel/],
  [JSON.parse('{"a":{"__proto__":1}}'), /^\$\.a\.__proto__ cannot travel/],
  [{ a: [{ constructor: 1 }] }, /^\$\.a\[0\]\.constructor cannot travel: no field may have this name/],
  [{ then: () => {} }, /^\$\.then cannot travel/],
  [loop, /^\$\.self\.self.* cannot travel: it is nested over 128 deep, or in a cycle/],
  [{ huge: 2n ** 70_000n }, /^\$\.huge cannot travel: it is a bigint/],
  [{ re: /x/ }, /^\$\.re cannot travel: it is an instance of RegExp/],
]

for (const [value, message] of refusedValues) {
  test(`encoding refuses with a message like ${message.source}`, () => {
    assert.throws(() => encode(value), { code: 'cannot-travel', message })
  })
}

test('a getter that throws is a value that cannot travel', () => {
  const value = {
    get broken(): never {
      throw new Error('no')
    },
  }
  assert.throws(() => encode(value), { code: 'cannot-travel' })
})

test('an error arrives with its class, message, stack, code and causes', () => {
  const cause = Object.assign(new Error('disk'), { code: 'ENOSPC' })
  const arrived = decode(encode(new RangeError('far', { cause }))) as RangeError & { cause: Error & { code: string } }
  assert.ok(arrived instanceof RangeError)
  assert.equal(arrived.message, 'far')
  assert.match(arrived.stack ?? '', /codec\.test/)
  assert.equal(arrived.cause.message, 'disk')
  assert.equal(arrived.cause.code, 'ENOSPC')
})

test('reading an error leaves the stacks of later errors as they are', () => {
  decode(encode(new Error('from elsewhere')))
  assert.throws(() => decode(Buffer.from('c19403a0a001', 'hex')), { code: 'frame-refused' })
  assert.match(new Error('here').stack ?? '', /codec\.test/)
})

test('an error travels even when its cause cannot', () => {
  const arrived = decode(encode(new Error('outer', { cause: () => 1 }))) as Error
  assert.equal(arrived.cause, '() => 1')
})

test('an error as deep as a value may be arrives with all its causes', () => {
  let cause: unknown = { why: [[[new Map([['deep', [1]]])]]] }
  for (let level = 0; level < 8; level++) cause = new Error(`level ${level}`, { cause })
  let value: unknown = cause
  for (let level = 0; level < 127; level++) value = [value]
  assert.deepStrictEqual(decode(encode(value)), value)
})

for (const leaf of [new Uint8Array(3), new Date(5), 2n ** 70n]) {
  test(`${describe(leaf)} at the greatest depth arrives equal, in both forms`, () => {
    for (const other of [1, new Set()]) {
      let value: unknown = leaf
      for (let level = 1; level < 128; level++) value = [value]
      assert.deepStrictEqual(decode(encode([value, other])), [value, other])
    }
  })
}

test('the tagged form is refused where it is nested deeper than a value may be', () => {
  const nested = (depth: number): Uint8Array => Buffer.from(`c1${'9200'.repeat(depth)}01`, 'hex')
  assert.doesNotThrow(() => decode(nested(128)))
  assert.throws(() => decode(nested(129)), { code: 'frame-refused' })
})

test('what was encoded is not changed by what is encoded later', () => {
  const first = encode({ text: 'first' })
  const copy = first.slice()
  for (let round = 0; round < 5_000; round++) encode({ round, text: 'x'.repeat(round % 100) })
  assert.deepEqual(first, copy)
})

test("what is decoded is plain bytes, also where Node's Buffers went in", () => {
  const bytes = decode(Buffer.from(encode(Buffer.from('hola')))) as Uint8Array
  assert.equal(bytes.constructor, Uint8Array)
})

function describe(value: unknown): string {
  return typeof value === 'bigint'
    ? `${value}n`
    : value instanceof Map || value instanceof Set || value instanceof Ticket
      ? value.constructor.name
      : String(JSON.stringify(value))
}

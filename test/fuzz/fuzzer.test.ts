/** The fuzzer itself: it finds what is wrong, says how to see it again, and its inputs follow from the seed. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Campaign, failureText, stallOf } from '../../scripts/fuzz/campaign.ts'
import { flawOf } from '../../scripts/fuzz/decoded-value.ts'
import { mutated } from '../../scripts/fuzz/mutation.ts'
import { shrunk } from '../../scripts/fuzz/shrinking.ts'
import type { Target } from '../../scripts/fuzz/target.ts'
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { encode } from '../../src/wire/codec.ts'

function inputsOf(seed: number, count: number): readonly string[] {
  const random = seededRandom(seed)
  const corpus = [encode({ a: [1, 'two'] }), encode(new Map([[1, 2]]))]
  return Array.from({ length: count }, () => Buffer.from(mutated(corpus, random)).toString('hex'))
}

it('the same seed gives the same inputs, and another one others', () => {
  assert.deepEqual(inputsOf(1, 200), inputsOf(1, 200))
  assert.notDeepEqual(inputsOf(1, 200), inputsOf(2, 200))
})

/** A reader that trips over one word, which is in no valid input: what the fuzzer is for. */
const careless: Target = {
  name: 'careless',
  seeds: [encode({ first: 1, second: { third: [1, 2, 3] } })],
  run(input) {
    if (Buffer.from(input).includes('then')) throw new TypeError('tripped')
    return undefined
  },
}

it('a mistake that only a certain word shows is found, made small, and told with the command that shows it', async () => {
  const failure = await new Campaign(careless, 4).runMutated(100_000)
  assert.ok(failure !== undefined)
  assert.match(
    failureText(failure),
    /^careless: threw what is no refusal: TypeError: tripped[^]*npm run fuzz -- --target careless --input [0-9a-f]+$/,
  )
  assert.equal(Buffer.from(failure.input).toString(), 'then')
})

it('an input is cut down to the bytes that matter', async () => {
  const input = Uint8Array.from({ length: 500 }, (_, index) => index % 251)
  const small = await shrunk(input, (bytes) => Promise.resolve(bytes.includes(77) && bytes.includes(200)))
  assert.deepEqual([...small], [77, 200])
})

it('an input that always holds the event loop up is told as a stall', async () => {
  const slow: Target = {
    name: 'slow',
    seeds: [],
    run() {
      const end = performance.now() + 60
      while (performance.now() < end) continue
      return undefined
    },
  }
  assert.match((await stallOf(slow, new Uint8Array(1))) ?? '', /^holds the event loop up for \d+ ms$/)
  assert.equal(await stallOf({ ...slow, run: () => undefined }, new Uint8Array(1)), undefined)
})

class Person {
  name = 'Ana'
}
const holed: unknown[] = [1]
holed[2] = 3

const flaws: readonly (readonly [what: string, value: unknown, flaw: RegExp])[] = [
  ['a function', [() => 1], /a function/],
  ['a symbol', { a: Symbol('s') }, /a symbol/],
  ['an instance of a class', new Map([[1, new Person()]]), /an instance of Person/],
  ['a thenable', { then: () => {} }, /can be awaited/],
  ['a field named __proto__', JSON.parse('{"__proto__":1}'), /a field named __proto__/],
  ['a field named constructor', new Set([{ constructor: 1 }]), /a field named constructor/],
  ['an array with holes', holed, /with holes/],
  ['an error with a field of its own', Object.assign(new Error('x'), { more: 1 }), /a field more/],
  ['a Date with a field', Object.assign(new Date(0), { more: 1 }), /fields of its own/],
  ['more than there were bytes', 'x'.repeat(2_000), /1000 bytes yields 2001/],
]
for (const [what, value, flaw] of flaws) {
  it(`${what} is no value that may be decoded`, () => assert.match(flawOf(value, 1_000) ?? '', flaw))
}

it('plain data, built-in classes and capabilities may be decoded', () => {
  const error = new RangeError('x', { cause: [1] })
  const values = [
    null,
    1n,
    { then: 1 },
    new Map([[new Date(0), new Set([new Uint8Array(3)])]]),
    error,
    Object.create(Capability.prototype),
  ]
  assert.equal(flawOf(values, 100_000), undefined)
})

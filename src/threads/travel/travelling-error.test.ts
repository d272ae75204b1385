/** Whatever was thrown travels, and arrives as an error that says what it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { packError, unpackError } from './travelling-error.ts'

const sent = (thrown: unknown): Error => unpackError(structuredClone(packError(thrown)))

class Secretive extends Error {
  override get name(): string {
    throw new Error('no name for you')
  }

  override get message(): string {
    throw new Error('no message for you')
  }

  override get cause(): unknown {
    throw new Error('no cause for you')
  }
}

const silent = new Proxy(new Error('a'), {
  get() {
    throw new Error('no')
  },
  getPrototypeOf() {
    throw new Error('no')
  },
})

for (const [what, thrown, name, text] of [
  ['undefined', undefined, 'Error', /no Error was thrown: undefined/],
  ['null', null, 'Error', /no Error was thrown: null/],
  ['a symbol', Symbol('s'), 'Error', /no Error was thrown: Symbol\(s\)/],
  ['a plain object', { status: 404 }, 'Error', /no Error was thrown: \{ status: 404 \}/],
  ['an object without a prototype', Object.create(null), 'Error', /no Error was thrown/],
  ['an error of another realm', runInContext('new TypeError("far")', createContext({})), 'TypeError', /^far$/],
  ['an abort', new DOMException('gone', 'AbortError'), 'AbortError', /^gone$/],
  ['an error whose properties throw', new Secretive(), 'Error', /^$/],
  ['a proxy that lets nobody look', silent, 'Error', /no Error was thrown/],
  ['an error with a name that is no text', Object.assign(new Error('a'), { name: 5 }), '5', /^a$/],
] as const)
  test(`${what} arrives as an error that says what it was`, () => {
    const arrived = sent(thrown)
    assert.equal(arrived.name, name)
    assert.match(arrived.message, text)
  })

test('what an AggregateError holds arrives with it', () => {
  const arrived = sent(new AggregateError([new RangeError('far'), 'text'], 'many'))
  assert.ok(arrived instanceof AggregateError)
  assert.deepEqual(
    arrived.errors.map(({ name, message }: Error) => [name, message]),
    [
      ['RangeError', 'far'],
      ['Error', 'a value that is no Error was thrown: text'],
    ],
  )
})

test('errors that hold each other end in a tree that ends', () => {
  const round: AggregateError = new AggregateError([], 'round')
  round.errors = Array.from({ length: 100 }, () => round)
  round.cause = round
  const count = (error: unknown): number => {
    if (!(error instanceof AggregateError)) return 0
    return error.errors.map(count).reduce((sum, each) => sum + each, 1 + count(error.cause))
  }
  const errors = count(sent(round))
  assert.ok(errors > 1 && errors <= 32, `${errors}`)
})

test('nothing that can be thrown stops the one who packs it', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (thrown) => {
      assert.ok(sent(thrown) instanceof Error)
    }),
  )
})

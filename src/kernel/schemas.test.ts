/** The small schemas of our own services. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bytes,
  finiteNumber,
  listOf,
  objectOf,
  oneOf,
  optional,
  recordOf,
  type Schema,
  text,
  truth,
  wholeNumber,
} from './schemas.ts'

const person = objectOf({
  name: text(5),
  age: optional(wholeNumber(150)),
  tags: listOf(oneOf('red', 'blue'), 2),
  sizes: recordOf(finiteNumber(), 1),
})

const check = (schema: Schema<unknown>, value: unknown) => {
  const result = schema['~standard'].validate(value)
  assert(!(result instanceof Promise))
  return result
}

describe('a schema', () => {
  it('gives the value without the fields that it does not know', () => {
    const value = { name: 'Ada', age: undefined, tags: ['red'], sizes: { shoe: 38.5 } }
    assert.deepEqual(check(person, { ...value, extra: 1 }), { value })
  })

  it('says where each fault is', () => {
    const result = check(person, { name: 'too long', age: -1, tags: ['red', 'green'], sizes: { shoe: Number.NaN } })
    assert.deepEqual(
      result.issues?.map(({ path }) => path),
      [['name'], ['age'], ['tags', 1], ['sizes', 'shoe']],
    )
  })

  const refused: readonly (readonly [what: string, schema: Schema<unknown>, value: unknown])[] = [
    ['an array as an object', person, []],
    ['null as an object', person, null],
    ['a fraction as a whole number', wholeNumber(), 1.5],
    ['a list that is too long', listOf(truth(), 1), [true, true]],
    ['a record with too many entries', recordOf(truth(), 0), { one: true }],
    ['bytes that are too many', bytes(2), new Uint8Array(3)],
    ['text as bytes', bytes(2), 'ab'],
    ['infinity as a number', finiteNumber(), Number.POSITIVE_INFINITY],
    ['1 as truth', truth(), 1],
  ]
  for (const [what, schema, value] of refused)
    it(`refuses ${what}`, () => assert(check(schema, value).issues !== undefined))
})

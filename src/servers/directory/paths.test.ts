/** Paths: how they are read, and what is none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { pathComponentsMax } from './interface.ts'
import { namesIn, namesToRow } from './paths.ts'

const read: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['/', []],
  ['a', ['a']],
  ['/a', ['a']],
  ['/a/', ['a']],
  ['a/b/c', ['a', 'b', 'c']],
]

const refused: readonly (readonly [string, ErrorCode])[] = [
  ['//', 'name-invalid'],
  ['a//b', 'name-invalid'],
  ['/../etc', 'name-invalid'],
  ['a/./b', 'name-invalid'],
  ['a/..', 'name-invalid'],
  ['a/\0', 'name-invalid'],
  ['x'.repeat(65_536), 'too-large'],
  ['a/'.repeat(pathComponentsMax) + 'a', 'too-large'],
]

describe('a path', () => {
  for (const [path, names] of read)
    it(`${JSON.stringify(path)} has ${names.length} names`, () => assert.deepEqual(namesIn(path), names))

  for (const [path, code] of refused)
    it(`${JSON.stringify(path.slice(0, 12))} is refused with ${code}`, () =>
      assert.throws(
        () => namesIn(path),
        (error) => isCardumenError(error, code),
      ))

  it('to a row has at least one name', () =>
    assert.throws(
      () => namesToRow('/'),
      (error) => isCardumenError(error, 'name-invalid'),
    ))

  it('is read back from its names', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}$/)
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: pathComponentsMax }), (names) => {
        assert.deepEqual(namesIn(names.join('/')), names)
        assert.deepEqual(namesIn(`/${names.join('/')}`), names)
      }),
    )
  })

  it('is names or a refusal with a code, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        try {
          for (const name of namesIn(text)) assert.ok(!name.includes('/') && name !== '..')
        } catch (error) {
          assert.ok(isCardumenError(error), String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

/** Stacks of errors between members: whole on hosts, kept aside in simulated worlds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode, encode } from './codec.ts'
import { keepStacksAside } from './error-stacks.ts'

function failure(stack: string, message = 'no room'): Error {
  const error = new RangeError(message)
  error.stack = stack
  return error
}

function arrived(error: Error): Error {
  const value = decode(encode(error))
  assert.ok(value instanceof Error)
  return value
}

/** What `look` gives while a world runs. */
function inWorld<Result>(look: () => Result): Result {
  const end = keepStacksAside()
  try {
    return look()
  } finally {
    end()
  }
}

describe('an error on its way to another member', () => {
  it('brings its stack along on hosts', () => {
    assert.equal(arrived(failure('at here')).stack, 'at here')
  })

  it('has the same bytes in a simulated world wherever the checkout lies, and its stack on arrival', () => {
    const here = failure('at /a/store.ts:1:2')
    const elsewhere = failure('at /a/longer/path/store.ts:1:2')
    inWorld(() => {
      assert.deepEqual(encode(here), encode(elsewhere))
      assert.equal(arrived(here).stack, 'at /a/store.ts:1:2')
    })
    assert.notDeepEqual(encode(here), encode(elsewhere))
  })

  it('keeps to the rule of worlds until the last of them has ended', () => {
    const bytes = inWorld(() => {
      inWorld(() => undefined)
      return encode(failure('at here'))
    })
    const value = decode(bytes)
    assert.ok(value instanceof RangeError)
    assert.equal(value.stack, '')
  })

  it('arrives without its stack where a thousand others were sent meanwhile', () => {
    inWorld(() => {
      const first = encode(failure('the first'))
      for (let count = 0; count < 1_000; count++) encode(failure('another', `number ${count}`))
      const value = decode(first)
      assert.ok(value instanceof RangeError)
      assert.equal(value.stack, '')
    })
  })
})

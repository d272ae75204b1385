/**
 * Errors that travel keep what their reader needs, and nothing that a peer could abuse.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { encode } from '../../wire/codec.ts'
import { decodeError, encodeError } from './errors-on-the-wire.ts'

test('an error of ours keeps its code, what it says of execution, its hint and its causes', () => {
  const cause = Object.assign(new TypeError('inner'), { code: 'E_INNER' })
  const sent = new CardumenError('disk-full', 'outer', { executed: 'unknown', hint: 'make room', cause })
  const read = decodeError(encodeError(sent))
  assert.deepEqual([read.code, read.executed, read.message, read.hint], ['disk-full', 'unknown', 'outer', 'make room'])
  assert.ok(read.cause instanceof Error)
  assert.deepEqual(
    [read.cause.name, read.cause.message, (read.cause as { code?: string }).code],
    ['TypeError', 'inner', 'E_INNER'],
  )
})

test('whatever else a handler throws becomes handler-failed, with the stack of where it happened', () => {
  const read = decodeError(encodeError(new RangeError('too far')))
  assert.deepEqual([read.code, read.executed], ['handler-failed', 'yes'])
  assert.ok(read.cause instanceof Error)
  assert.match(read.cause.stack ?? '', /errors-on-the-wire\.test/)
})

test('a thrown value that is no error is told as text', () => {
  assert.match(decodeError(encodeError('just text')).message, /just text/)
  assert.match(decodeError(encodeError(undefined)).message, /undefined/)
})

test('a chain of causes that bites its own tail ends', () => {
  const error = new Error('circle')
  error.cause = error
  assert.equal(decodeError(encodeError(error)).code, 'handler-failed')
})

test('a peer cannot invent a code, and what it sends never throws', () => {
  assert.equal(decodeError(encode({ code: 'constructor', message: 'x' })).code, 'handler-failed')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeError(bytes)))
  const field = fc.constantFrom('code', 'message', 'executed', 'hint', 'cause', 'name', 'stack')
  const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.dictionary(field, fc.string()))
  fc.assert(fc.property(fc.dictionary(field, value), (error) => void decodeError(encode(error))))
})

test('a message without end is cut', () => {
  assert.ok(decodeError(encodeError(new Error('x'.repeat(1_000_000)))).message.length < 10_000)
})

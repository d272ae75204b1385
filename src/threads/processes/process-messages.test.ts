/** Frames between processes, whole and broken. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { asToHome } from './home-messages.ts'
import { inheritedArguments } from './node-arguments.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import { packError, unpackError } from '../travel/travelling-error.ts'

/** Cuts the bytes at these places, given as shares of the whole. */
function cut(bytes: Buffer, shares: readonly number[]): Buffer[] {
  const places = [0, ...shares.map((share) => Math.floor(share * bytes.length)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

describe('messages of processes', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    const contents = fc.array(fc.oneof(fc.string(), fc.nat(), fc.uint8Array(), fc.dictionary(fc.string(), fc.nat())))
    fc.assert(
      fc.property(contents, shares, (messages, places) => {
        const bytes = Buffer.concat(messages.map((message) => writeMessage(message, 'it')))
        const reader = new MessageReader()
        const read = cut(bytes, places).flatMap((chunk) => reader.push(chunk))
        assert.deepEqual(
          read,
          messages.map((message) => structuredClone(message)),
        )
      }),
    )
  })

  it('that are none are refused with a code, whatever their bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), shares, (bytes, places) => {
        const reader = new MessageReader(1_000)
        try {
          for (const chunk of cut(Buffer.from(bytes), places))
            for (const message of reader.push(chunk)) asToHome(message)
        } catch (error) {
          assert.ok(isCardumenError(error, 'too-large') || isCardumenError(error, 'input-refused'), String(error))
        }
      }),
    )
  })

  it('that were changed on the way reach nobody as something that they are not', () => {
    const ask = { kind: 'ask', id: 1, thread: 1, threadName: 'a', number: 0, operation: 'acquire', timeoutMs: 5 }
    const mutated = fc.record({ at: fc.nat(200), value: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Buffer.concat([Buffer.alloc(4), serialize(ask)])
        bytes.writeUInt32LE(bytes.length - 4)
        for (const { at, value } of changes) bytes[4 + (at % (bytes.length - 4))] = value
        try {
          for (const message of new MessageReader(1_000).push(bytes)) {
            const heard = asToHome(message)
            if (heard?.kind === 'ask') assert.equal(typeof heard.number, 'number')
          }
        } catch (error) {
          assert.ok(isCardumenError(error, 'input-refused'), String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('are refused over their bound before they are read or written', () => {
    const long = Buffer.alloc(4)
    long.writeUInt32LE(1_001)
    assert.throws(() => new MessageReader(1_000).push(long), { code: 'too-large' })
    assert.throws(() => writeMessage('x'.repeat(2_000), 'It', 1_000), {
      code: 'too-large',
      message: /^It of \d+ bytes/,
    })
  })
})

describe('messages to a home', () => {
  const fine = { kind: 'ask', id: 1, thread: 1, threadName: 'a', number: 0, operation: 'set', argument: {} }
  const wrong: readonly unknown[] = [
    ...[undefined, null, 1, 'ask', [], {}],
    ...[
      { kind: 'nothing' },
      { kind: 'toString' },
      { kind: '__proto__' },
      { ...fine, id: '1' },
      { ...fine, operation: 5 },
    ],
    ...[
      { ...fine, timeoutMs: -1 },
      { ...fine, timeoutMs: Number.NaN },
      { kind: 'stack', id: 1 },
    ],
  ]

  it('are those whose fields are right, and no others', () => {
    assert.equal(asToHome(fine), fine)
    assert.deepEqual(asToHome({ ...fine, timeoutMs: 0 })?.kind, 'ask')
    for (const message of wrong) assert.equal(asToHome(message), undefined, JSON.stringify(message))
  })
})

describe('an error on its way to another process', () => {
  it('keeps name, message, code, stack and causes', () => {
    const cause = Object.assign(new RangeError('deep'), { code: 'ENOENT' })
    const error = new CardumenError('not-held', 'it was not held', { cause, executed: 'yes', hint: 'look' })
    const back = unpackError(structuredClone(packError(error))) as CardumenError
    assert.ok(back instanceof CardumenError)
    assert.deepEqual(
      [back.code, back.message, back.executed, back.hint],
      ['not-held', 'it was not held', 'yes', 'look'],
    )
    assert.equal(back.stack, error.stack)
    const deep = back.cause as Error & { code: string }
    assert.deepEqual([deep.name, deep.message, deep.code], ['RangeError', 'deep', 'ENOENT'])
  })

  it('ends also where its causes go round in a circle', () => {
    const error = new Error('round')
    error.cause = error
    assert.equal(unpackError(packError(error)).message, 'round')
  })
})

describe('arguments that a Node hands on to a Node', () => {
  it('are loaders and conditions, but not what to run, to test or to look into', () => {
    const own = [
      '--import',
      './loader.ts',
      '--conditions=x',
      '-e',
      'code',
      '--inspect=0',
      '--test',
      '--watch',
      '--no-warnings',
    ]
    assert.deepEqual(inheritedArguments(own), ['--import', './loader.ts', '--conditions=x', '--no-warnings'])
  })
})

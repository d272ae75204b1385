/**
 * Both ends of a stream: the caller's iterable and the server's pump.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokenInvariant } from '../../lib/assert.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { ItemStream, type StreamCarrier } from './item-stream.ts'
import { StreamPump } from './stream-pump.ts'

function carried(): { readonly stream: ItemStream; readonly log: string[] } {
  const log: string[] = []
  const carrier: StreamCarrier = {
    start: () => log.push('start'),
    consumed: (count) => log.push(`consumed ${count}`),
    cancel: () => log.push('cancel'),
    read: (body) => body[0],
  }
  return { stream: new ItemStream(carrier), log }
}

test('a stream starts its call at the first next, not before', async () => {
  const { stream, log } = carried()
  assert.deepEqual(log, [])
  const first = stream.next()
  assert.deepEqual(log, ['start'])
  stream.push(Uint8Array.of(7))
  assert.deepEqual(await first, { done: false, value: 7 })
})

test('items that came before the end are given out before the error', async () => {
  const { stream } = carried()
  const first = stream.next()
  stream.push(Uint8Array.of(1))
  stream.push(Uint8Array.of(2))
  stream.finish(new CardumenError('member-died', 'gone', { executed: 'unknown' }))
  assert.equal((await first).value, 1)
  assert.equal((await stream.next()).value, 2)
  await assert.rejects(stream.next(), { code: 'member-died' })
  assert.equal((await stream.next()).done, true)
})

test('leaving the loop cancels the call, once', async () => {
  const { stream, log } = carried()
  const first = stream.next()
  stream.push(Uint8Array.of(1))
  await first
  await stream.return()
  await stream.return()
  assert.deepEqual(log, ['start', 'consumed 1', 'cancel'])
})

test('a stream left before it began never calls', async () => {
  const { stream, log } = carried()
  await stream.return()
  assert.equal((await stream.next()).done, true)
  assert.deepEqual(log, [])
})

interface Pumped {
  readonly pump: StreamPump
  readonly items: unknown[]
  readonly ended: Promise<string>
}

function pumped(iterable: AsyncIterable<unknown>): Pumped {
  const items: unknown[] = []
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  const pump = new StreamPump(iterable, () => undefined, {
    onItem: (value) => items.push(value),
    onEnd: () => resolve('end'),
    onError: (error) => resolve(String(error)),
    onStopped: () => resolve('stopped'),
    onBroken: ({ message }) => resolve(`broken: ${message}`),
  })
  return { pump, items, ended }
}

test('a pump takes no more values than it has credit for', async () => {
  let made = 0
  const { pump, items, ended } = pumped(
    (async function* () {
      for (; made < 5; made++) yield made
    })(),
  )
  pump.pull(2)
  await new Promise(setImmediate)
  assert.deepEqual(items, [0, 1])
  pump.pull(10)
  assert.equal(await ended, 'end')
  assert.deepEqual(items, [0, 1, 2, 3, 4])
})

test('a pump that is stopped runs the generator’s finally, and reports nothing more', async () => {
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const { pump, items } = pumped(
    (async function* () {
      try {
        for (let value = 0; ; value++) yield value
      } finally {
        resolve()
      }
    })(),
  )
  pump.pull(1)
  await new Promise(setImmediate)
  pump.stop()
  await finished
  pump.pull(5)
  await new Promise(setImmediate)
  assert.deepEqual(items, [0])
})

test('a generator that throws ends its stream with that error', async () => {
  const { pump, ended } = pumped(
    // biome-ignore lint/correctness/useYield: it throws before it would yield
    (async function* (): AsyncGenerator<unknown> {
      throw new Error('no values')
    })(),
  )
  pump.pull(1)
  assert.match(await ended, /no values/)
})

/** Written by hand, as people do: `return` gives no promise, or throws at once. */
function handWritten(next: () => unknown, giveBack: () => unknown): AsyncIterable<unknown> {
  return { [Symbol.asyncIterator]: () => ({ next, return: giveBack }) as unknown as AsyncIterator<unknown> }
}

const givesNoPromise = (): unknown => ({ done: true, value: undefined })
const throwsAtOnce = (): unknown => {
  throw new Error('no way back')
}

for (const [what, giveBack] of [
  ['gives no promise', givesNoPromise],
  ['throws at once', throwsAtOnce],
] as const) {
  test(`an iterator whose return ${what} still ends its stream with its error`, async () => {
    const { pump, ended } = pumped(handWritten(() => Promise.reject(new Error('no values')), giveBack))
    pump.pull(1)
    assert.match(await ended, /no values/)
  })

  test(`an iterator whose return ${what} can be stopped`, async () => {
    const { pump, ended } = pumped(handWritten(() => new Promise(() => {}), giveBack))
    pump.pull(1)
    pump.stop()
    assert.equal(await ended, 'stopped')
  })
}

test('an invariant that a generator breaks is handed to whoever stops the member', async () => {
  const breaks = (): never => {
    throw new BrokenInvariant('one and one is two')
  }
  const inNext = pumped(handWritten(breaks, givesNoPromise))
  inNext.pump.pull(1)
  assert.equal(await inNext.ended, 'broken: one and one is two')
  const inReturn = pumped(handWritten(givesNoPromise, breaks))
  inReturn.pump.stop()
  assert.equal(await inReturn.ended, 'broken: one and one is two')
})

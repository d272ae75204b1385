/** Streams between processes: credit, early ends, and deaths. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { defineService, type System } from '../../src/cardumen.ts'
import { z } from 'zod'
import type { MemberProcess } from './fixtures/member-process.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, until } from './fixtures/test-system.ts'

describe('a stream', () => {
  let test: TestSystem
  let system: System
  let server: MemberProcess
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'caller' })
    server = await test.startServer('server')
  })
  after(() => test[Symbol.asyncDispose]())

  it('brings a hundred thousand items in order, and its ends hold no more than the window', async () => {
    const probe = system.open(Probe, 'probe')
    let expected = 0
    let residentBytesMax = 0
    const before = await probe.residentBytes()
    for await (const { number } of probe.count({ id: 'long', count: 100_000, padding: 200 })) {
      assert.equal(number, expected++)
      // A slow consumer: others get their turns, and the server could run far ahead.
      if (expected % 5_000 === 0) residentBytesMax = Math.max(residentBytesMax, await probe.residentBytes())
    }
    assert.equal(expected, 100_000)
    assert.ok(residentBytesMax - before < 64 * 1_048_576, `the server grew from ${before} to ${residentBytesMax} bytes`)
    await server.line('finally long')
  })

  it('that is left early ends the server’s generator', async () => {
    for await (const { number } of system.open(Probe, 'probe').count({ id: 'left' })) if (number === 100) break
    await server.line('finally left')
    await until(() => system.member.status().callsInFlight === 0, 'no calls in flight')
  })

  it('that is left before its server was found never begins', async () => {
    const items = system.open(Probe, 'later-found').count({ id: 'early' })[Symbol.asyncIterator]()
    const first = items.next()
    await items.return?.()
    assert.deepEqual(await first, { done: true, value: undefined })
    await until(() => system.member.status().callsInFlight === 0, 'no calls in flight')
  })

  it('whose deadline comes ends with that, and ends the generator', async () => {
    await assert.rejects(
      async () => {
        for await (const { number } of system.open(Probe, 'probe').count({ id: 'overdue' }, { timeoutMs: 200 }))
          void number
      },
      { code: 'timed-out' },
    )
    await server.line('finally overdue')
  })

  it('whose server dies gives what has come, then says so', async () => {
    await using mortal = await test.startServer('mortal', { serve: { name: 'mortal' } })
    let seen = 0
    await assert.rejects(
      async () => {
        for await (const { number } of system.open(Probe, 'mortal').count({ id: 'mortal', diesAt: 500 }))
          assert.equal(number, seen++)
      },
      { code: 'member-died', executed: 'unknown' },
    )
    assert.ok(seen <= 500)
    assert.equal(mortal.lines.includes('finally mortal'), false)
  })

  it('whose caller dies ends the generator', async () => {
    const Ticker = defineService('ticker', { tick: { output: z.number(), stream: true } })
    const { promise: finished, resolve } = Promise.withResolvers<void>()
    const other = await test.join({ name: 'other' })
    await system.serve(
      Ticker,
      {
        async *tick(_, { signal }) {
          try {
            while (!signal.aborted) {
              yield 1
              await new Promise(setImmediate)
            }
          } finally {
            resolve()
          }
        },
      },
      { name: 'ticker' },
    )
    const ticks = other.open(Ticker, 'ticker').tick()[Symbol.asyncIterator]()
    assert.deepEqual(await ticks.next(), { done: false, value: 1 })
    await other.close()
    await finished
    // What had come before is still given out.
    await assert.rejects(
      async () => {
        for (;;) if ((await ticks.next()).done === true) return
      },
      { code: 'closed', executed: 'unknown' },
    )
  })

  it('with an item that does not fit the schema ends with that, and ends the generator', async () => {
    const Odd = defineService('odd', { values: { output: z.number(), stream: true } })
    const { promise: finished, resolve } = Promise.withResolvers<void>()
    const Loose = defineService('odd', { values: { output: z.unknown(), stream: true } })
    await system.serve(
      Loose,
      {
        async *values() {
          try {
            yield 1
            yield 'two'
            yield 3
          } finally {
            resolve()
          }
        },
      },
      { name: 'odd' },
    )
    const seen: number[] = []
    await assert.rejects(
      async () => {
        for await (const value of system.open(Odd, 'odd').values()) seen.push(value)
      },
      { code: 'output-refused', executed: 'yes' },
    )
    assert.deepEqual(seen, [1])
    await finished
  })

  it('with an item that cannot travel ends with that, and ends the generator', async () => {
    const Loose = defineService('loose', { values: { output: z.unknown(), stream: true } })
    const { promise: finished, resolve } = Promise.withResolvers<void>()
    await system.serve(
      Loose,
      {
        async *values() {
          try {
            yield () => 1
            yield 2
          } finally {
            resolve()
          }
        },
      },
      { name: 'loose' },
    )
    const first = system.open(Loose, 'loose').values()[Symbol.asyncIterator]().next()
    await assert.rejects(first, { code: 'cannot-travel', executed: 'yes' })
    await finished
  })

  it('of bytes carries them as they are', async () => {
    const Bytes = defineService('bytes', { chunks: { raw: true, stream: true } })
    await system.serve(
      Bytes,
      {
        async *chunks(bytes) {
          for (const byte of bytes) yield Uint8Array.of(byte, byte)
        },
      },
      { name: 'bytes' },
    )
    const chunks: Uint8Array[] = []
    for await (const chunk of system.open(Bytes, 'bytes').chunks(Uint8Array.of(5, 6))) chunks.push(chunk)
    assert.deepEqual(
      chunks.map((chunk) => [...chunk]),
      [
        [5, 5],
        [6, 6],
      ],
    )
  })

  it('takes two calls of next at once', async () => {
    const items = system.open(Probe, 'probe').count({ id: 'two', count: 2 })[Symbol.asyncIterator]()
    const both = await Promise.all([items.next(), items.next(), items.next()])
    assert.deepEqual(
      both.map((each) => each.done),
      [false, false, true],
    )
  })
})

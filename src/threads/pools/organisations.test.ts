/** The three organisations of a server of threads: what a request gets from each, and when none is taken. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { dispatcher } from './dispatcher.ts'
import { gate, openGate, untilBegun } from './fixtures/until.ts'
import type { Organisation } from './organisation.ts'
import { pipeline } from './pipeline.ts'
import { team } from './team.ts'

const module = new URL('./fixtures/stages.ts', import.meta.url)
const numbers = Array.from({ length: 300 }, (_, index) => index)

type Make = <Request, Answer>(name: string, requestsMax?: number) => Organisation<Request, Answer>

const organisations: readonly [string, Make][] = [
  ['a team', (name, requestsMax = 500) => team(module, name, { threads: 2, requestsMax })],
  ['a dispatcher', (name, requestsMax = 500) => dispatcher(module, name, { threads: 2, requestsMax })],
  ['a pipeline', (name, requestsMax = 500) => pipeline([{ module, name }], { requestsMax })],
]

function failsWith(code: string) {
  return (error: unknown): boolean => error instanceof CardumenError && error.code === code
}

for (const [who, make] of organisations) {
  describe(who, () => {
    it('answers every request', async () => {
      await using server = make<number, number>('add')
      assert.deepEqual(
        await Promise.all(numbers.map((value) => server.submit(value))),
        numbers.map((value) => value + 1),
      )
    })

    it('gives the answers to a row of requests in its order', async () => {
      await using server = make<number, number>('double')
      assert.deepEqual(
        await Array.fromAsync(server.answers(numbers)),
        numbers.map((value) => value * 2),
      )
    })

    it('draws requests no faster than it answers them', async () => {
      await using server = make<number, number>('add', 4)
      let drawn = 0
      let answered = 0
      const requests = (function* () {
        for (const value of numbers) {
          assert.ok(drawn++ - answered <= 4)
          yield value
        }
      })()
      for await (const answer of server.answers(requests)) assert.equal(answer, answered++ + 1)
      assert.equal(answered, numbers.length)
    })

    it('tells the submitter of an error, and goes on', async () => {
      await using server = make<number, number>('add')
      await assert.rejects(server.submit(-1), { name: 'RangeError', message: 'no stage takes -1' })
      assert.equal(await server.submit(1), 2)
    })

    it('fails the request of a thread that dies', async () => {
      await using server = make<null, never>('exit')
      await assert.rejects(server.submit(null), failsWith('thread-exited'))
    })

    it('takes no more requests than it was told', async () => {
      await using server = make<Int32Array, number>('whoServes', 1)
      const words = gate()
      const first = server.submit(words)
      await assert.rejects(server.submit(words), failsWith('try-again'))
      openGate(words)
      assert.ok((await first) > 0)
    })

    it('gives a request up at its deadline', async () => {
      await using server = make<Int32Array, number>('whoServes')
      const [open, words] = [gate(), gate()]
      openGate(open)
      await server.submit(open)
      const late = assert.rejects(server.submit(words, { timeoutMs: 300 }), failsWith('timed-out'))
      await untilBegun(words)
      await late
      openGate(words)
    })

    it('refuses an option that makes no sense', () => {
      assert.throws(() => make('add', 0), failsWith('option-invalid'))
    })
  })
}

describe('a team and a dispatcher', () => {
  for (const [who, make] of organisations.slice(0, 2)) {
    it(`serve two requests at once in two threads (${who})`, async () => {
      await using server = make<Int32Array, number>('whoServes')
      const words = gate()
      const both = [server.submit(words), server.submit(words)]
      await untilBegun(words, 2)
      openGate(words)
      const [one, other] = await Promise.all(both)
      assert.notEqual(one, other)
    })
  }
})

describe('a pipeline of several stages', () => {
  it('brings every request through all of them, each stage meeting them in their order', async () => {
    await using line = pipeline<number, readonly [number, number]>([
      { module, name: 'add' },
      { module, name: 'double' },
      { module, name: 'numbered' },
    ])
    assert.deepEqual(
      await Promise.all(numbers.map((value) => line.submit(value))),
      numbers.map((value) => [value, (value + 1) * 2]),
    )
  })

  it('lets an error of one request pass the later stages by', async () => {
    await using line = pipeline<number, readonly [number, number]>([
      { module, name: 'add' },
      { module, name: 'numbered' },
    ])
    const all = await Promise.allSettled([1, -1, 2].map((value) => line.submit(value)))
    assert.deepEqual(
      all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).name)),
      [[0, 2], 'RangeError', [1, 3]],
    )
  })

  it('refuses to have no stage', () => {
    assert.throws(() => pipeline([]), failsWith('option-invalid'))
  })
})

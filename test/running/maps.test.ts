/** One function over many items. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { MapProgress } from '../../src/servers/run/remote-map.ts'
import type { RemoteModule } from '../../src/servers/run/remote-module.ts'
import type * as Jobs from './fixtures/jobs.ts'
import { newSystem, type RunningSystem } from './fixtures/members.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('a map over many items', { timeout: 60_000 }, () => {
  let system: RunningSystem
  let jobs: RemoteModule<typeof Jobs>

  before(async () => {
    system = await newSystem()
    await Promise.all([system.addServer('left', { threadsMax: 2 }), system.addServer('right')])
    jobs = system.client.importModule<typeof Jobs>(new URL('./fixtures/jobs.ts', import.meta.url))
  })
  after(() => system[Symbol.asyncDispose]())

  it('gives all results in the order of the items when it is awaited', async () => {
    assert.deepEqual(await jobs.echo.map(numbers(500)), numbers(500))
    assert.deepEqual(await jobs.echo.map(numbers(500), { ordered: false, concurrency: 64 }), numbers(500))
  })

  it('of no items gives no results', async () => {
    assert.deepEqual(await jobs.echo.map([]), [])
    for await (const result of jobs.echo.map([])) assert.fail(`it gave ${String(result)}`)
  })

  it('gives results in the order of the items when it is iterated, though a later item is done first', async () => {
    const results: number[] = []
    for await (const result of jobs.waitFor.map([60, 1, 1, 30, 1])) results.push(result)
    assert.deepEqual(results, [60, 1, 1, 30, 1])
  })

  it('gives results as they come when it is iterated without order', async () => {
    const results: number[] = []
    for await (const result of jobs.waitFor.map([300, 1, 1, 1], { ordered: false, concurrency: 4 }))
      results.push(result)
    assert.deepEqual(results, [1, 1, 1, 300])
  })

  it('has no more calls in flight than its concurrency', async () => {
    let running = 0
    let most = 0
    async function* items() {
      for (const number of numbers(50)) {
        most = Math.max(most, ++running)
        yield number
      }
    }
    await jobs.echo.map(items(), { concurrency: 3, onProgress: () => void running-- })
    // One item is taken from its source while it waits for its turn.
    assert.equal(most, 4)
  })

  it('runs ahead of a slow reader no further than its window, over endless items', async () => {
    let given = 0
    function* endless() {
      for (;;) yield given++
    }
    const iterator = jobs.echo.map(endless(), { concurrency: 4 })[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).value, 0)
    for (const _ of numbers(20)) await jobs.addLater(1, 1)
    assert(given <= 4 * 4 + 2, `${given} items were taken for one that was read`)
    await iterator.return?.()
  })

  it('tells of each call that is done, and of how many there are', async () => {
    const seen: MapProgress[] = []
    await jobs.echo.map(numbers(20), { onProgress: (progress) => seen.push(progress) })
    assert.deepEqual(
      seen.map(({ done }) => done),
      numbers(20).map((number) => number + 1),
    )
    assert.deepEqual(seen.at(-1), { done: 20, total: 20, interrupted: 0, rerun: 0 })
  })

  it('fails with the first call that fails, and takes no further items', async () => {
    let given = 0
    function* items() {
      for (;;) yield `item ${given++}`
    }
    await assert.rejects(Promise.resolve(jobs.failWith.map(items(), { concurrency: 2 })), { code: 'handler-failed' })
    assert(given < 20, `${given} items were taken`)
  })

  it('ends when its signal aborts, with its calls', async () => {
    const controller = new AbortController()
    const map = jobs.neverResolves.map([1, 2, 3] as never, { signal: controller.signal })
    const ended = assert.rejects(Promise.resolve(map), { code: 'cancelled' })
    await jobs.addLater(1, 1)
    controller.abort()
    await ended
    assert.equal(await jobs.add(1, 2), 3)
  })

  it('that was aborted before it began calls nothing', async () => {
    await assert.rejects(Promise.resolve(jobs.echo.map(endlessNumbers(), { signal: AbortSignal.abort() })), {
      code: 'cancelled',
    })
  })

  it('passes on the error of its items', async () => {
    async function* items() {
      yield 1
      throw new RangeError('no more items')
    }
    await assert.rejects(Promise.resolve(jobs.echo.map(items())), RangeError)
  })

  it('refuses an item that cannot travel', async () => {
    await assert.rejects(Promise.resolve(jobs.echo.map([1, () => 1])), { code: 'cannot-travel', executed: 'no' })
  })

  it('is awaited or iterated, not both', async () => {
    const map = jobs.echo.map(numbers(3))
    assert.deepEqual(await map, numbers(3))
    assert.deepEqual(await map, numbers(3))
    await assert.rejects(map[Symbol.asyncIterator]().next(), { code: 'option-invalid' })
  })

  it('refuses a concurrency that is none', () => {
    for (const concurrency of [0, -1, 1.5, 1e9])
      assert.throws(() => jobs.echo.map([1], { concurrency }), { code: 'option-invalid' })
  })

  function* endlessNumbers() {
    for (let number = 0; ; number++) yield number
  }
})

/** How a map treats the source of its items. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signalSource } from '../../lib/signal.ts'
import { FunctionMap, type MapCalls, type MapOptions } from './remote-map.ts'

/** A source that gives its items and then waits for ever. */
class EndlessWait implements AsyncIterableIterator<number> {
  isLeft = false
  /** Resolves when somebody waits for an item that does not come. */
  readonly isWaited: Promise<void>
  #waited: () => void = () => undefined
  readonly #items: number[]

  constructor(items: readonly number[]) {
    this.#items = [...items]
    this.isWaited = new Promise((resolve) => (this.#waited = resolve))
  }

  next(): Promise<IteratorResult<number>> {
    const value = this.#items.shift()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    this.#waited()
    return new Promise(() => undefined)
  }

  return(): Promise<IteratorResult<number>> {
    this.isLeft = true
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

const mapOf = (items: Iterable<number> | AsyncIterable<number>, call: MapCalls['call'], options: MapOptions = {}) =>
  new FunctionMap<unknown>(items, { concurrency: 4, ...options }, { call, concurrency: () => 4 })
const same: MapCalls['call'] = (item) => Promise.resolve(item)

describe('a map whose source keeps it waiting', () => {
  it('fails with a call that fails, and leaves the source', async () => {
    const source = new EndlessWait([1])
    const call = async (): Promise<never> => {
      await source.isWaited
      throw new RangeError('no')
    }
    await assert.rejects(Promise.resolve(mapOf(source, call)), RangeError)
    await Promise.resolve()
    assert.equal(source.isLeft, true)
  })

  it('ends when its signal aborts, and leaves the source', async () => {
    const source = new EndlessWait([])
    const caller = signalSource()
    const ended = assert.rejects(Promise.resolve(mapOf(source, same, { signal: caller.signal })), { code: 'cancelled' })
    await source.isWaited
    caller.abort()
    await ended
    await Promise.resolve()
    assert.equal(source.isLeft, true)
  })

  it('leaves the source when its iteration is left', async () => {
    const source = new EndlessWait([1, 2])
    for await (const result of mapOf(source, same)) if (result === 2) break
    await Promise.resolve()
    assert.equal(source.isLeft, true)
  })
})

describe('a map over a source that ends', () => {
  it('does not leave it, since it is at its end', async () => {
    let isLeft = false
    const items = { [Symbol.iterator]: () => Object.assign([1, 2].values(), { return: () => ((isLeft = true), last) }) }
    const last = { done: true as const, value: undefined }
    assert.deepEqual(await mapOf(items, same), [1, 2])
    assert.equal(isLeft, false)
  })
})

describe('a map that does not know yet how many calls may be in flight', () => {
  const unknown = { call: same, concurrency: () => new Promise<number>(() => undefined) }

  it('ends when its signal aborts, and begins with no item', async () => {
    const source = new EndlessWait([1])
    const caller = signalSource()
    let waited = false
    void source.isWaited.then(() => (waited = true))
    const ended = assert.rejects(Promise.resolve(new FunctionMap(source, { signal: caller.signal }, unknown)), {
      code: 'cancelled',
    })
    caller.abort()
    await ended
    assert.equal(waited, false)
  })

  it('tells whoever finds that out that nobody waits for it any more', async () => {
    const caller = signalSource()
    let isTold = false
    const concurrency: MapCalls['concurrency'] = (signal) => {
      signal.addEventListener('abort', () => (isTold = true))
      return new Promise(() => undefined)
    }
    const map = new FunctionMap([1], { signal: caller.signal }, { call: same, concurrency })
    const ended = assert.rejects(Promise.resolve(map), { code: 'cancelled' })
    await Promise.resolve()
    caller.abort()
    await ended
    assert.equal(isTold, true)
  })

  it('fails with what keeps it from being known', async () => {
    const concurrency = (): Promise<number> => Promise.reject(new RangeError('no'))
    await assert.rejects(Promise.resolve(new FunctionMap([1], {}, { call: same, concurrency })), RangeError)
  })
})

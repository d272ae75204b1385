/** Watchers of a directory at its server: what they share, and what each is told. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../../kernel/fixtures/hand-clock.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { signalSource } from '../../lib/signal.ts'
import { changesKeptMax } from './feed.ts'
import { Feeds } from './feeds.ts'
import { WatchedEngine } from './fixtures/watched-engine.ts'

const directory = 7

interface Parts {
  readonly engine: WatchedEngine
  readonly clock: HandClock
  readonly feeds: Feeds
}

function parts(): Parts {
  const engine = new WatchedEngine()
  const clock = new HandClock()
  return { engine, clock, feeds: new Feeds(engine.engine, clock) }
}

/** The sequence numbers of the next so many changes after `from`. */
async function sequences({ feeds }: Parts, from: number, present: number, count: number): Promise<readonly number[]> {
  const stopper = signalSource()
  const seen: number[] = []
  for await (const { sequence } of feeds.events(directory, from, present, stopper.signal)) {
    seen.push(sequence)
    if (seen.length === count) stopper.abort()
  }
  return seen
}

describe('a thousand watchers of one directory', () => {
  it('share one watch of the engine, and each hears of every change', async () => {
    const all = parts()
    const watchers = Array.from({ length: 1_000 }, () => sequences(all, 10, 10, 3))
    await turns()
    for (const sequence of [11, 15, 20]) all.engine.enter(directory, sequence)
    for (const seen of await Promise.all(watchers)) assert.deepEqual(seen, [11, 15, 20])
    assert.equal(all.engine.watchesBegun, 1)
    await turns()
    assert.equal(all.engine.watchesOpen, 0, 'the last that leaves ends it')
    assert.equal(all.feeds.count, 0)
  })
})

describe('a watcher', () => {
  it('that asks for changes before the feed began is told them first, each once', async () => {
    const all = parts()
    for (const sequence of [2, 3, 5, 8]) all.engine.enter(directory, sequence)
    const late = sequences(all, 2, 8, 4)
    await turns()
    all.engine.enter(directory, 9)
    assert.deepEqual(await late, [3, 5, 8, 9])
  })

  it('that reads slower than changes come loses none of them', async () => {
    const all = parts()
    const stopper = signalSource()
    const slow = all.feeds.events(directory, 1, 1, stopper.signal)
    const first = slow.next()
    await turns()
    const count = 3 * changesKeptMax
    for (let sequence = 2; sequence < count; sequence++) all.engine.enter(directory, sequence)
    await turns(count)
    const seen = [(await first).value?.sequence]
    while (seen.length < count - 2) seen.push((await slow.next()).value?.sequence)
    assert.deepEqual(
      seen,
      Array.from({ length: count - 2 }, (_, at) => at + 2),
    )
    stopper.abort()
    await slow.return(undefined)
  })

  it('hears that what it asks for is kept no more', async () => {
    const all = parts()
    all.engine.enter(directory, 9)
    all.engine.compact(5)
    await assert.rejects(sequences(all, 2, 9, 1), (error) => isCardumenError(error, 'compacted'))
  })

  it('hears of the end of its directory', async () => {
    const all = parts()
    const seen = sequences(all, 1, 1, 5)
    await turns()
    all.engine.enter(directory, 2)
    all.engine.destroy(directory, 3)
    await assert.rejects(seen, (error) => isCardumenError(error, 'object-unknown'))
  })

  it('loses nothing and hears nothing twice when the engine fails and comes back', async () => {
    const all = parts()
    const seen = sequences(all, 1, 1, 3)
    await turns()
    all.engine.enter(directory, 2)
    await turns()
    all.engine.fail(new CardumenError('engine-failed', 'away'))
    await turns()
    all.engine.enter(directory, 3)
    await all.clock.advance(1_000)
    await turns()
    all.engine.enter(directory, 4)
    assert.deepEqual(await seen, [2, 3, 4])
    assert.equal(all.engine.watchesBegun, 2)
  })
})

/** Until promises that are at hand have settled. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

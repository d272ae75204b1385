/** Following a prefix of the engine, and names kept in memory by it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Change, Engine, Entry, Listing, WatchBatch, WatchOptions } from '../edges/engine.ts'
import { hostCrypto } from '../host/crypto.ts'
import { BrokenInvariant } from '../lib/assert.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { revision } from '../lib/identifiers.ts'
import { HandClock } from './fixtures/hand-clock.ts'
import { namedServer, testMemberKey } from './fixtures/named-server.ts'
import { type Follower, follow } from './follow.ts'
import { Names } from './ports/names.ts'

function entry(key: string, value: Uint8Array, at: number): Entry {
  return { key, value, revision: revision(at), createdRevision: revision(at), lease: 'lease' }
}

/** Says what the test wants it to say. */
class ToldEngine {
  listing: Listing = { entries: [], revision: revision(1), more: false }
  listed = 0
  readonly watchedFrom: (number | undefined)[] = []
  #say: (batch: WatchBatch | Error) => void = () => undefined

  list(): Promise<Listing> {
    this.listed++
    return Promise.resolve(this.listing)
  }

  async *watch(_prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch> {
    this.watchedFrom.push(options.from)
    for (;;) {
      const said = await new Promise<WatchBatch | Error | undefined>((resolve) => {
        this.#say = resolve
        ;(options.signal as unknown as AbortSignal).addEventListener('abort', () => resolve(undefined))
      })
      if (said === undefined) return
      if (said instanceof Error) throw said
      yield said
    }
  }

  async say(said: WatchBatch | Error): Promise<void> {
    this.#say(said)
    await new Promise(setImmediate)
  }

  asEngine(): Engine {
    return this as unknown as Engine
  }
}

describe('a follower of a prefix', () => {
  const changed: string[] = []
  const follower: Follower = {
    onListing: (entries) => void changed.push(`listing of ${entries.length}`),
    onChange: ({ key }) => void changed.push(key),
  }

  it('lists again after compacted and after trouble, and watches from there', async () => {
    const [engine, clock] = [new ToldEngine(), new HandClock()]
    const following = await follow(engine.asEngine(), clock, 'a/', follower)
    await engine.say({ revision: revision(5), changes: [{ kind: 'delete', key: 'a/1' }] })
    assert.equal(following.revision(), 5)
    engine.listing = { ...engine.listing, revision: revision(9) }
    await engine.say(new CardumenError('compacted', 'too old'))
    await engine.say(new CardumenError('engine-failed', 'the disk'))
    await clock.advance(1_000)
    assert.deepEqual(engine.watchedFrom, [2, 10, 10])
    assert.deepEqual(changed, ['listing of 0', 'a/1', 'listing of 0', 'listing of 0'])
    await following.close()
  })

  it('that is stopped while it pauses after trouble ends at once, and leaves no timer', async () => {
    const [engine, clock] = [new ToldEngine(), new HandClock()]
    const following = await follow(engine.asEngine(), clock, 'a/', follower)
    await engine.say(new CardumenError('engine-failed', 'the thread is gone'))
    assert.equal(following.troubles(), 1)
    assert.equal(clock.timers, 1)
    await following.close()
    assert.equal(clock.timers, 0)
    assert.equal(engine.listed, 1)
  })

  it('bears no fault of ours: a broken invariant escapes', async () => {
    const engine = new ToldEngine()
    const broken: Follower = {
      onListing: () => undefined,
      onChange: () => {
        throw new BrokenInvariant('of the follower')
      },
    }
    const following = await follow(engine.asEngine(), new HandClock(), 'a/', broken)
    const said = engine.say({ revision: revision(5), changes: [{ kind: 'delete', key: 'a/1' }] })
    await assert.rejects(following.close(), BrokenInvariant)
    await said
  })
})

describe('names', () => {
  const unproven = {
    publicKeyOf: () => testMemberKey,
    identify: async () => undefined,
    onUnproven: () => assert.fail('every row is proved'),
  }
  const { nameKey: key, nameValue: value } = namedServer('probe', 'm1#1')
  const put: Change = { kind: 'put', key, value, lease: 'lease' }

  it('do not take back a server of which the watch has said since that it is gone', async () => {
    const engine = new ToldEngine()
    const names = new Names({ engine: engine.asEngine(), clock: new HandClock(), crypto: hostCrypto, ...unproven })
    await names.start()
    await engine.say({ revision: revision(2), changes: [put] })
    assert.equal(names.servers('probe').length, 1)
    await engine.say({ revision: revision(3), changes: [{ kind: 'delete', key }] })
    engine.listing = { entries: [entry(key, value, 2)], revision: revision(2), more: false }
    assert.equal((await names.refresh('probe')).length, 0)
    engine.listing = { ...engine.listing, revision: revision(4) }
    assert.equal((await names.refresh('probe')).length, 1)
    await names.close()
  })

  it('find a server again that was set aside and still has its row', async () => {
    const [engine, clock] = [new ToldEngine(), new HandClock()]
    const names = new Names({ engine: engine.asEngine(), clock, crypto: hostCrypto, ...unproven })
    engine.listing = { entries: [entry(key, value, 1)], revision: revision(1), more: false }
    await names.start()
    let told = 0
    const stop = names.onChanged('probe', () => told++)
    const [server] = names.servers('probe')
    assert.ok(server !== undefined)
    names.forgetServer('probe', server)
    assert.equal(names.servers('probe').length, 0)
    await clock.advance(1_100)
    assert.equal(names.servers('probe').length, 1)
    assert.equal(told, 2)
    stop()
    await names.close()
    assert.equal(clock.timers, 0)
  })
})

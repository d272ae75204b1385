/** Following a prefix of the engine, and names kept in memory by it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Change, Engine, Entry, Lease, Listing, WatchBatch, WatchOptions } from '../edges/engine.ts'
import { BrokenInvariant } from '../lib/assert.ts'
import { fromHex, toHex } from '../lib/bytes.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { type Address, port, revision } from '../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../lib/text.ts'
import { Capability } from './capability.ts'
import { HandClock } from './fixtures/hand-clock.ts'
import { type Follower, follow } from './follow.ts'
import { Names } from './names.ts'

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
  const its = port('ab'.repeat(16))
  const capability = new Capability({ port: its, object: 0, check: new Uint8Array(16) })
  const key = `name/probe/${its}`
  const value = toUtf8(`${toHex(Capability.toBytes(capability))} m1#1`)
  const put: Change = { kind: 'put', key, value, lease: 'lease' }

  it('do not take back a server of which the watch has said since that it is gone', async () => {
    const engine = new ToldEngine()
    const names = new Names({ engine: engine.asEngine(), clock: new HandClock() })
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
    const names = new Names({ engine: engine.asEngine(), clock })
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

  // Found by the scenario `names`: what such rows named had no server as long as their member lived.
  it('take rows away later that the engine could not take away, or may have entered', async () => {
    const [engine, clock] = [new ToldEngine(), new HandClock()]
    const asked: string[] = []
    let failure: CardumenError | undefined = new CardumenError('engine-failed', 'away', { executed: 'unknown' })
    const transact: Engine['transact'] = ({ then }) => {
      asked.push(then.map((operation) => operation.kind).join(' '))
      return failure === undefined
        ? Promise.resolve({ succeeded: true, revision: revision(9), reads: [] })
        : Promise.reject(failure)
    }
    const names = new Names({ engine: { ...engine.asEngine(), transact }, clock })
    const capability = Capability.fromBytes(fromHex((fromUtf8(value) ?? '').split(' ')[0] ?? '') ?? value)
    assert.ok(capability !== undefined)
    await assert.rejects(names.enter('probe', capability, 'server#1' as Address, {} as Lease), {
      code: 'engine-failed',
    })
    await assert.rejects(names.remove('probe', capability), { code: 'engine-failed' })
    await clock.advance(600)
    failure = undefined
    await clock.advance(600)
    assert.deepEqual(asked, ['put put', 'delete delete', 'delete delete', 'delete delete'])
    await clock.advance(5_000)
    assert.equal(asked.length, 4)
    assert.equal(clock.timers, 0)
  })
})

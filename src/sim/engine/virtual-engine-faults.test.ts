/** What each fault of the virtual engine does to those who use it, and what it does not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Engine, WatchBatch } from '../../edges/engine.ts'
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import { revision } from '../../lib/identifiers.ts'
import { toUtf8 } from '../../lib/text.ts'
import { answerWaitMs, changesKeptMax } from './bounds.ts'
import { TestClient, TestTime } from './fixtures/test-time.ts'
import type { VirtualEngine } from './virtual-engine.ts'
import { VirtualEngineStore } from './virtual-engine-store.ts'

const ttlMs = 3_000

interface Member {
  readonly client: TestClient
  readonly engine: VirtualEngine
}

interface World {
  readonly time: TestTime
  readonly store: VirtualEngineStore
  readonly join: (name: string) => Member
}

function world(seed = 1): World {
  const time = new TestTime(seed)
  const store = new VirtualEngineStore({ time, seed })
  const join = (name: string): Member => {
    const client = new TestClient(name, time)
    return { client, engine: store.connect(client) }
  }
  return { time, store, join }
}

const x = toUtf8('x')

async function failure(time: TestTime, work: Promise<unknown>): Promise<{ code: string; executed: Executed }> {
  const error = await time.settled(
    work.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  )
  assert(error instanceof CardumenError, 'it did not fail')
  return { code: error.code, executed: error.executed }
}

async function leased({ engine }: Member, time: TestTime, key: string): ReturnType<Engine['grantLease']> {
  const lease = await time.settled(engine.grantLease({ ttlMs }))
  await time.settled(engine.put(key, x, { lease: lease.id }))
  return lease
}

async function has(time: TestTime, { engine }: Member, key: string): Promise<boolean> {
  return (await time.settled(engine.get(key))) !== undefined
}

describe('leases and death', () => {
  it('a lease with nobody in its way costs no events and stays', async () => {
    const { time, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    assert.equal(time.pending, 0)
    await time.runUntil(3_600_000)
    assert.equal(lease.isLive(), true)
    assert.equal(await has(time, other, 'key'), true)
  })

  it('the lease of a dead process ends after the notice, or at once when somebody suspects', async () => {
    for (const isSuspected of [false, true]) {
      const { time, store, join } = world()
      const [holder, other] = [join('m1'), join('m2')]
      const lease = await leased(holder, time, 'key')
      const diedMs = time.nowMs
      holder.client.die()
      store.clientDied('m1', 'process')
      if (isSuspected) other.engine.suspect(lease.id)
      await time.runUntil(diedMs + 15)
      assert.equal(await has(time, other, 'key'), !isSuspected)
      await time.runUntil(diedMs + 40)
      assert.equal(await has(time, other, 'key'), false)
      assert.equal(store.leases, 0)
    }
  })

  it('the lease of a dead machine ends by time only, whoever suspects', async () => {
    const { time, store, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    await time.runUntil(10_000)
    holder.client.die()
    store.clientDied('m1', 'machine')
    other.engine.suspect(lease.id)
    await time.runUntil(10_000 + (ttlMs * 2) / 3 - 50)
    assert.equal(await has(time, other, 'key'), true)
    await time.runUntil(10_000 + ttlMs + 50)
    assert.equal(await has(time, other, 'key'), false)
  })

  it('a suspicion of the living does no harm', async () => {
    const { time, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    other.engine.suspect(lease.id)
    await time.runUntil(1_000)
    assert.equal(lease.isLive(), true)
  })

  it('a short pause costs nothing; a long one the lease, and the holder doubts it before it is told', async () => {
    const { time, store, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    let isTold = false
    void lease.ended.then(() => {
      isTold = true
    })
    const pause = async (forMs: number): Promise<void> => {
      holder.client.stop()
      store.clientPaused('m1')
      await time.runUntil(time.nowMs + forMs)
      holder.client.resume()
      store.clientResumed('m1')
    }
    await pause(ttlMs / 2)
    assert.equal(lease.isLive(), true)
    await time.runUntil(60_000)
    assert.equal(await has(time, other, 'key'), true)
    await pause(ttlMs + 100)
    assert.equal(lease.isLive(), false)
    await time.runUntil(time.nowMs + 100)
    assert.equal(isTold, true)
    assert.equal(await has(time, other, 'key'), false)
    assert.deepEqual(await failure(time, holder.engine.put('key', x, { lease: lease.id })), {
      code: 'lease-lost',
      executed: 'no',
    })
  })

  it('a leap of the monotonic clock makes the holder doubt its lease until the next renewal', async () => {
    const { time, store, join } = world()
    const holder = join('m1')
    const lease = await leased(holder, time, 'key')
    await time.runUntil(10_500)
    store.clientClockWillJump('m1')
    holder.client.aheadMs += ttlMs
    assert.equal(lease.isLive(), false)
    await time.runUntil(10_500 + ttlMs / 3 + 10)
    assert.equal(lease.isLive(), true)
    await time.runUntil(60_000)
    assert.equal(lease.isLive(), true)
  })

  it('a lease that ends under a live holder is believed in until the holder is told', async () => {
    const { time, store, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    store.expireLease('m1')
    let isEnded = false
    void lease.ended.then(() => {
      isEnded = true
    })
    assert.equal(lease.isLive(), true)
    await time.runUntil(time.nowMs + 10)
    assert.deepEqual([isEnded, lease.isLive(), await has(time, other, 'key')], [true, false, false])
  })
})

describe('an unreachable engine', () => {
  it('fails reads with no and writes with unknown after the wait, and some of the writes happened', async () => {
    let happened = 0
    for (let seed = 1; seed <= 20; seed++) {
      const { time, store, join } = world(seed)
      const [cut, other] = [join('m1'), join('m2')]
      store.setUnreachable('m1', true)
      const startedMs = time.nowMs
      const failures = await Promise.all(
        [cut.engine.put('key', x), cut.engine.get('key')].map((one) => failure(time, one)),
      )
      assert.deepEqual(failures, [
        { code: 'engine-failed', executed: 'unknown' },
        { code: 'engine-failed', executed: 'no' },
      ])
      assert.equal(time.nowMs - startedMs, answerWaitMs)
      if (await has(time, other, 'key')) happened++
    }
    assert(happened > 0 && happened < 20, `${happened} of 20`)
  })

  it('lets no later transaction of a member overtake one that was lost', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { time, store, join } = world(seed)
      const [cut, other] = [join('m1'), join('m2')]
      if (seed % 2 === 0) store.setDelay({ kind: 'uniform', minMs: 0.5, maxMs: 3 })
      const writes: Promise<unknown>[] = []
      const write = (): void => {
        writes.push(cut.engine.put(`key/${String(writes.length).padStart(3, '0')}`, x).catch(() => undefined))
      }
      for (let round = 0; round < 30; round++) {
        write()
        if (round === 10) store.setUnreachable('m1', true)
        await time.runUntil(time.nowMs + 0.1)
        if (round === 20) {
          cut.client.stop()
          store.setUnreachable('m1', false)
        }
      }
      cut.client.resume()
      await time.settled(Promise.all(writes))
      const keys = (await time.settled(other.engine.list('key/'))).entries.map((entry) => entry.key)
      assert.deepEqual(
        keys,
        keys.map((_, index) => `key/${String(index).padStart(3, '0')}`),
      )
    }
  })

  it('costs the lease when it lasts, and nothing when it heals in time', async () => {
    const { time, store, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    const lease = await leased(holder, time, 'key')
    store.setUnreachable('m1', true)
    await time.runUntil(time.nowMs + ttlMs / 2)
    store.setUnreachable('m1', false)
    await time.runUntil(20_000)
    assert.equal(lease.isLive(), true)
    store.setUnreachable('m1', true)
    await time.runUntil(time.nowMs + ttlMs)
    assert.equal(lease.isLive(), false)
    await time.runUntil(time.nowMs + 50)
    assert.equal(await has(time, other, 'key'), false)
    store.setUnreachable('m1', false)
    await time.settled(lease.ended)
  })

  it('keeps watches silent; they go on after a short cut and fail in a long one', async () => {
    const { time, store, join } = world()
    const [cut, other] = [join('m1'), join('m2')]
    const watch = cut.engine.watch('')[Symbol.asyncIterator]()
    await time.runUntil(10)
    store.setUnreachable('m1', true)
    let batch: WatchBatch | undefined
    const next = watch.next().then((result) => {
      batch = result.value
    })
    const written = await time.settled(other.engine.put('key', x))
    await time.runUntil(1_000)
    assert.equal(batch, undefined)
    store.setUnreachable('m1', false)
    await time.settled(next)
    assert.equal((batch as WatchBatch | undefined)?.revision, written)
    store.setUnreachable('m1', true)
    assert.deepEqual(await failure(time, watch.next()), { code: 'engine-failed', executed: 'no' })
  })
})

describe('a crash of the engine', () => {
  it('fails what is under way as unknown, refuses with no until it restarts, and breaks watches', async () => {
    const { time, store, join } = world()
    const { engine } = join('m1')
    await time.settled(engine.put('kept', x))
    const watch = engine.watch('')[Symbol.asyncIterator]()
    const next = watch.next()
    const writing = engine.put('lost?', x)
    const failures = Promise.all([failure(time, next), failure(time, writing)])
    const cancel = time.after(0.35, () => store.crash())
    assert.deepEqual(await failures, [
      { code: 'engine-failed', executed: 'no' },
      { code: 'engine-failed', executed: 'unknown' },
    ])
    cancel()
    assert.deepEqual(await failure(time, engine.put('refused', x)), { code: 'engine-failed', executed: 'no' })
    store.restart()
    assert.equal(await has(time, { engine } as Member, 'kept'), true)
    assert.equal(await has(time, { engine } as Member, 'refused'), false)
  })

  it('gives every lease its time to live again, and those of the dead their end', async () => {
    const { time, store, join } = world()
    const [holder, dead, other] = [join('m1'), join('m2'), join('m3')]
    const lease = await leased(holder, time, 'alive')
    await leased(dead, time, 'dead')
    store.crash()
    dead.client.die()
    store.clientDied('m2', 'process')
    await time.runUntil(time.nowMs + 2 * ttlMs)
    assert.equal(lease.isLive(), false)
    store.restart()
    await time.runUntil(time.nowMs + 50)
    assert.equal(lease.isLive(), true)
    assert.deepEqual([await has(time, other, 'alive'), await has(time, other, 'dead')], [true, false])
  })
})

describe('a crash of the engine, of leases', () => {
  it('an end that was not synced is forgotten, and comes again by time', async () => {
    const { time, store, join } = world()
    const [holder, other] = [join('m1'), join('m2')]
    await leased(holder, time, 'key')
    store.expireLease('m1')
    store.crash()
    holder.client.die()
    store.clientDied('m1', 'machine')
    store.restart()
    await time.runUntil(time.nowMs + 100)
    assert.equal(await has(time, other, 'key'), true)
    await time.runUntil(time.nowMs + ttlMs)
    assert.equal(await has(time, other, 'key'), false)
  })
})

describe('a grant whose answer finds its member paused', () => {
  it('is held on to where the pause was short, and ends where it was long', async () => {
    for (const pauseMs of [ttlMs / 2, ttlMs * 2]) {
      const { time, store, join } = world()
      const holder = join('m1')
      const granting = holder.engine.grantLease({ ttlMs })
      holder.client.stop()
      store.clientPaused('m1')
      await time.runUntil(pauseMs)
      holder.client.resume()
      store.clientResumed('m1')
      const lease = await time.settled(granting)
      await time.runUntil(time.nowMs + 60_000)
      assert.equal(lease.isLive(), pauseMs < ttlMs)
      assert.equal(store.leases, pauseMs < ttlMs ? 1 : 0)
    }
  })
})

describe('a slow engine', () => {
  it('answers later, and in order', async () => {
    const { time, store, join } = world()
    const { engine } = join('m1')
    store.setDelay({ kind: 'uniform', minMs: 100, maxMs: 900 })
    const revisions: number[] = []
    const writes = Array.from({ length: 20 }, async (_, index) => {
      await time.runUntil(time.nowMs)
      revisions.push(await engine.put(`key/${index}`, x))
    })
    await time.settled(Promise.all(writes))
    assert(time.nowMs >= 100)
    assert.deepEqual(
      revisions,
      [...revisions].sort((left, right) => left - right),
    )
    store.setDelay(undefined)
    const startedMs = time.nowMs
    await time.settled(engine.put('key', x))
    assert(time.nowMs - startedMs < 5)
  })
})

describe('bounds', () => {
  it('the log forgets its oldest transactions, and a watch from there gets compacted', async () => {
    const { time, join } = world()
    const { engine } = join('m1')
    const then = Array.from({ length: 128 }, (_, index) => ({ kind: 'put' as const, key: `key/${index}`, value: x }))
    for (let count = 0; count <= changesKeptMax; count += then.length) await time.settled(engine.transact({ then }))
    const watch = engine.watch('', { from: revision(1) })[Symbol.asyncIterator]()
    assert.equal((await failure(time, watch.next())).code, 'compacted')
  })

  it('lives that come and go leave nothing behind', async () => {
    const { time, store, join } = world()
    const witness = join('m0')
    for (let life = 0; life < 50; life++) {
      const member = join('m1')
      await leased(member, time, 'member/m1')
      void member.engine.watch('')[Symbol.asyncIterator]().next()
      member.client.die()
      store.clientDied('m1', life % 2 === 0 ? 'process' : 'machine')
      await time.runUntil(time.nowMs + ttlMs + 100)
    }
    assert.deepEqual([store.leases, time.pending], [0, 0])
    assert.equal((await time.settled(witness.engine.list(''))).entries.length, 0)
  })
})

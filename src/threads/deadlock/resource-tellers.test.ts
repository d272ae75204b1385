/** Each kind of primitive in the graph of waits: who holds how much of it, what is free, and what a wait wants. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Resource } from '../../protocols/deadlock/wait-graph.ts'
import { Channel } from '../processes/channel.ts'
import { BoundedQueue } from '../data/bounded-queue.ts'
import { Barrier } from '../waiting/barrier.ts'
import { Condition } from '../waiting/condition.ts'
import { Event } from '../waiting/event.ts'
import { Lock } from '../waiting/lock.ts'
import { Once } from '../waiting/once.ts'
import { RWLock } from '../waiting/reader-writer-lock.ts'
import { RLock } from '../waiting/reentrant-lock.ts'
import { Semaphore } from '../waiting/semaphore.ts'
import { sharesMax } from '../waiting/shares.ts'
import { self } from '../memory/parties.ts'
import { graphOfArena } from './graph-of-arena.ts'

const me = self()

function resourceOf(name: string): Resource {
  const found = graphOfArena().resources.find((resource) => resource.name === name)
  assert.ok(found !== undefined, `${name} is not in the graph`)
  return found
}

/** Units that the wait for it wants. */
function wantedOf(name: string): number | undefined {
  const { id } = resourceOf(name)
  return graphOfArena().waits.find(({ resource }) => resource === id)?.count
}

describe('in the graph of waits', () => {
  it('a reentrant lock is one unit with its owner, however often that took it', async () => {
    const lock = new RLock({ name: 'again' })
    await lock.acquireAsync()
    await lock.acquireAsync()
    assert.partialDeepStrictEqual(resourceOf('again'), { kind: 'lock', available: 0, providers: 'holders' })
    assert.deepEqual(resourceOf('again').holders, [{ party: me, count: 1 }])
    lock.close()
  })

  it('a semaphore has its units with those who took them, and a wait wants as many as it asked for', async () => {
    const units = new Semaphore(3, { name: 'units', fair: true })
    await units.acquireAsync({ count: 2 })
    const wanted = units.acquireAsync({ count: 3 })
    const shape = { kind: 'semaphore', available: 1, providers: 'usually-holders', isFair: true } as const
    assert.partialDeepStrictEqual(resourceOf('units'), shape)
    assert.deepEqual(resourceOf('units').holders, [{ party: me, count: 2 }])
    assert.equal(wantedOf('units'), 3)
    units.release(2)
    await wanted
    units.close()
  })

  it('a semaphore that starts with none is a signal, which anyone may give', async () => {
    const signal = new Semaphore(0, { name: 'signal' })
    const wanted = signal.acquireAsync()
    assert.partialDeepStrictEqual(resourceOf('signal'), { providers: 'anyone', holders: [], available: 0 })
    signal.release()
    await wanted
    signal.close()
  })

  it('a read-write lock gives a reader one unit and a writer all', async () => {
    const lock = new RWLock({ name: 'table' })
    await lock.acquireReadAsync()
    assert.deepEqual(resourceOf('table').holders, [{ party: me, count: 1 }])
    const written = lock.acquireWriteAsync()
    assert.equal(wantedOf('table'), sharesMax)
    assert.equal(resourceOf('table').available, sharesMax - 1)
    lock.releaseRead()
    await written
    assert.deepEqual(resourceOf('table').holders, [{ party: me, count: sharesMax }])
    const read = lock.acquireReadAsync()
    assert.equal(wantedOf('table'), 1)
    lock.releaseWrite()
    await read
    lock.close()
  })

  it('only a read-write lock that prefers readers lets them pass a writer', async () => {
    for (const prefer of ['readers', 'writers', 'fair'] as const) {
      const lock = new RWLock({ name: prefer, prefer })
      await lock.acquireReadAsync()
      assert.equal(resourceOf(prefer).isFair, prefer !== 'readers')
      lock.close()
    }
  })

  it('who runs a once holds it until it is done', async () => {
    const once = new Once({ name: 'setup' })
    const gate = Promise.withResolvers<void>()
    const running = once.runAsync(() => gate.promise)
    const waiting = once.runAsync(() => undefined)
    assert.partialDeepStrictEqual(resourceOf('setup'), { kind: 'once', providers: 'holders', available: 0 })
    assert.deepEqual(resourceOf('setup').holders, [{ party: me, count: 1 }])
    gate.resolve()
    assert.deepEqual(await Promise.all([running, waiting]), [true, false])
    once.close()
  })

  it('a barrier may be completed by anyone while not all of its parties have ever come', async () => {
    const barrier = new Barrier(2, { name: 'gate' })
    const waiting = barrier.waitAsync()
    assert.partialDeepStrictEqual(resourceOf('gate'), { kind: 'barrier', providers: 'anyone' })
    barrier.abort()
    await assert.rejects(waiting)
    barrier.close()
  })

  it('an event, a condition and a channel may be given by anyone', async () => {
    const [event, condition] = [new Event({ name: 'set' }), new Condition({ name: 'changed' })]
    const channel = new Channel<string>({ name: 'letters' })
    await condition.lock.acquireAsync()
    const waits = [event.waitAsync(), condition.waitAsync(), channel.receiveAsync()]
    for (const [name, kind] of Object.entries({ set: 'event', changed: 'condition', letters: 'channel' }))
      assert.partialDeepStrictEqual(resourceOf(name), { kind, providers: 'anyone', holders: [] })
    event.set()
    await condition.lock.acquireAsync()
    condition.notify()
    condition.lock.release()
    await channel.sendAsync('a')
    await Promise.all(waits)
    condition.lock.release()
    for (const each of [event, condition, channel]) each.close()
  })

  it('what sleeps on a queue in shared memory waits for something that anyone may give', async () => {
    const queue = BoundedQueue.ofNumbers({ capacity: 1 })
    const taken = queue.takeAsync()
    const { waits, resources } = graphOfArena()
    const awaited = resources.filter(({ id }) => waits.some(({ resource }) => resource === id))
    assert.partialDeepStrictEqual(awaited, [{ kind: 'other', providers: 'anyone', holders: [] }])
    queue.tryPut(1)
    await taken
  })

  it('a wait says whether it ends by itself', async () => {
    const lock = new Lock({ name: 'L1' })
    await lock.acquireAsync()
    const waits = [lock.acquireAsync(), lock.acquireAsync({ timeoutMs: 60_000 })]
    const { id } = resourceOf('L1')
    const told = graphOfArena().waits.filter(({ resource }) => resource === id)
    assert.deepEqual(
      told.map(({ hasDeadline }) => hasDeadline),
      [false, true],
    )
    lock.release()
    await waits[0]
    lock.release()
    await waits[1]
    lock.close()
  })
})

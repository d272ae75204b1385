/** Every primitive with four threads at once: what it promises holds at each moment, and nobody waits in vain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedArray } from '../../src/threads/data/shared-array.ts'
import { waitsFor } from '../../src/threads/waiting/waits.ts'
import { Barrier } from '../../src/threads/waiting/barrier.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { Event } from '../../src/threads/waiting/event.ts'
import { Lock, placeOfLock } from '../../src/threads/waiting/lock.ts'
import { Once } from '../../src/threads/waiting/once.ts'
import { RLock } from '../../src/threads/waiting/reentrant-lock.ts'
import { RWLock } from '../../src/threads/waiting/reader-writer-lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { Actor, until } from './fixtures/actor.ts'

type Things = Record<string, object>

/** So many threads with the same things; what each of them gives. */
async function inThreads(
  things: Things,
  count: number,
  what: (actor: Actor, own: number) => Promise<unknown>,
): Promise<unknown[]> {
  await using stack = new AsyncDisposableStack()
  const actors = await Promise.all(Array.from({ length: count }, () => Actor.start(things)))
  for (const actor of actors) stack.use(actor)
  return await Promise.all(actors.map(what))
}

function cells(): SharedArray<'int32'> {
  return new SharedArray('int32', 16)
}

for (const fair of [false, true]) {
  const kind = fair ? 'fair' : 'unfair'
  const rounds = fair ? 2_000 : 20_000
  for (const [name, lock, exercise] of [
    ['Lock', new Lock({ fair }), 'lock'],
    ['RLock', new RLock({ fair }), 'reentrantLock'],
    ['awaited Lock', new Lock({ fair }), 'lockAwaited'],
  ] as const)
    test(`four threads that add under one ${kind} ${name} lose no addition`, async () => {
      const things = { lock, cells: cells() }
      const each = exercise === 'lockAwaited' ? 1_000 : rounds
      await inThreads(things, 4, (actor) => actor.do('exercise', exercise, each))
      assert.equal(things.cells.get(0), 4 * each)
      assert.equal(lock.isHeld, false)
    })

  test(`a ${kind} semaphore never lets in more than it has units, and has them all again afterwards`, async () => {
    const things = { semaphore: new Semaphore(2, { fair }), cells: cells() }
    await inThreads(things, 4, (actor) => actor.do('exercise', 'permits', rounds, 2))
    assert.equal(things.cells.get(1), 0)
    assert.equal(things.semaphore.value, 2)
  })
}

for (const prefer of ['readers', 'writers', 'fair'] as const)
  test(`a read-write lock for ${prefer} lets in many readers or one writer`, async () => {
    const things = { lock: new RWLock({ prefer }), cells: cells() }
    await inThreads(things, 4, (actor, own) => actor.do('exercise', 'readAndWrite', 2_000, own))
    assert.equal(things.cells.get(1), 0)
    assert.equal(things.lock.tryAcquireWrite(), true)
  })

test('nobody passes a barrier before all have come, in a thousand phases', async () => {
  const things = { barrier: new Barrier(4), cells: cells() }
  const wrong = await inThreads(things, 4, (actor, own) => actor.do('exercise', 'barrier', 1_000, own, 4))
  assert.deepEqual(wrong, [0, 0, 0, 0])
})

for (const [how, exercises] of [
  ['two conditions of one lock', ['produce', 'consume']],
  ['a monitor', ['monitored', 'monitored']],
] as const)
  test(`by ${how}, two producers and two consumers lose and double nothing`, async () => {
    const lock = new Lock()
    const things = { lock, full: new Condition({ lock }), empty: new Condition({ lock }), cells: cells() }
    const sums = await inThreads(things, 4, (actor, own) =>
      actor.do('exercise', exercises[own % 2] ?? '', 1_000, own % 2 === 0),
    )
    const taken = sums.filter((_, own) => own % 2 === 1).map(Number)
    assert.equal(
      taken.reduce((left, right) => left + right),
      2 * ((1_000 * 1_001) / 2),
    )
  })

test('two threads take a thousand turns by two events', async () => {
  const things = { ping: new Event(), pong: new Event() }
  things.ping.set()
  await inThreads(things, 2, (actor, own) => actor.do('exercise', 'turns', 1_000, own === 0))
  assert.equal(things.ping.isSet, true)
})

test('of four threads that come at once, one runs the action, and all find it done', async () => {
  const things = { once: new Once(), cells: cells() }
  const ran = await inThreads(things, 4, (actor) => actor.do('exercise', 'runOnce'))
  assert.equal(ran.filter(Boolean).length, 1)
  assert.equal(things.cells.get(0), 1)
})

test('an action that throws is run by the next thread', async () => {
  const things = { once: new Once(), cells: cells() }
  await inThreads(things, 1, (actor) => assert.rejects(actor.do('exercise', 'failOnce'), /the action failed/))
  assert.equal(things.once.isDone, false)
  assert.deepEqual(await inThreads(things, 1, (actor) => actor.do('exercise', 'runOnce')), [true])
})

test('a fair lock is had in the order in which the threads began to wait', async () => {
  const lock = new Lock({ fair: true })
  const things = { lock }
  await lock.acquireAsync()
  const order: number[] = []
  await inThreads(things, 4, async (actor, own) => {
    // One after the other, so that the order is known.
    await until(() => waitsFor(placeOfLock(lock).index).length === own, `${own} wait`)
    const has = actor.do('lock', 'acquire')
    if (own === 3) {
      await until(() => waitsFor(placeOfLock(lock).index).length === 4, 'all wait')
      lock.release()
    }
    await has
    order.push(own)
    await actor.do('lock', 'release')
  })
  assert.deepEqual(order, [0, 1, 2, 3])
})

test('a fair semaphore serves a wait for many units before those that came later for few', async () => {
  const semaphore = new Semaphore(0, { fair: true })
  const order: string[] = []
  const many = semaphore.acquireAsync({ count: 3 }).then(() => order.push('many'))
  const few = semaphore.acquireAsync().then(() => order.push('few'))
  semaphore.release(2)
  assert.equal(semaphore.value, 2)
  semaphore.release(2)
  await Promise.all([many, few])
  assert.deepEqual(order, ['many', 'few'])
})

/**
 * Deaths between two steps, made by hand: the words are set as a thread leaves them that is stopped there, then its party is
 * recovered. Random kills hit these places too seldom to be relied on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { addParty, party, partyKind, partyRow, partyState, setPartyWord } from '../memory/parties.ts'
import { isInForce, type Place, primitive, primitiveRow, removePrimitive } from '../memory/primitives.ts'
import { serve } from '../travel/remote.ts'
import { pack, type Shareable } from '../travel/shareable.ts'
import { Condition } from './condition.ts'
import { Event } from './event.ts'
import { Lock, placeOfLock } from './lock.ts'
import { Once } from './once.ts'
import { RWLock } from './reader-writer-lock.ts'
import { recoverParty } from './recovery.ts'
import { RLock } from './reentrant-lock.ts'
import { Semaphore } from './semaphore.ts'
import { grant, openAsyncWait, waitIn, waitsFor } from './waits.ts'

function another(): number {
  return addParty({ name: 'B', kind: partyKind.remote, state: partyState.running, pid: process.pid, threadId: 9 })
}

function placeOf(thing: Shareable): Place {
  const state = thing[pack]().state as Place | { place: Place }
  return 'place' in state ? state.place : state
}

function firstWord(thing: Shareable): number {
  return primitiveRow(placeOf(thing).index) + primitive.own
}

const codeOf = (error: unknown): string => (isCardumenError(error) ? error.code : String(error))
const settled = (waits: Promise<unknown>): Promise<string> => waits.then(() => 'had it', codeOf)

for (const [what, make, wait] of [
  ['Event', () => new Event(), 'waitAsync'],
  ['Semaphore', () => new Semaphore(0), 'acquireAsync'],
  ['Condition', () => new Condition(), 'waitAsync'],
  ['RWLock', () => new RWLock(), 'acquireWriteAsync'],
] as const)
  test(`whoever waits for ${what === 'Event' ? 'an' : what === 'RWLock' ? 'an' : 'a'} ${what} hears that it was closed, also where the closer died before it said so`, async () => {
    const it = make()
    if (it instanceof RWLock) await it.acquireReadAsync()
    if (it instanceof Condition) await it.lock.acquireAsync()
    const waits = (it as unknown as Record<string, (options: object) => Promise<void>>)[wait]?.({ timeoutMs: 10_000 })
    assert.ok(waits)
    removePrimitive(placeOf(it))
    recoverParty(another())
    assert.equal(await settled(waits), 'closed')
  })

for (const fair of [false, true])
  test(`a ${fair ? 'fair' : 'plain'} lock whose closer died on the way is closed, and its waiters hear of it`, async () => {
    const lock = new Lock({ fair })
    await lock.acquireAsync()
    const waits = settled(lock.acquireAsync({ timeoutMs: 10_000 }))
    Atomics.store(arena().words, firstWord(lock), -1)
    recoverParty(another())
    assert.equal(await waits, 'closed')
    assert.equal(isInForce(placeOfLock(lock)), false)
  })

test('to close a lock does nothing to the lock that has its row since', () => {
  const old = new Lock()
  const place = placeOfLock(old)
  old.close()
  const { words } = arena()
  const [generation, word] = [primitive.generation, primitive.own].map((own) => primitiveRow(place.index) + own)
  assert.ok(generation !== undefined && word !== undefined)
  // As if its row came round again while it was being closed: just after the look whether it is in force.
  words[generation] = place.generation
  words[word] = ((place.generation + 2) << 16) | 7
  old.close()
  assert.throws(() => old.release(), { code: 'closed' })
  assert.equal(words[word], ((place.generation + 2) << 16) | 7)
})

test('a lock whose generation has its highest bit works, and is closed', async () => {
  const place = placeOfLock(new Lock())
  const { words } = arena()
  const generation = 0xfffe
  words[primitiveRow(place.index) + primitive.generation] = generation
  words[primitiveRow(place.index) + primitive.own] = generation << 16
  const lock = new Lock({}, { place: { index: place.index, generation }, isFair: true })
  await lock.acquireAsync()
  const waits = settled(lock.acquireAsync({ timeoutMs: 10_000 }))
  lock.release()
  assert.equal(await waits, 'had it')
  assert.throws(() => lock[serve](another(), 'release', undefined, {}), { code: 'not-owner' })
  const last = settled(lock.acquireAsync({ timeoutMs: 10_000 }))
  lock.close()
  assert.equal(await last, 'closed')
  assert.throws(() => lock.tryAcquire(), { code: 'closed' })
})

test('who dies holding an RLock twice leaves the next owner a count that begins anew', async () => {
  const lock = new RLock()
  const dead = another()
  for (let depth = 0; depth < 2; depth++) await lock[serve](dead, 'acquire', undefined, {})
  recoverParty(dead)
  assert.throws(() => lock.tryAcquire(), { code: 'holder-died' })
  assert.equal(lock.tryAcquire(), true)
  lock.release()
  assert.equal(lock.isHeld, false)
})

for (const fair of [false, true])
  test(`each of those who wait for a ${fair ? 'fair' : 'plain'} lock hears once that its owner died, and then it is free`, async () => {
    const lock = new Lock({ fair })
    const dead = another()
    await lock[serve](dead, 'acquire', undefined, {})
    const waits = [1, 2, 3].map(() => settled(lock.acquireAsync({ timeoutMs: 10_000 })))
    recoverParty(dead)
    assert.deepEqual(await Promise.all(waits), ['holder-died', 'holder-died', 'holder-died'])
    assert.equal(lock.tryAcquire(), true)
  })

test('units that were granted to one that died before it knew come back, once', () => {
  const semaphore = new Semaphore(2, { fair: true })
  const dead = another()
  const { index } = placeOf(semaphore)
  assert.equal(semaphore.tryAcquire(2), true)
  const row = openAsyncWait(dead, { primitive: index, mode: 2 })
  // Its mark, as whoever waits leaves it.
  Atomics.store(arena().words, firstWord(semaphore) + 1, 1)
  semaphore.release(2)
  assert.equal(waitIn(row), undefined)
  assert.equal(semaphore.value, 0)
  recoverParty(dead)
  assert.equal(semaphore.value, 2)
})

test('a fair semaphore is had at once where one that wanted too many units died waiting', () => {
  const semaphore = new Semaphore(2, { fair: true })
  const dead = another()
  assert.equal(semaphore.tryAcquire(), true)
  openAsyncWait(dead, { primitive: placeOf(semaphore).index, mode: 2 })
  // Its mark, as whoever waits leaves it.
  Atomics.store(arena().words, firstWord(semaphore) + 1, 1)
  assert.equal(semaphore.tryAcquire(), false)
  recoverParty(dead)
  assert.equal(semaphore.tryAcquire(), true)
})

test('units in the hand of one that died on its way to a waiter come back', async () => {
  const semaphore = new Semaphore(3, { fair: true })
  const dead = another()
  Atomics.sub(arena().words, firstWord(semaphore), 2)
  setPartyWord(dead, party.handing, placeOf(semaphore).index)
  arena().words[partyRow(dead) + party.handed] = 2
  const waits = semaphore.acquireAsync({ count: 3, timeoutMs: 10_000 })
  recoverParty(dead)
  await waits
  assert.equal(semaphore.value, 0)
})

test('an RWLock whose writer died is had by nobody before somebody was told', async () => {
  for (const prefer of ['readers', 'writers', 'fair'] as const) {
    const lock = new RWLock({ prefer })
    const dead = another()
    assert.equal(await lock[serve](dead, 'tryAcquireWrite', undefined, {}), true)
    recoverParty(dead)
    // One whose wait has just begun, and that has not looked yet.
    const late = another()
    const row = openAsyncWait(late, { primitive: placeOf(lock).index, mode: 1 })
    recoverParty(another())
    assert.notEqual(waitIn(row), undefined, prefer)
    recoverParty(late)
    assert.throws(() => lock.tryAcquireRead(), { code: 'holder-died' })
    assert.equal(lock.tryAcquireRead(), true)
  }
})

test('a grant for a condition that its waiter did not live to see goes to the next', async () => {
  const condition = new Condition()
  const dead = another()
  const { index } = placeOf(condition)
  openAsyncWait(dead, { primitive: index })
  await condition.lock.acquireAsync()
  const waits = settled(condition.waitAsync({ timeoutMs: 10_000 }))
  const first = waitsFor(index)[0]
  assert.ok(first !== undefined && grant(first))
  recoverParty(dead)
  assert.equal(await waits, 'had it')
})

test('what one that died was running once is run by the next', async () => {
  const once = new Once()
  const dead = another()
  assert.equal(await once[serve](dead, 'begin', undefined, {}), true)
  const waits = once.runAsync(() => undefined, { timeoutMs: 10_000 })
  recoverParty(dead)
  assert.equal(await waits, true)
  assert.equal(once.isDone, true)
})

test('an action that throws leaves it to the next, and one that returns leaves nothing to do', async () => {
  const once = new Once()
  const fail = (): never => {
    throw new RangeError('not yet')
  }
  const first = settled(once.runAsync(fail))
  const second = once.runAsync(() => undefined)
  const third = once.runAsync(fail)
  assert.match(await first, /not yet/)
  assert.deepEqual([await second, await third, await once.runAsync(fail)], [true, false, false])
})

/** What each primitive refuses, and with which code: wrong options, who may not release, one release too many, use after close. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { addParty, partyKind, partyState, removeParty } from '../memory/parties.ts'
import { type Served, serve } from '../travel/remote.ts'
import { Barrier } from './barrier.ts'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Condition } from './condition.ts'
import { Event } from './event.ts'
import { Lock } from './lock.ts'
import { monitor } from './monitor.ts'
import { Once } from './once.ts'
import { RWLock } from './reader-writer-lock.ts'
import { RLock } from './reentrant-lock.ts'
import { Semaphore } from './semaphore.ts'

/** As a program without types might give it. */
const wrong = (value: unknown): never => value as never

async function codeOf(action: () => unknown): Promise<ErrorCode | 'none'> {
  try {
    await action()
    return 'none'
  } catch (error) {
    if (!isCardumenError(error)) throw error
    return error.code
  }
}

const wrongOptions: readonly (readonly [what: string, make: () => unknown])[] = [
  ['Lock with a number as its name', () => new Lock({ name: wrong(5) })],
  ['Lock that is fair by a text', () => new Lock({ fair: wrong('yes') })],
  ['RLock with a number as its name', () => new RLock({ name: wrong(5) })],
  ['RLock that is fair by a number', () => new RLock({ fair: wrong(1) })],
  ['Semaphore of -1 units', () => new Semaphore(-1)],
  ['Semaphore of half a unit', () => new Semaphore(0.5)],
  ['Semaphore of NaN units', () => new Semaphore(Number.NaN)],
  ['Semaphore of 2^31 units', () => new Semaphore(2 ** 31)],
  ['Semaphore of a text', () => new Semaphore(wrong('1'))],
  ['Semaphore that recovers by a text', () => new Semaphore(1, { recover: wrong('no') })],
  ['Semaphore with an object as its name', () => new Semaphore(1, { name: wrong({}) })],
  ['BoundedSemaphore of no units', () => new BoundedSemaphore(0)],
  ['BoundedSemaphore that is fair by a text', () => new BoundedSemaphore(1, { fair: wrong('') })],
  ['Event with a number as its name', () => new Event({ name: wrong(5) })],
  ['Condition with a number as its name', () => new Condition({ name: wrong(5) })],
  ['Condition under an RLock', () => new Condition({ lock: wrong(new RLock()) })],
  ['Condition under what is no lock', () => new Condition({ lock: wrong({}) })],
  ['Barrier of no parties', () => new Barrier(0)],
  ['Barrier of more parties than there can be', () => new Barrier(1_023)],
  ['Barrier of a text', () => new Barrier(wrong('2'))],
  ['Barrier with a number as its action', () => new Barrier(2, { action: wrong(5) })],
  ['Barrier with an action of no module', () => new Barrier(2, { action: wrong({ name: 'report' }) })],
  ['Barrier with an action of a relative path', () => new Barrier(2, { action: { module: './a.ts', name: 'report' } })],
  ['RWLock that prefers nobody known', () => new RWLock({ prefer: wrong('nobody') })],
  ['RWLock with a number as its name', () => new RWLock({ name: wrong(5) })],
  ['Once with a number as its name', () => new Once({ name: wrong(5) })],
  ['monitor with a method called within', () => monitor({}, { within: () => undefined })],
  ['monitor with a method called as the other form of one', () => monitor({}, { a: () => 1, aAsync: () => 2 })],
  ['monitor with an asynchronous method', () => monitor({}, { put: async () => undefined })],
  ['monitor with a method that is no function', () => monitor({}, { put: wrong(5) })],
]

for (const [what, make] of wrongOptions)
  test(`a ${what} is refused with option-invalid`, async () => {
    assert.equal(await codeOf(make), 'option-invalid')
  })

const ofOne = new Semaphore(1)
const wrongCalls: readonly (readonly [what: string, call: () => unknown])[] = [
  ['acquire of 0 units', () => ofOne.acquireAsync({ count: 0 })],
  ['acquire of half a unit', () => ofOne.tryAcquire(0.5)],
  ['release of -1 units', () => ofOne.release(-1)],
  ['acquire of more units than the bound', () => new BoundedSemaphore(2).acquireAsync({ count: 3 })],
  ['wait with a signal that is none', () => ofOne.acquireAsync({ signal: wrong(5) })],
  ['wait for half an hour in words', () => ofOne.acquireAsync({ timeoutMs: wrong('30 min') })],
  ['wait until BigInt', () => ofOne.acquireAsync({ timeoutMs: wrong(5n) })],
]

for (const [what, call] of wrongCalls)
  test(`${what} is refused with option-invalid, and takes nothing`, async () => {
    assert.equal(await codeOf(call), 'option-invalid')
    assert.equal(ofOne.value, 1)
  })

/** Another thread, as the home of a primitive knows it. */
function inAnother(thing: Served, operation: string, argument?: unknown): unknown {
  const party = addParty({
    name: 'stranger',
    kind: partyKind.remote,
    state: partyState.running,
    pid: process.pid,
    threadId: 9,
  })
  try {
    return thing[serve](party, operation, argument, {})
  } finally {
    removeParty(party)
  }
}

const owned = [
  ['Lock', () => new Lock(), 'acquireAsync', 'release'],
  ['fair Lock', () => new Lock({ fair: true }), 'acquireAsync', 'release'],
  ['RLock', () => new RLock(), 'acquireAsync', 'release'],
  ['RWLock that is written', () => new RWLock(), 'acquireWriteAsync', 'releaseWrite'],
] as const

for (const [what, make, acquire, release] of owned) {
  type Owned = Served & Record<string, () => unknown>

  test(`a ${what} that nobody holds cannot be released: not-held`, async () => {
    const it = make() as unknown as Owned
    assert.equal(await codeOf(() => it[release]?.()), 'not-held')
  })

  test(`a ${what} is released once, and then not-held`, async () => {
    const it = make() as unknown as Owned
    await it[acquire]?.()
    it[release]?.()
    assert.equal(await codeOf(() => it[release]?.()), 'not-held')
  })

  test(`a stranger that releases a ${what} is refused with not-owner, and it stays held`, async () => {
    const it = make() as unknown as Owned
    await it[acquire]?.()
    assert.equal(await codeOf(() => inAnother(it, release)), 'not-owner')
    it[release]?.()
  })
}

test('a share of an RWLock is given back by who has it only: not-held', async () => {
  const lock = new RWLock()
  await lock.acquireReadAsync()
  assert.equal(await codeOf(() => inAnother(lock, 'releaseRead')), 'not-held')
  lock.releaseRead()
  assert.equal(await codeOf(() => lock.releaseRead()), 'not-held')
})

test('a share is never made a write lock: who reads and writes at once is not let in', async () => {
  const lock = new RWLock()
  await lock.acquireReadAsync()
  assert.equal(lock.tryAcquireWrite(), false)
  assert.equal(await codeOf(() => lock.acquireWriteAsync({ timeoutMs: 0 })), 'timed-out')
  lock.releaseRead()
  assert.equal(lock.tryAcquireWrite(), true)
})

test('a bounded semaphore that was not acquired refuses a release with semaphore-overflow', async () => {
  const semaphore = new BoundedSemaphore(2)
  assert.equal(await codeOf(() => semaphore.release()), 'semaphore-overflow')
  assert.equal(semaphore.tryAcquire(), true)
  assert.equal(await codeOf(() => semaphore.release(2)), 'semaphore-overflow')
  assert.equal(semaphore.value, 1)
})

test('a semaphore of all units that there can be refuses one more, and keeps what it has', async () => {
  const semaphore = new Semaphore(2_147_483_647)
  assert.equal(await codeOf(() => semaphore.release()), 'semaphore-overflow')
  assert.equal(semaphore.value, 2_147_483_647)
})

test('anybody may give a unit of a semaphore', () => {
  const semaphore = new Semaphore(0)
  inAnother(semaphore, 'release')
  assert.equal(semaphore.value, 1)
})

test('a condition is waited for and notified by whoever holds its lock: not-owner', async () => {
  const condition = new Condition()
  for (const call of [() => condition.waitAsync(), () => condition.notify(), () => condition.notifyAll()])
    assert.equal(await codeOf(call), 'not-owner')
})

for (const count of [0, -1, 0.5, Infinity])
  test(`to notify ${count} waits is refused with option-invalid`, async () => {
    const condition = new Condition()
    using _held = await condition.lock.holdAsync()
    assert.equal(await codeOf(() => condition.notify(count)), 'option-invalid')
  })

const closable: readonly (readonly [what: string, make: () => { close(): void }, uses: readonly string[]])[] = [
  ['Lock', () => new Lock(), ['tryAcquire', 'acquireAsync', 'release']],
  ['fair Lock', () => new Lock({ fair: true }), ['tryAcquire', 'acquireAsync', 'release']],
  ['RLock', () => new RLock(), ['tryAcquire', 'acquireAsync', 'release']],
  ['Semaphore', () => new Semaphore(1), ['tryAcquire', 'acquireAsync', 'release', 'value']],
  ['BoundedSemaphore', () => new BoundedSemaphore(1), ['tryAcquire', 'acquireAsync', 'release', 'value']],
  ['Event', () => new Event(), ['set', 'clear', 'waitAsync', 'isSet']],
  ['Condition', () => new Condition(), ['notify', 'notifyAll', 'waitAsync']],
  ['Barrier', () => new Barrier(1), ['waitAsync', 'abort', 'reset', 'arrived', 'isBroken']],
  [
    'RWLock',
    () => new RWLock(),
    ['tryAcquireRead', 'acquireReadAsync', 'releaseRead', 'tryAcquireWrite', 'acquireWriteAsync', 'releaseWrite'],
  ],
  ['Once', () => new Once(), ['runAsync', 'isDone']],
]

for (const [what, make, uses] of closable)
  test(`a ${what} that was closed refuses every use with closed, and closing it again does nothing`, async () => {
    const it = make()
    it.close()
    it.close()
    const use = (name: string): unknown => {
      const got: unknown = Reflect.get(it, name)
      return typeof got === 'function'
        ? Reflect.apply(got, it, [() => undefined].slice(name === 'runAsync' ? 0 : 1))
        : got
    }
    for (const name of uses) assert.equal(await codeOf(() => use(name)), 'closed', name)
  })

test('a lock that is closed by its holder while others wait ends their waits with closed', async () => {
  const lock = new Lock({ fair: true })
  await lock.acquireAsync()
  const waits = [lock.acquireAsync(), lock.acquireAsync()].map((each) => codeOf(() => each))
  lock.close()
  assert.deepEqual(await Promise.all(waits), ['closed', 'closed'])
  assert.equal(await codeOf(() => lock.release()), 'closed')
})

test('a name of more than 62 bytes is cut, and the primitive works under what is left', async () => {
  const lock = new Lock({ name: 'ñ'.repeat(40) })
  assert.equal(lock.name, 'ñ'.repeat(31))
  assert.equal(lock.tryAcquire(), true)
  lock.release()
  await assert.rejects(async () => lock.release(), /ñ{31}"/)
})

/** Many tasks of one thread that await the same things: what each may count on, and what thousands of them cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { partiesMax, waitsMax } from '../memory/arena.ts'
import { Event } from './event.ts'
import { Lock } from './lock.ts'
import { RWLock } from './reader-writer-lock.ts'
import { RLock } from './reentrant-lock.ts'
import { Semaphore } from './semaphore.ts'
import { openWaits } from './waits.ts'

for (const fair of [false, true]) {
  const kind = fair ? 'fair' : 'unfair'

  test(`${kind === 'fair' ? 'a' : 'an'} ${kind} RLock is free after as many releases as there were acquires, and not before`, async () => {
    const lock = new RLock({ fair })
    for (let depth = 0; depth < 5; depth++) await lock.acquireAsync()
    for (let depth = 5; depth > 0; depth--) {
      assert.equal(lock.isHeld, true)
      lock.release()
    }
    assert.equal(lock.isHeld, false)
  })

  test(`two tasks that take an ${kind} RLock at the same moment hold it twice`, async () => {
    const lock = new RLock({ fair })
    await Promise.all([lock.acquireAsync(), lock.acquireAsync()])
    lock.release()
    assert.equal(lock.isHeld, true)
    lock.release()
    assert.equal(lock.isHeld, false)
  })

  test(`a task that has given up is let go, or has the ${kind} lock, whatever others do before it looks`, async () => {
    const lock = new Lock({ fair })
    await lock.acquireAsync()
    const gaveUp = new AbortController()
    const waits = lock.acquireAsync({ signal: gaveUp.signal })
    gaveUp.abort()
    lock.release()
    // A fair one is the waiter's already, and it has it.
    assert.equal(lock.tryAcquire(), !fair)
    if (fair) await waits
    else await assert.rejects(waits, { code: 'cancelled' })
    lock.release()
  })

  test(`${kind === 'fair' ? 'a' : 'an'} ${kind} lock that one task releases while another awaits it goes to that one, once`, async () => {
    const lock = new Lock({ fair })
    await lock.acquireAsync()
    let has = 0
    const waits = [1, 2].map(() => lock.acquireAsync({ timeoutMs: 10_000 }).then(() => has++))
    lock.release()
    await waits[0]
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(has, 1)
    lock.release()
    await waits[1]
    lock.release()
    assert.equal(lock.isHeld, false)
  })
}

const many = 1_500
const things = [
  ['Lock', () => new Lock()],
  ['fair Lock', () => new Lock({ fair: true })],
  ['Semaphore', () => new Semaphore(1)],
  ['fair Semaphore', () => new Semaphore(1, { fair: true })],
] as const

for (const [what, make] of things)
  test(`${many} tasks have a ${what} one after the other, and none is forgotten`, async () => {
    const it = make()
    let inside = 0
    let most = 0
    const turn = async (): Promise<void> => {
      using _held = await it.holdAsync({ timeoutMs: 60_000 })
      most = Math.max(most, ++inside)
      await Promise.resolve()
      inside--
    }
    await Promise.all(Array.from({ length: many }, turn))
    assert.equal(most, 1)
    assert.equal(it.tryAcquire(), true)
  })

test('awaited waits beyond the room of the table are refused with capacity-reached, and nothing of them is left', async () => {
  const room = waitsMax - partiesMax
  const before = openWaits().length
  const event = new Event()
  const waits = Array.from({ length: room - before }, () => event.waitAsync())
  const refused = [
    new Semaphore(0).acquireAsync(),
    event.waitAsync(),
    new RWLock().acquireReadAsync(),
    new Lock().acquireAsync(),
  ]
  for (const each of refused)
    await assert.rejects(each, (error) => isCardumenError(error, 'capacity-reached') && error.message.includes('15360'))
  assert.equal(openWaits().length, room)
  event.set()
  await Promise.all(waits)
  assert.equal(openWaits().length, before)
  await new Event()
    .waitAsync({ timeoutMs: 1 })
    .catch((error: unknown) => assert.ok(isCardumenError(error, 'timed-out')))
})

/** Conditions and monitors: what a notification reaches, what a wait that fails leaves, and that the lock is always where it is said to be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { Condition } from './condition.ts'
import { Lock } from './lock.ts'
import { monitor } from './monitor.ts'

test('a notification that nobody waits for reaches nobody, and is not kept for whoever comes', async () => {
  const condition = new Condition()
  await condition.lock.acquireAsync()
  assert.deepEqual([condition.notify(), condition.notifyAll()], [0, 0])
  await assert.rejects(condition.waitAsync({ timeoutMs: 1 }), { code: 'timed-out' })
  condition.lock.release()
})

test('a notification reaches those who have waited longest, as many as it is for', async () => {
  const condition = new Condition()
  const order: number[] = []
  const waits = [0, 1, 2].map(async (own) => {
    await condition.lock.acquireAsync()
    await condition.waitAsync({ timeoutMs: 10_000 })
    order.push(own)
    condition.lock.release()
  })
  // Whoever comes to the lock after them finds all three waiting.
  await condition.lock.acquireAsync()
  assert.equal(condition.notify(2), 2)
  condition.lock.release()
  await Promise.all(waits.slice(0, 2))
  assert.deepEqual(order, [0, 1])
  await condition.lock.acquireAsync()
  assert.equal(condition.notifyAll(), 1)
  condition.lock.release()
  await waits[2]
})

for (const [how, options] of [
  ['times out', { timeoutMs: 1 }],
  ['is cancelled', { signal: AbortSignal.timeout(1) }],
] as const)
  test(`a wait that ${how} has the lock again`, async () => {
    const condition = new Condition()
    await condition.lock.acquireAsync()
    await assert.rejects(condition.waitAsync(options))
    assert.equal(condition.lock.isHeld, true)
    condition.lock.release()
  })

test('a wait that is given up before it begins keeps the lock all the time', async () => {
  const condition = new Condition()
  await condition.lock.acquireAsync()
  const other = condition.lock.acquireAsync({ timeoutMs: 5 }).then(
    () => 'had it',
    (error: unknown) => (isCardumenError(error) ? error.code : 'other'),
  )
  await assert.rejects(condition.waitAsync({ signal: AbortSignal.abort() }), { code: 'cancelled' })
  assert.equal(await other, 'timed-out')
  condition.lock.release()
})

test('waitFor asks its predicate under the lock, and its time is for all of its waits', async () => {
  const condition = new Condition()
  await condition.lock.acquireAsync()
  let asked = 0
  await assert.rejects(
    condition.waitForAsync(
      () => {
        assert.equal(condition.lock.isHeld, true)
        return ++asked > 1_000
      },
      { timeoutMs: 5 },
    ),
    { code: 'timed-out' },
  )
  assert.ok(asked >= 1)
  await condition.waitForAsync(() => true)
  condition.lock.release()
})

test('a condition that is closed while it is waited for leaves the waiter with the lock', async () => {
  const condition = new Condition()
  await condition.lock.acquireAsync()
  const waits = condition.waitAsync()
  condition.close()
  await assert.rejects(waits, { code: 'closed' })
  assert.equal(condition.lock.isHeld, true)
  condition.lock.release()
})

test('a lock that is closed while its condition is waited for ends the wait once it is notified', async () => {
  const lock = new Lock()
  const condition = new Condition({ lock })
  await lock.acquireAsync()
  const waits = condition.waitAsync()
  await lock.acquireAsync()
  condition.notify()
  lock.close()
  await assert.rejects(waits, { code: 'closed' })
})

function counterOf(lock = new Lock()): { lock: Lock; counter: ReturnType<typeof makeCounter> } {
  return { lock, counter: makeCounter(lock) }
}

function makeCounter(lock: Lock) {
  let count = 0
  return monitor(
    { lock, conditions: ['changed'] },
    {
      add(m, by: number) {
        count += by
        m.signalAll('changed')
        return count
      },
      *atLeast(m, wanted: number) {
        yield* m.waitUntil('changed', () => count >= wanted)
        return count
      },
      *patiently(m, wanted: number) {
        try {
          yield* m.waitUntil('changed', () => count >= wanted)
          return 'there'
        } catch (error) {
          return isCardumenError(error) ? `gave up: ${error.code}` : 'failed'
        }
      },
      fail() {
        throw new RangeError('no such account')
      },
      // oxlint-disable-next-line require-yield -- it fails before it would wait
      *failLater() {
        throw new RangeError('no such account')
      },
    },
  )
}

test('a method that waits goes on once what it waits for holds', async () => {
  const { counter } = counterOf()
  const waits = counter.atLeastAsync(2)
  assert.equal(await counter.addAsync(1), 1)
  assert.equal(await counter.addAsync(1), 2)
  assert.equal(await waits, 2)
})

for (const method of ['failAsync', 'failLaterAsync'] as const)
  test(`a method that throws (${method}) lets the lock go, and its error goes to the caller`, async () => {
    const { counter, lock } = counterOf()
    await assert.rejects(counter[method](), RangeError)
    assert.equal(lock.isHeld, false)
    assert.equal(await counter.addAsync(1), 1)
  })

test('within a time, a method whose condition does not come fails with timed-out and lets the lock go', async () => {
  const { counter, lock } = counterOf()
  await assert.rejects(counter.within({ timeoutMs: 2 }).atLeastAsync(1), { code: 'timed-out' })
  assert.equal(lock.isHeld, false)
})

test('within a time, a method that does not come in fails with timed-out', async () => {
  const { counter, lock } = counterOf()
  await lock.acquireAsync()
  await assert.rejects(counter.within({ timeoutMs: 2 }).addAsync(1), { code: 'timed-out' })
  lock.release()
  assert.equal(await counter.addAsync(1), 1)
})

test('within a signal, a method is cancelled where it waits, and can hear of it', async () => {
  const { counter, lock } = counterOf()
  const signal = AbortSignal.timeout(1)
  assert.equal(await counter.within({ signal }).patientlyAsync(1), 'gave up: cancelled')
  assert.equal(lock.isHeld, false)
})

test('within a negative time nothing begins', async () => {
  const { counter, lock } = counterOf()
  await assert.rejects(counter.within({ timeoutMs: -1 }).addAsync(1), { code: 'option-invalid' })
  assert.equal(lock.isHeld, false)
})

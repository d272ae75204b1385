/** Locks under an order: what goes against it fails, and nothing else does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { PlainLock } from './fixtures/plain-lock.ts'
import { type OrderedLock, OrderedLocks } from './ordered-locks.ts'

function ranked(locks = new OrderedLocks()): readonly [OrderedLock, OrderedLock] {
  return [locks.add(new PlainLock('L1'), 1), locks.add(new PlainLock('L2'), 2)]
}

const isViolation = (error: unknown): error is CardumenError => isCardumenError(error, 'order-violated')

describe('locks under an order', () => {
  it('are acquired upwards', () => {
    const [first, second] = ranked()
    using _ = first.hold()
    using __ = second.hold()
  })

  it('refuse to be acquired downwards, and name both', () => {
    const [first, second] = ranked()
    using _ = second.hold()
    assert.throws(
      () => first.acquire(),
      (error) => isViolation(error) && error.message.includes('"L1" was to be acquired while "L2" is held'),
    )
  })

  it('count as held until they are released', () => {
    const [first, second] = ranked()
    second.acquire()
    second.release()
    first.acquire()
    first.release()
  })

  it('do not count as held where the acquire failed', async () => {
    const plain = new PlainLock('L2')
    const locks = new OrderedLocks()
    const first = locks.add(new PlainLock('L1'), 1)
    const second = locks.add(plain, 2)
    plain.trouble = new Error('its holder died')
    assert.throws(() => second.acquire(), plain.trouble)
    await assert.rejects(second.acquireAsync(), plain.trouble)
    first.acquire()
  })

  it('may be tried in any order, and count once taken', () => {
    const [first, second] = ranked()
    assert.ok(second.tryAcquire())
    assert.ok(first.tryAcquire())
    first.release()
    assert.throws(() => first.acquire(), isViolation)
  })

  it('learn their order where they have no rank', () => {
    const locks = new OrderedLocks()
    const [first, second] = [locks.add(new PlainLock('L1')), locks.add(new PlainLock('L2'))]
    {
      using _ = first.hold()
      using __ = second.hold()
    }
    using _ = second.hold()
    assert.throws(
      () => first.acquire(),
      (error) => isViolation(error) && error.message.includes('in the order L1, L2'),
    )
  })

  it('are counted for each task by itself', async () => {
    const locks = new OrderedLocks()
    const [first, second] = ranked(locks)
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = locks.inTask(async () => {
      using _ = await second.holdAsync()
      await promise
    })
    await locks.inTask(async () => {
      using _ = await first.holdAsync()
    })
    resolve()
    await one
  })

  it('are free for all once another task than the one that acquired them has released them', async () => {
    const locks = new OrderedLocks()
    const [first, second] = ranked(locks)
    await second.acquireAsync()
    locks.inTask(() => second.release())
    await first.acquireAsync()
  })

  it('need names that differ, and ranks that are numbers', () => {
    const locks = new OrderedLocks()
    locks.add(new PlainLock('L1'), 1)
    for (const act of [() => locks.add(new PlainLock('L1')), () => locks.add(new PlainLock('L2'), Number.NaN)])
      assert.throws(act, (error) => isCardumenError(error, 'option-invalid'))
  })
})

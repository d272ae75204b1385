/** All locks at once, or none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { Lock } from '../waiting/lock.ts'
import { acquireAll, acquireAllAsync } from './acquire-all.ts'
import { PlainLock } from './fixtures/plain-lock.ts'

function locks(): readonly [PlainLock, PlainLock, PlainLock] {
  return [new PlainLock('L1'), new PlainLock('L2'), new PlainLock('L3')]
}

function heldOf(all: readonly PlainLock[]): readonly boolean[] {
  return all.map(({ isHeld }) => isHeld)
}

describe('all locks at once', () => {
  it('are all held, until what was returned is disposed of', () => {
    const all = locks()
    {
      using _ = acquireAll(all)
      assert.deepEqual(heldOf(all), [true, true, true])
    }
    assert.deepEqual(heldOf(all), [false, false, false])
  })

  it('are released once, however often that is asked for', () => {
    const all = locks()
    const held = acquireAll(all)
    held[Symbol.dispose]()
    all[0].acquire()
    held[Symbol.dispose]()
    assert.deepEqual(heldOf(all), [true, false, false])
  })

  it('are waited for without holding any of them', () => {
    const all = locks()
    all[1].acquire()
    let seen: readonly boolean[] = []
    all[1].whenBusy = () => {
      seen = heldOf(all)
      all[1].release()
    }
    acquireAll(all)
    assert.deepEqual(seen, [false, true, false])
    assert.deepEqual(heldOf(all), [true, true, true])
  })

  it('are all given back where the wait for one of them fails', () => {
    const all = locks()
    all[2].acquire()
    assert.throws(
      () => acquireAll(all),
      (error) => isCardumenError(error, 'timed-out'),
    )
    assert.deepEqual(heldOf(all), [false, false, true])
  })

  it('are all given back where one of them cannot even be tried', () => {
    const all = locks()
    all[2].trouble = new Error('its holder died')
    assert.throws(() => acquireAll(all), all[2].trouble)
    assert.deepEqual(heldOf(all), [false, false, false])
  })

  it('are given back at the deadline, though it came between two tries', async () => {
    const all = locks()
    all[1].acquire()
    await assert.rejects(acquireAllAsync(all, { timeoutMs: 0 }), (error) => isCardumenError(error, 'timed-out'))
    assert.deepEqual(heldOf(all), [false, true, false])
  })

  it('may not have one lock among them twice', () => {
    const [one] = locks()
    assert.throws(
      () => acquireAll([one, one]),
      (error) => isCardumenError(error, 'option-invalid'),
    )
  })

  it('are real locks just as well', async () => {
    using first = closing(new Lock({ name: 'L1' }))
    using second = closing(new Lock({ name: 'L2' }))
    const all = [first.lock, second.lock]
    await second.lock.acquireAsync()
    const taken = acquireAllAsync(all, { timeoutMs: 10_000 })
    second.lock.release()
    ;(await taken)[Symbol.dispose]()
    await first.lock.acquireAsync()
    await assert.rejects(acquireAllAsync(all, { timeoutMs: 1 }), (error) => isCardumenError(error, 'timed-out'))
    assert.equal(second.lock.isHeld, false)
    first.lock.release()
  })
})

function closing(lock: Lock): Disposable & { readonly lock: Lock } {
  return { lock, [Symbol.dispose]: () => lock.close() }
}

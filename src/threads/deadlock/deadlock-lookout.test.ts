/** Real threads in a deadlock: it is told once, and the victim's error lets the others go on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deadlock } from '../../protocols/deadlock/find-deadlocks.ts'
import { Lock } from '../waiting/lock.ts'
import { DeadlockLookout } from './deadlock-lookout.ts'
import { crossedThreads } from './fixtures/crossed-threads.ts'
import { until } from './fixtures/until.ts'

/** Looks until a deadlock is told. */
async function firstOf(lookout: DeadlockLookout): Promise<Deadlock> {
  let told: Deadlock | undefined
  await until(() => {
    told ??= lookout.look()[0]
    return told !== undefined
  })
  assert.ok(told !== undefined)
  return told
}

describe('a lookout for deadlocks', { timeout: 60_000 }, () => {
  it('ends one by failing the wait of whoever began to wait last, and the other goes on', async () => {
    const locks = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' })] as const
    const answers = crossedThreads(...locks)
    const lookout = new DeadlockLookout()
    const deadlock = await firstOf(lookout)
    const youngest = deadlock.cycle.reduce((one, other) => (other.wait.since > one.wait.since ? other : one))
    assert.deepEqual(lookout.failVictim(deadlock, 'youngest'), youngest.party)
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['deadlock', 'had both']))
    assert.deepEqual(lookout.look(), [])
    assert.equal(lookout.failVictim(deadlock, 'youngest'), undefined)
    for (const lock of locks) lock.close()
  })

  it('tells one once, and only after a second look', async () => {
    const locks = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' })] as const
    const answers = crossedThreads(...locks)
    await firstOf(new DeadlockLookout())
    const lookout = new DeadlockLookout()
    assert.deepEqual(
      [1, 2, 3, 4].map(() => lookout.look().length),
      [0, 1, 0, 0],
    )
    for (const lock of locks) lock.close()
    assert.deepEqual(await Promise.all(answers), ['closed', 'closed'])
  })
})

/** Real threads, real locks: the arena's tables show who holds and who waits, and a deadlock is found in them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { describeDeadlock } from '../../protocols/deadlock/describe.ts'
import { findDeadlocks } from '../../protocols/deadlock/find-deadlocks.ts'
import { addParty, partyKind, partyState, removeParty } from '../memory/parties.ts'
import { crossedThreads } from './fixtures/crossed-threads.ts'
import { until } from './fixtures/until.ts'
import { closeWait, openAsyncWait } from '../waiting/waits.ts'
import { Lock } from '../waiting/lock.ts'
import { graphOfArena } from './graph-of-arena.ts'

describe('the graph of the arena', () => {
  it('shows the deadlock of two threads, with the stack of each wait', async () => {
    const locks = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' })] as const
    const answers = crossedThreads(...locks)
    await until(() => graphOfArena().waits.filter(({ stack }) => stack !== undefined).length === 2)
    const text = findDeadlocks(graphOfArena()).deadlocks.map(describeDeadlock).join('\n')
    assert.match(
      text,
      /^Deadlock: worker-\d+ holds L[12], waits for L[12]; worker-\d+ holds L[12], waits for L[12]\.\n/,
    )
    assert.equal(text.match(/takeTheSecond/g)?.length, 2)
    for (const lock of locks) lock.close()
    assert.deepEqual(await Promise.all(answers), ['closed', 'closed'])
  })

  it('has a lock that is held or awaited, and no other', async () => {
    const lock = new Lock({ name: 'L3', fair: true })
    const isThere = (): boolean => graphOfArena().resources.some(({ name }) => name === 'L3')
    assert.equal(isThere(), false)
    await lock.acquireAsync()
    assert.equal(isThere(), true)
    lock.release()
    assert.equal(isThere(), false)
    lock.close()
  })

  it('takes one task of a thread that awaits what another one holds for no deadlock', async () => {
    const lock = new Lock({ name: 'L4' })
    await lock.acquireAsync()
    const wanted = lock.acquireAsync({ timeoutMs: 1 })
    assert.partialDeepStrictEqual(graphOfArena().waits, [{ isAsync: true, count: 1 }])
    assert.deepEqual(findDeadlocks(graphOfArena()), { deadlocks: [], stopped: [] })
    await assert.rejects(wanted, (error) => isCardumenError(error, 'timed-out'))
    lock.release()
    lock.close()
  })

  it('has the service thread not among its parties, for it sets no event by itself', () => {
    const shape = { state: partyState.running, pid: process.pid, threadId: 98 } as const
    const service = addParty({ name: 'service', kind: partyKind.service, ...shape })
    assert.equal(
      graphOfArena().parties.some(({ id }) => id === service),
      false,
    )
    removeParty(service)
  })

  it('shows a join as a wait for the end of a party', () => {
    const shape = { kind: partyKind.thread, state: partyState.running, pid: process.pid, threadId: 99 } as const
    const [one, other] = [addParty({ name: 'A', ...shape }), addParty({ name: 'B', ...shape })]
    const rows = [
      openAsyncWait(one, { primitive: 0, target: other }),
      openAsyncWait(other, { primitive: 0, target: one }),
    ]
    const texts = findDeadlocks(graphOfArena()).deadlocks.map(describeDeadlock)
    assert.match(
      texts.join(),
      /^Suspected deadlock: A has not ended, awaits the end of thread "B"; B has not ended, awaits the end of thread "A"\./,
    )
    for (const row of rows) closeWait(row)
    for (const id of [one, other]) removeParty(id)
  })
})

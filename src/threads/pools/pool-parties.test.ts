/** The threads of a pool among the threads of their process: named, able to wait for others, and missed when they die. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { findDeadlocks } from '../deadlock/find-deadlocks.ts'
import { threads } from '../running/current-thread.ts'
import { Thread } from '../running/thread.ts'
import { ThreadLocal } from '../running/thread-local.ts'
import { Barrier } from '../waiting/barrier.ts'
import { Lock } from '../waiting/lock.ts'
import { gate, openGate, until, untilBegun } from './fixtures/until.ts'
import { Pool } from './pool.ts'

const work = new URL('./fixtures/party-work.ts', import.meta.url)

function poolThreads(name: string): string[] {
  return threads()
    .map((thread) => thread.name)
    .filter((each) => each.startsWith(name))
}

describe('a thread of a pool', () => {
  it('has a name and a number of its own', async () => {
    await using pool = new Pool(work, { threads: 1, name: 'press' })
    const [name, id] = (await pool.run('nameAndId')) as [string, number]
    assert.equal(name, 'press 1')
    assert.ok(id > 0)
  })

  it('is among the threads of the process from its start to its end', async () => {
    const pool = new Pool(work, { threads: 2, name: 'listed' })
    assert.deepEqual(poolThreads('listed'), ['listed 1', 'listed 2'])
    assert.ok(((await pool.run('namesOfAll')) as string[]).includes('listed 2'))
    await pool.close()
    await until(() => poolThreads('listed').length === 0, 'the threads to be forgotten')
  })

  it('is forgotten also where the module ends it before it is loaded', async () => {
    await using pool = new Pool(new URL('./fixtures/exits-at-load.ts', import.meta.url), { threads: 1, name: 'brief' })
    await assert.rejects(pool.run('same'), (error) => isCardumenError(error, 'thread-exited'))
    await until(() => poolThreads('brief').length <= 1, 'its threads to be forgotten')
  })

  it('has thread-local values', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const local = new ThreadLocal({ calls: 0 })
    assert.deepEqual([await pool.run('countIn', local), await pool.run('countIn', local)], [1, 2])
    assert.equal(local.value.calls, 0)
  })

  it('can start threads and join them', async () => {
    await using pool = new Pool(work, { threads: 1 })
    assert.equal(await pool.run('sumInThread', 2, 3), 5)
  })

  it('is named in a deadlock', async () => {
    const pool = new Pool(work, { threads: 2, name: 'stuck' })
    const [one, other, words] = [new Lock({ name: 'one' }), new Lock({ name: 'other' }), gate()]
    const both = [pool.run('takeBoth', one, other, words), pool.run('takeBoth', other, one, words)]
    const settled = Promise.allSettled(both)
    let found = await findDeadlocks()
    const endMs = performance.now() + 10_000
    while (found.length === 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      found = await findDeadlocks()
    }
    await pool.terminate()
    await settled
    assert.deepEqual(found[0]?.cycle.map(({ party }) => party.name).toSorted(), ['stuck 1', 'stuck 2'])
  })

  it('that has taken part in a barrier breaks none when the pool is closed', async () => {
    const barrier = new Barrier(2)
    const pool = new Pool(work, { threads: 2 })
    await Promise.all([pool.run('throughBarrier', barrier), pool.run('throughBarrier', barrier)])
    await pool.close()
    await using second = new Pool(work, { threads: 2 })
    await Promise.all([second.run('throughBarrier', barrier), second.run('throughBarrier', barrier)])
    assert.equal(barrier.isBroken, false)
  })
})

describe('a lock that a thread of a pool had when it died', () => {
  for (const how of ['exit', 'throw', 'memory', 'spin'] as const) {
    it(`fails who waits for it with an error that names the thread, and is free then (${how})`, async () => {
      await using pool = new Pool(work, { threads: 1, name: 'mortal', memoryMegabytesMax: 32 })
      const [lock, words] = [new Lock(), gate()]
      await pool.run('nameAndId')
      const options = how === 'spin' ? { timeoutMs: 2_000 } : {}
      const task = pool.with(options).run('holdAndDie', lock, words, how).catch(String)
      await untilBegun(words)
      const waiting = lock.acquireAsync({ timeoutMs: 10_000 })
      openGate(words)
      await assert.rejects(waiting, (error) => {
        assert.ok(isCardumenError(error, 'holder-died'), String(error))
        assert.match(error.message, /mortal 1/)
        return true
      })
      await task
      await lock.acquireAsync({ timeoutMs: 10_000 })
      lock.release()
    })
  }

  it('fails the owner of the pool, too, while that is blocked by this very lock', async () => {
    const thread = new Thread<string>(work, 'blockAfterBegin', { args: [new Lock(), gate()] })
    thread.start()
    assert.equal(await thread.joinAsync({ timeoutMs: 20_000 }), 'holder-died')
  })

  it('is freed also where the pool belongs to a worker that the program started itself', async () => {
    const worker = new Worker(new URL('./fixtures/own-worker.ts', import.meta.url))
    const [message] = (await once(worker, 'message')) as [unknown]
    assert.deepEqual(message, ['of a worker 1', 'holder-died'])
    await once(worker, 'exit')
  })
})

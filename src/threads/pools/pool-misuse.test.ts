/** Functions that behave oddly, and programs that do: a pool answers for itself, and not with another task's result. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { partiesMax } from '../memory/arena.ts'
import { addParty, partyKind, partyState, removeParty } from '../memory/parties.ts'
import { gate, openGate, until, untilBegun } from './fixtures/until.ts'
import { Pool } from './pool.ts'

const work = new URL('./fixtures/work.ts', import.meta.url)
const odd = new URL('./fixtures/odd-work.ts', import.meta.url)

describe('a function that gives back something that can be awaited', () => {
  it('has one result, though it calls back twice, and throws then', async () => {
    await using pool = new Pool(odd, { threads: 1 })
    const all = Array.from({ length: 100 }, (_, index) => pool.run(index % 2 === 0 ? 'settlesTwice' : 'same', index))
    assert.deepEqual(
      await Promise.all(all),
      all.map((_, index) => index),
    )
  })

  it('fails where its `then` throws', async () => {
    await using pool = new Pool(odd, { threads: 1 })
    await assert.rejects(pool.run('throwsInThen'), { message: 'no then' })
    assert.equal(await pool.run('same', 1), 1)
  })
})

describe('an error that does not want to be read', () => {
  it('fails its task, and not the thread', async () => {
    await using pool = new Pool(odd, { threads: 1 })
    await assert.rejects(pool.run('throwUnreadable'), { message: 'hidden stack' })
    assert.equal(pool.statistics().threadsLost, 0)
  })

  for (const value of ['undefined', 'null', 'number', 'symbol'])
    it(`and one that is no error at all reaches the caller as one (${value})`, async () => {
      await using pool = new Pool(odd, { threads: 1 })
      await assert.rejects(
        pool.run('throwValue', value),
        (error) => error instanceof Error && /no Error/.test(error.message),
      )
    })
})

describe('arguments that go as a message', () => {
  it('begin in an idle thread without the event loop of whoever called', async () => {
    await using pool = new Pool(work, { threads: 1 })
    // The thread may still be on its way from the task before to being idle: then once more.
    for (let tries = 20; ; tries--) {
      await pool.run('same', 1)
      const words = gate()
      const task = pool.run('spinUntil', words)
      const endMs = performance.now() + 500
      while (Atomics.load(words, 0) === 0 && performance.now() < endMs);
      const hasBegun = Atomics.load(words, 0) === 1
      openGate(words)
      assert.equal(await task, 1)
      if (hasBegun) return
      assert.ok(tries > 0, 'the task did not begin')
    }
  })

  it('arrive each at its own task, among others that need no message', async () => {
    await using pool = new Pool(work, { threads: 2, concurrency: 3 })
    const all = Array.from({ length: 2_000 }, async (_, index) => {
      for (let turn = 0; turn < index % 7; turn++) await new Promise((resolve) => setImmediate(resolve))
      const given = index % 3 === 0 ? new Uint8Array(2).fill(index % 256) : index
      assert.deepEqual(await pool.run('same', given), given)
    })
    await Promise.all(all)
  })

  it('that cannot be copied after all fail their task, and the thread goes on', async () => {
    await using pool = new Pool(work, { threads: 1 })
    await pool.run('same', 1)
    const gone = new ArrayBuffer(8)
    structuredClone(gone, { transfer: [gone] })
    await assert.rejects(
      pool.with({ transfer: [gone] }).run('length', gone),
      (error) => error instanceof CardumenError && error.code === 'cannot-travel' && error.executed === 'no',
    )
    assert.equal(await pool.run('same', 2), 2)
  })
})

describe('a dynamic pool', () => {
  it('ends no thread that has an asynchronous function under way, however long that takes', async () => {
    await using pool = new Pool(work, { threadsMin: 0, threadsMax: 1, idleMs: 5, concurrency: 4 })
    const words = gate()
    const long = pool.run('awaitUntil', words)
    await untilBegun(words)
    const endMs = performance.now() + 60
    await until(() => performance.now() > endMs, 'several looks at the idle threads')
    openGate(words, 5)
    assert.equal(await long, 5)
    assert.equal(pool.statistics().threadsLost, 0)
  })
})

describe('a process that has no room for a further thread', () => {
  function withoutRoom(): Disposable {
    const taken: number[] = []
    for (let left = partiesMax; left > 0; left--) {
      try {
        const { thread: kind } = partyKind
        taken.push(addParty({ name: 'filler', kind, state: partyState.running, pid: 1, threadId: 0 }))
      } catch {
        break
      }
    }
    return { [Symbol.dispose]: () => taken.forEach(removeParty) }
  }

  it('refuses a pool', () => {
    using _full = withoutRoom()
    assert.throws(
      () => new Pool(work, { threads: 1 }),
      (error) => isCardumenError(error, 'capacity-reached'),
    )
  })

  it('fails the tasks of one that has no thread yet, and runs later ones', async () => {
    await using pool = new Pool(work, { threadsMin: 0, threadsMax: 1 })
    {
      using _full = withoutRoom()
      await assert.rejects(pool.run('same', 1), (error) => isCardumenError(error, 'thread-exited'))
    }
    assert.equal(await pool.run('same', 2), 2)
  })
})

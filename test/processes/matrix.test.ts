/**
 * Every primitive, made here and used in two other processes, against the ends that a wait can come to: out of time, given up or
 * interrupted, its holder killed; for a task that awaits, and for a thread that blocks. `test/threads/matrix.test.ts` is the same for threads.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { arena } from '../../src/threads/memory/arena.ts'
import { type Place, primitiveKindOf } from '../../src/threads/memory/primitives.ts'
import { pack } from '../../src/threads/travel/shareable.ts'
import { Barrier } from '../../src/threads/waiting/barrier.ts'
import { BoundedSemaphore } from '../../src/threads/waiting/bounded-semaphore.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { Event } from '../../src/threads/waiting/event.ts'
import { Lock } from '../../src/threads/waiting/lock.ts'
import { Once, runnerOf } from '../../src/threads/waiting/once.ts'
import { RLock } from '../../src/threads/waiting/reentrant-lock.ts'
import { RWLock } from '../../src/threads/waiting/reader-writer-lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { openWaits, wait, waitingWord, waitRow } from '../../src/threads/waiting/waits.ts'
import { until } from './fixtures/observing.ts'
import { type Call, ProcessActor } from './fixtures/process-actor.ts'

interface Things {
  readonly it: object
  readonly lock?: Lock
}

interface Row<Made extends Things = Things> {
  readonly name: string
  make(): Made
  /** What the holder does so that others wait. */
  readonly hold: readonly Call[]
  /** The holder does not come back from these: whether it has begun. */
  isHeld?(things: Made): boolean
  /** A wait that ends early breaks it, by its definition; so only what follows a death is asked of it. */
  readonly isBrokenByEnds?: boolean
  readonly prepare?: readonly Call[]
  readonly wait: Call
  /** What a thread does after its wait, so that it does not end holding something. */
  readonly last?: readonly Call[]
  /** Where no death ends the wait. */
  wake?(things: Made): Promise<void>
  /** What the holder's death does to the wait. */
  readonly onDeath: 'holder-died' | 'barrier-broken' | 'done' | 'nothing'
}

function row<Made extends Things>(of: Row<Made>): Row {
  return of as unknown as Row
}

const rows: readonly Row[] = [
  ...[false, true].map((fair) => ({
    name: fair ? 'fair Lock' : 'Lock',
    make: () => ({ it: new Lock({ fair }) }),
    hold: [['it', 'acquireAsync']] as const,
    wait: ['it', 'acquireAsync'] as const,
    onDeath: 'holder-died' as const,
  })),
  {
    name: 'RLock',
    make: () => ({ it: new RLock() }),
    hold: [
      ['it', 'acquireAsync'],
      ['it', 'acquireAsync'],
    ],
    wait: ['it', 'acquireAsync'],
    onDeath: 'holder-died',
  },
  {
    name: 'Semaphore',
    make: () => ({ it: new Semaphore(1) }),
    hold: [['it', 'acquireAsync']],
    wait: ['it', 'acquireAsync'],
    onDeath: 'done',
  },
  {
    name: 'BoundedSemaphore',
    make: () => ({ it: new BoundedSemaphore(1) }),
    hold: [['it', 'acquireAsync']],
    wait: ['it', 'acquireAsync'],
    onDeath: 'done',
  },
  row({
    name: 'Event',
    make: () => ({ it: new Event() }),
    hold: [],
    wait: ['it', 'waitAsync'],
    onDeath: 'nothing',
    wake: async ({ it: event }) => event.set(),
  }),
  row({
    name: 'Once',
    make: () => ({ it: new Once() }),
    hold: [['it', 'runAsync', 'for ever']],
    isHeld: ({ it: once }) => runnerOf((once[pack]().state as Place).index) !== 0,
    wait: ['it', 'runAsync', 'nothing'],
    onDeath: 'done',
  }),
  {
    name: 'Barrier',
    make: () => ({ it: new Barrier(3) }),
    hold: [['it', 'waitAsync']],
    isHeld: () => waitsForThings().size > 0,
    isBrokenByEnds: true,
    wait: ['it', 'waitAsync'],
    onDeath: 'barrier-broken',
  },
  {
    name: 'RWLock for a reader',
    make: () => ({ it: new RWLock() }),
    hold: [['it', 'acquireWriteAsync']],
    wait: ['it', 'acquireReadAsync'],
    onDeath: 'holder-died',
  },
  {
    name: 'RWLock for a writer',
    make: () => ({ it: new RWLock() }),
    hold: [['it', 'acquireWriteAsync']],
    wait: ['it', 'acquireWriteAsync'],
    onDeath: 'holder-died',
  },
  row({
    name: 'Condition',
    make: () => {
      const condition = new Condition()
      return { it: condition, lock: condition.lock as Lock }
    },
    hold: [],
    prepare: [['lock', 'acquireAsync']],
    wait: ['it', 'waitAsync'],
    last: [['lock', 'release']],
    onDeath: 'nothing',
    wake: async ({ it: condition, lock }) => {
      using _held = await lock.holdAsync()
      condition.notify()
    },
  }),
]

/**
 * The waits for the things of the test, each by a number that no other wait has; not those for the channels by which its
 * processes are told what to do. One that was given up may be seen until its home has heard of that.
 */
function waitsForThings(): ReadonlySet<number> {
  const { words } = arena()
  const kindOf = (row: number): string | undefined => primitiveKindOf(words[waitRow(row) + wait.primitive] ?? 0)
  const rows = openWaits().filter((row) => kindOf(row) !== undefined && kindOf(row) !== 'channel')
  return new Set(rows.map(waitingWord))
}

describe('between processes', { timeout: 120_000 }, () => {
  for (const row of rows) {
    it(`${row.name}: an awaited wait ends out of time, given up, and as it should when the holder is killed`, async () => {
      const things = row.make()
      await using holder = new ProcessActor('holder', { ...things })
      await using waiter = new ProcessActor('waiter', { ...things })
      await hold(row, things, holder)
      for (const call of row.prepare ?? []) assert.equal(await waiter.do(...call), 'done')
      if (row.isBrokenByEnds !== true) await endsInTime(waiter, row.wait)
      const waiting = await begun(() => waiter.begin(row.wait))
      await end(row, things, holder)
      assert.equal((await waiting.ended).code, row.onDeath === 'nothing' ? 'done' : row.onDeath)
    })

    it(`${row.name}: a thread that blocks comes back out of time, interrupted, and as it should when the holder is killed`, async () => {
      const things = row.make()
      await using holder = new ProcessActor('holder', { ...things })
      await using waiter = new ProcessActor('waiter', { ...things })
      await hold(row, things, holder)
      const { prepare = [], wait: call, last = [] } = row
      if (row.isBrokenByEnds !== true) {
        const shortly = waiter.block([...prepare, [...call, { timeoutMs: 20 }]], last)
        assert.equal((await shortly.ended).code, 'timed-out')
        const interrupted = await begun(() => waiter.block([...prepare, call], last))
        interrupted.abort()
        assert.equal((await interrupted.ended).code, 'interrupted')
      }
      const waiting = await begun(() => waiter.block([...prepare, call], row.onDeath === 'nothing' ? last : []))
      await end(row, things, holder)
      assert.equal((await waiting.ended).code, row.onDeath === 'nothing' ? 'done' : row.onDeath)
    })
  }
})

async function hold(row: Row, things: Things, holder: ProcessActor): Promise<void> {
  for (const call of row.hold) {
    const held = holder.begin(call)
    if (row.isHeld === undefined) assert.equal((await held.ended).code, 'done')
    else await until(() => row.isHeld?.(things) === true, 'the holder is there')
  }
}

/** Begins a wait, and comes back when it is seen to wait. */
async function begun<Begun>(begin: () => Begun): Promise<Begun> {
  const before = waitsForThings()
  const waiting = begin()
  await until(() => [...waitsForThings()].some((each) => !before.has(each)), 'it waits')
  return waiting
}

/** Kills the holder; where that is nothing to the one that waits, wakes it. */
async function end(row: Row, things: Things, holder: ProcessActor): Promise<void> {
  holder.process.kill()
  if (row.wake === undefined) return
  await holder.process.join().catch(() => undefined)
  await row.wake(things)
}

async function endsInTime(waiter: ProcessActor, call: Call): Promise<void> {
  assert.equal(await waiter.do(...call, { timeoutMs: 20 }), 'timed-out')
  assert.equal(await waiter.do(...call, { timeoutMs: 0 }), 'timed-out')
  const waiting = await begun(() => waiter.begin(call, true))
  waiting.abort()
  assert.equal((await waiting.ended).code, 'cancelled')
}

describe('a lock used in other processes', { timeout: 120_000 }, () => {
  it('excludes them from one another and from its home', async () => {
    const lock = new Lock({ name: 'L' })
    await using one = new ProcessActor('one', { lock })
    await using two = new ProcessActor('two', { lock })
    assert.equal(await one.do('lock', 'acquireAsync'), 'done')
    assert.equal(lock.tryAcquire(), false)
    assert.equal(await two.get('lock', 'tryAcquire'), false)
    assert.equal(await two.do('lock', 'release'), 'not-owner')
    assert.equal(await one.do('lock', 'release'), 'done')
    assert.equal(await one.do('lock', 'release'), 'not-held')
    assert.equal(lock.tryAcquire(), true)
    assert.equal(await one.get('lock', 'isHeld'), true)
    lock.release()
  })

  it('goes on when a process exits in the middle of its critical section, and tells the next one', async () => {
    const lock = new Lock({ name: 'L' })
    const mortal = new ProcessActor('mortal', { lock })
    assert.equal(await mortal.do('lock', 'acquireAsync'), 'done')
    await mortal[Symbol.asyncDispose]()
    await assert.rejects(lock.acquireAsync({ timeoutMs: 20_000 }), { code: 'holder-died' })
    assert.equal(lock.tryAcquire(), true)
  })

  it('may not block the main thread there either', async () => {
    const lock = new Lock({ name: 'L' })
    await using one = new ProcessActor('one', { lock })
    assert.equal(await one.do('lock', 'acquire'), 'would-block')
  })
})

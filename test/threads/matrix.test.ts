/**
 * Every primitive against every end that a wait can come to: in time, timed out, given up, interrupted, its holder dead, closed.
 *
 * A row says how the primitive comes to be held, how it is waited for, and what its holder's death does. One column of the
 * matrix is where those are that hold and wait: threads of this process, or other processes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pack } from '../../src/threads/travel/shareable.ts'
import { Barrier } from '../../src/threads/waiting/barrier.ts'
import { BoundedSemaphore } from '../../src/threads/waiting/bounded-semaphore.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { Event } from '../../src/threads/waiting/event.ts'
import { interruptParty } from '../../src/threads/waiting/interrupt.ts'
import { Lock } from '../../src/threads/waiting/lock.ts'
import { Once } from '../../src/threads/waiting/once.ts'
import { RLock } from '../../src/threads/waiting/reentrant-lock.ts'
import { RWLock } from '../../src/threads/waiting/reader-writer-lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { SharedArray } from '../../src/threads/data/shared-array.ts'
import { Actor, type Outcome, until } from './fixtures/actor.ts'

type Call = readonly [target: string, method: string, ...given: unknown[]]

interface Row {
  readonly name: string
  make(): Record<string, { close?(): void } & object>
  /** What the holder does so that others wait; it goes on holding. */
  readonly hold?: readonly Call[]
  /** It holds by not coming back from this. */
  readonly holdForEver?: Call
  /** What the waiter does before it waits. */
  readonly prepare?: readonly Call[]
  readonly wait: Call
  /** The awaitable form of it. */
  readonly waitAsync: Call
  /** What the holder's death does to a wait. */
  readonly onDeath: 'holder-died' | 'barrier-broken' | 'passes' | 'nothing'
  /** Which of the things is closed. */
  readonly closes: string
  /** Shows that it still does what it is for, after a wait that failed and a holder that let go. */
  usable?(things: Record<string, object>): Promise<void>
}

const usableLock = async ({ it }: Record<string, object>): Promise<void> => {
  const lock = it as Lock
  await lock.acquireAsync({ timeoutMs: 10_000 })
  lock.release()
}

const rows: readonly Row[] = [
  ...[false, true].map(
    (fair): Row => ({
      name: fair ? 'Lock, fair' : 'Lock',
      make: () => ({ it: new Lock({ name: 'it', fair }) }),
      hold: [['it', 'acquire']],
      wait: ['it', 'acquire'],
      waitAsync: ['it', 'acquireAsync'],
      onDeath: 'holder-died',
      closes: 'it',
      usable: usableLock,
    }),
  ),
  {
    name: 'RLock',
    make: () => ({ it: new RLock({ name: 'it' }) }),
    hold: [
      ['it', 'acquire'],
      ['it', 'acquire'],
    ],
    wait: ['it', 'acquire'],
    waitAsync: ['it', 'acquireAsync'],
    onDeath: 'holder-died',
    closes: 'it',
    usable: usableLock,
  },
  ...[false, true].map(
    (fair): Row => ({
      name: fair ? 'Semaphore, fair' : 'Semaphore',
      make: () => ({ it: new Semaphore(2, { name: 'it', fair }) }),
      hold: [
        ['it', 'acquire'],
        ['it', 'acquire'],
      ],
      wait: ['it', 'acquire'],
      waitAsync: ['it', 'acquireAsync'],
      onDeath: 'passes',
      closes: 'it',
      usable: usableLock,
    }),
  ),
  {
    name: 'Semaphore that is a signal',
    make: () => ({ it: new Semaphore(0, { name: 'it' }) }),
    wait: ['it', 'acquire'],
    waitAsync: ['it', 'acquireAsync'],
    onDeath: 'nothing',
    closes: 'it',
  },
  {
    name: 'BoundedSemaphore',
    make: () => ({ it: new BoundedSemaphore(1, { name: 'it' }) }),
    hold: [['it', 'acquire']],
    wait: ['it', 'acquire'],
    waitAsync: ['it', 'acquireAsync'],
    onDeath: 'passes',
    closes: 'it',
    usable: usableLock,
  },
  {
    name: 'Event',
    make: () => ({ it: new Event({ name: 'it' }) }),
    wait: ['it', 'wait'],
    waitAsync: ['it', 'waitAsync'],
    onDeath: 'nothing',
    closes: 'it',
  },
  {
    name: 'Condition',
    make: () => ({ it: new Condition({ name: 'it' }), lock: new Lock() }),
    prepare: [['exercise', 'acquireLockOf']],
    wait: ['it', 'wait'],
    waitAsync: ['it', 'waitAsync'],
    onDeath: 'nothing',
    closes: 'it',
  },
  {
    name: 'Barrier',
    make: () => ({ it: new Barrier(3, { name: 'it' }) }),
    holdForEver: ['it', 'wait'],
    wait: ['it', 'wait'],
    waitAsync: ['it', 'waitAsync'],
    onDeath: 'barrier-broken',
    closes: 'it',
  },
  ...(['readers', 'writers', 'fair'] as const).flatMap((prefer): Row[] => [
    {
      name: `RWLock for ${prefer}, a reader behind a writer`,
      make: () => ({ it: new RWLock({ name: 'it', prefer }) }),
      hold: [['it', 'acquireWrite']],
      wait: ['it', 'acquireRead'],
      waitAsync: ['it', 'acquireReadAsync'],
      onDeath: 'holder-died',
      closes: 'it',
    },
    {
      name: `RWLock for ${prefer}, a writer behind a reader`,
      make: () => ({ it: new RWLock({ name: 'it', prefer }) }),
      hold: [
        ['it', 'acquireRead'],
        ['it', 'acquireRead'],
      ],
      wait: ['it', 'acquireWrite'],
      waitAsync: ['it', 'acquireWriteAsync'],
      onDeath: 'passes',
      closes: 'it',
    },
  ]),
  {
    name: 'Once',
    make: () => ({ once: new Once({ name: 'it' }), cells: new SharedArray('int32', 4) }),
    holdForEver: ['exercise', 'hangOnce'],
    wait: ['exercise', 'runOnce'],
    waitAsync: ['exercise', 'runOnceAsync'],
    onDeath: 'passes',
    closes: 'once',
  },
]

interface Scene extends AsyncDisposable {
  readonly holder: Actor
  readonly waiter: Actor
  readonly things: Record<string, { close?(): void } & object>
}

async function sceneOf(row: Row): Promise<Scene> {
  const things = row.make()
  const [holder, waiter] = await Promise.all([Actor.start(things), Actor.start(things)])
  for (const call of row.hold ?? []) await holder.do(...call)
  if (row.holdForEver !== undefined) {
    void holder.try(...row.holdForEver).catch(() => undefined)
    if (row.name === 'Once') await until(() => (things.cells as SharedArray).get(0) === 1, 'the action runs')
    else await holder.untilBlocked()
  }
  for (const call of row.prepare ?? []) await waiter.do(...call)
  return {
    holder,
    waiter,
    things,
    async [Symbol.asyncDispose]() {
      for (const thing of Object.values(things)) thing.close?.()
      await Promise.all([holder, waiter].map((actor) => actor[Symbol.asyncDispose]()))
    },
  }
}

function codeOf(outcome: Outcome): string {
  return 'code' in outcome ? outcome.code : 'passed'
}

/** Afterwards whoever comes gets it: the failed wait has left nothing behind. */
async function assertUsable(row: Row, { holder, things }: Scene): Promise<void> {
  if (row.usable === undefined) return
  for (const [target, method] of row.hold ?? []) await holder.do(target, method.replace('acquire', 'release'))
  await row.usable(things)
}

for (const row of rows) {
  test(`${row.name}: a thread's wait that lasts too long fails with timed-out, and nothing is lost`, async () => {
    await using scene = await sceneOf(row)
    assert.equal(codeOf(await scene.waiter.try(...row.wait, { timeoutMs: 5 })), 'timed-out')
    await assertUsable(row, scene)
  })

  test(`${row.name}: a task's wait that lasts too long fails with timed-out, and nothing is lost`, async () => {
    await using scene = await sceneOf(row)
    assert.equal(codeOf(await scene.waiter.try(...row.waitAsync, { timeoutMs: 5 })), 'timed-out')
    await assertUsable(row, scene)
  })

  test(`${row.name}: a thread's wait that is interrupted fails with interrupted, and nothing is lost`, async () => {
    await using scene = await sceneOf(row)
    const waits = scene.waiter.try(...row.wait)
    await scene.waiter.untilBlocked()
    interruptParty(scene.waiter.party)
    assert.equal(codeOf(await waits), 'interrupted')
    await assertUsable(row, scene)
  })

  test(`${row.name}: a task's wait that is given up fails with cancelled, and nothing is lost`, async () => {
    await using scene = await sceneOf(row)
    const waits = scene.waiter.tryAbortable(...row.waitAsync)
    await scene.waiter.untilAwaiting()
    scene.waiter.abort()
    assert.equal(codeOf(await waits), 'cancelled')
    await assertUsable(row, scene)
  })

  test(`${row.name}: closing it ends a thread's wait and a task's with closed`, async () => {
    await using scene = await sceneOf(row)
    await using other = await Actor.start(scene.things)
    for (const call of row.name === 'Condition' ? [] : (row.prepare ?? [])) await other.do(...call)
    const waits = scene.waiter.try(...row.wait)
    await scene.waiter.untilBlocked()
    const awaits = row.name.startsWith('Barrier') || row.name === 'Condition' ? waits : other.try(...row.waitAsync)
    if (awaits !== waits) await other.untilAwaiting()
    scene.things[row.closes]?.close?.()
    assert.deepEqual([codeOf(await waits), codeOf(await awaits)], ['closed', 'closed'])
  })

  if (row.onDeath !== 'nothing') {
    const says = row.onDeath === 'passes' ? 'lets' : `fails with ${row.onDeath}`
    test(`${row.name}: the death of its holder ${says === 'lets' ? 'lets a waiting thread pass' : `is told to a waiting thread: it ${says}`}`, async () => {
      await using scene = await sceneOf(row)
      const waits = scene.waiter.try(...row.wait)
      await scene.waiter.untilBlocked()
      await scene.holder.kill()
      assert.equal(codeOf(await waits), row.onDeath === 'passes' ? 'passed' : row.onDeath)
    })

    test(`${row.name}: the death of its holder reaches a waiting task too`, async () => {
      await using scene = await sceneOf(row)
      const waits = scene.waiter.try(...row.waitAsync)
      await scene.waiter.untilAwaiting()
      await scene.holder.kill()
      assert.equal(codeOf(await waits), row.onDeath === 'passes' ? 'passed' : row.onDeath)
    })
  }

  if (row.onDeath === 'holder-died') {
    test(`${row.name}: a holder's death that nobody waited for is told to the next that comes, once`, async () => {
      await using scene = await sceneOf(row)
      await scene.holder.kill()
      assert.equal(codeOf(await scene.waiter.try(...row.wait, { timeoutMs: 10_000 })), 'holder-died')
      assert.equal(codeOf(await scene.waiter.try(...row.wait, { timeoutMs: 10_000 })), 'passed')
    })
  }

  test(`${row.name}: to block on the main thread is refused, and the awaitable form is named`, async () => {
    const things = row.make()
    const [target, method] = row.wait[0] === 'exercise' ? ['once', 'run'] : row.wait
    const thing = things[target] as Record<string, (...given: unknown[]) => unknown>
    if (row.name === 'Condition') await (things.it as Condition).lock.acquireAsync()
    assert.throws(
      () => thing[method]?.(() => undefined),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'would-block' && String(error.hint).includes(`${method}Async(`),
    )
    assert.ok(pack in thing)
    if (row.name === 'Condition') (things.it as Condition).lock.release()
    for (const each of Object.values(things)) each.close?.()
  })

  for (const timeoutMs of [-1, Number.NaN, '5'])
    test(`${row.name}: a timeout of ${String(timeoutMs)} (${typeof timeoutMs}) is refused`, async () => {
      await using scene = await sceneOf(row)
      assert.equal(codeOf(await scene.waiter.try(...row.waitAsync, { timeoutMs })), 'option-invalid')
    })
}

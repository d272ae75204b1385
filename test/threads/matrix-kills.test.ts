/**
 * Threads that are killed at random moments while they use the primitives that `matrix-death.test.ts` does not: each of the others
 * goes on, and in the end nobody waits and everything is free.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { SharedArray } from '../../src/threads/data/shared-array.ts'
import { arena } from '../../src/threads/memory/arena.ts'
import { parties, party, partyKind, partyWord } from '../../src/threads/memory/parties.ts'
import { Thread } from '../../src/threads/running/thread.ts'
import { Barrier } from '../../src/threads/waiting/barrier.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { Event } from '../../src/threads/waiting/event.ts'
import { Lock } from '../../src/threads/waiting/lock.ts'
import { Once } from '../../src/threads/waiting/once.ts'
import { RLock } from '../../src/threads/waiting/reentrant-lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { openWaits, wait, waitRow } from '../../src/threads/waiting/waits.ts'

const crew = 3
const deaths = 8
const deadlineMs = 30_000
const module = new URL('./fixtures/churn.ts', import.meta.url)

interface Row {
  readonly name: string
  /** Of the module: what each thread does. */
  readonly does: string
  readonly things: readonly object[]
  /** What they wait for, and only others can do. */
  readonly nudge?: () => Promise<void> | void
  /** Throws unless it is free again. */
  assertFree(): Promise<void> | void
}

/** News of a death comes once. */
async function afterNews<Result>(attempt: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await attempt()
  } catch (error) {
    if (!isCardumenError(error, 'holder-died')) throw error
    return await attempt()
  }
}

async function notifyAll(...conditions: readonly Condition[]): Promise<void> {
  for (const condition of conditions) {
    await afterNews(() => condition.lock.acquireAsync({ timeoutMs: deadlineMs }))
    condition.notifyAll()
    condition.lock.release()
  }
}

function rowOfRLock(fair: boolean): Row {
  const lock = new RLock({ fair })
  return {
    name: fair ? 'RLock, fair' : 'RLock',
    does: 'reenter',
    things: [lock],
    async assertFree() {
      assert.equal(await afterNews(() => lock.tryAcquire()), true)
      lock.release()
      assert.equal(lock.isHeld, false)
    },
  }
}

function rowOfSemaphore(fair: boolean): Row {
  const semaphore = new Semaphore(3, { fair })
  return {
    name: fair ? 'Semaphore, fair, of one and two units at once' : 'Semaphore, of one and two units at once',
    does: 'takeUnits',
    things: [semaphore],
    assertFree() {
      assert.equal(semaphore.value, 3)
      assert.equal(semaphore.tryAcquire(3), true)
    },
  }
}

function rowOfCondition(): Row {
  const condition = new Condition()
  return {
    name: 'Condition',
    does: 'waitForNotice',
    things: [condition],
    nudge: () => notifyAll(condition),
    assertFree: () => notifyAll(condition),
  }
}

function rowOfMonitor(): Row {
  const lock = new Lock()
  const [full, empty] = [new Condition({ lock }), new Condition({ lock })]
  return {
    name: 'monitor',
    does: 'exchange',
    things: [full, empty],
    // Whoever dies between its change and its signal leaves the others asleep, as with any monitor.
    nudge: () => notifyAll(full, empty),
    assertFree: () => notifyAll(full, empty),
  }
}

function rowOfBarrier(): Row {
  const barrier = new Barrier(crew)
  return {
    name: 'Barrier',
    does: 'meet',
    things: [barrier],
    assertFree() {
      barrier.reset()
      assert.deepEqual([barrier.arrived, barrier.isBroken], [0, false])
    },
  }
}

function rowOfEvent(): Row {
  const event = new Event()
  return {
    name: 'Event',
    does: 'waitForEvent',
    things: [event],
    nudge: () => event.set(),
    async assertFree() {
      event.set()
      await event.waitAsync({ timeoutMs: deadlineMs })
    },
  }
}

function rowOfOnce(): Row {
  const once = new Once()
  return {
    name: 'Once',
    does: 'failAgain',
    things: [once],
    async assertFree() {
      assert.equal(await once.runAsync(() => undefined, { timeoutMs: deadlineMs }), true)
    },
  }
}

const rows = [
  rowOfRLock(false),
  rowOfRLock(true),
  rowOfSemaphore(false),
  rowOfSemaphore(true),
  rowOfCondition(),
  rowOfMonitor(),
  rowOfBarrier(),
  rowOfEvent(),
  rowOfOnce(),
]

async function untilSo(isSo: () => boolean, what: string, nudge?: Row['nudge']): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await nudge?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Rows of waits that are still open, but for joins. */
function waitsForPrimitives(): number[] {
  const { words } = arena()
  return openWaits().filter((row) => words[waitRow(row) + wait.primitive] !== 0)
}

function isService(id: number): boolean {
  return partyWord(id, party.kind) === partyKind.service
}

for (const [seed, row] of rows.entries())
  test(`${row.name}: threads that are killed at random moments leave nothing held, and nobody waits for ever`, async () => {
    const random = seededRandom(seed + 1)
    const cells = new SharedArray('int32', 16)
    const before = new Set(parties())
    const start = (own: number): Thread => {
      const thread = new Thread(module, row.does, { args: [...row.things, cells, own], daemon: true })
      thread.start()
      return thread
    }
    const roundsOf = (own: number): number => Atomics.load(cells.view, own)
    const goesOn = (own: number, rounds: number, when: string): Promise<void> => {
      const from = roundsOf(own)
      return untilSo(() => roundsOf(own) >= from + rounds, `thread ${own} goes on ${when}`, row.nudge)
    }
    const threads = Array.from({ length: crew }, (_, own) => start(own))
    try {
      for (let death = 0; death < deaths; death++) {
        const own = random.below(crew)
        await goesOn(own, 1 + random.below(20), `before death ${death}`)
        await threads[own]?.terminate()
        threads[own] = start(own)
        for (let other = 0; other < crew; other++) await goesOn(other, 3, `after death ${death}`)
      }
    } finally {
      await Promise.all(threads.map((thread) => thread.terminate()))
    }
    await untilSo(() => [...parties()].every((id) => before.has(id) || isService(id)), 'all dead threads are recovered')
    await row.assertFree()
    assert.deepEqual(waitsForPrimitives(), [])
  })

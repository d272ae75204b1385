/** Threads that are stopped at any moment while they hold, wait for and are given locks: nothing is lost, nobody waits for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { SharedArray } from '../../src/threads/data/shared-array.ts'
import { Barrier } from '../../src/threads/waiting/barrier.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { interruptParty } from '../../src/threads/waiting/interrupt.ts'
import { Lock, placeOfLock } from '../../src/threads/waiting/lock.ts'
import { RWLock } from '../../src/threads/waiting/reader-writer-lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { waitsFor } from '../../src/threads/waiting/waits.ts'
import { Actor, type Outcome, until } from './fixtures/actor.ts'

const deaths = 25
const crew = 3

function makeThings(): { lock: Lock; fair: Lock; semaphore: Semaphore; rw: RWLock; cells: SharedArray<'int32'> } {
  return {
    lock: new Lock({ name: 'lock' }),
    fair: new Lock({ name: 'fair', fair: true }),
    semaphore: new Semaphore(2, { name: 'semaphore' }),
    rw: new RWLock({ name: 'rw', prefer: 'fair' }),
    cells: new SharedArray('int32', 16),
  }
}

/** News of a death comes once. */
function tryTwice(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch (error) {
    if (!isCardumenError(error) || error.code !== 'holder-died') throw error
    return attempt()
  }
}

for (const [seed, isFair, fairSemaphore] of [
  [1, false, false],
  [2, true, false],
  [3, true, true],
] as const)
  test(`threads that are killed at random moments (seed ${seed}) leave no lock, unit or share behind, and the others go on`, async () => {
    const random = seededRandom(seed)
    const made = makeThings()
    const things = fairSemaphore ? { ...made, semaphore: new Semaphore(2, { fair: true }) } : made
    const start = async (own: number): Promise<Actor> => {
      const actor = await Actor.start(things)
      void actor.try('exercise', 'churn', own, isFair).catch(() => undefined)
      return actor
    }
    const actors = await Promise.all(Array.from({ length: crew }, (_, own) => start(own)))
    const roundsOf = (own: number): number => Atomics.load(things.cells.view, own)
    try {
      for (let death = 0; death < deaths; death++) {
        const own = random.below(crew)
        const rounds = roundsOf(own) + random.below(300)
        await until(() => roundsOf(own) >= rounds, `thread ${own} goes on before death ${death}`)
        await actors[own]?.kill()
        // Each of the others can still have everything.
        for (let other = 0; other < crew; other++) {
          const before = roundsOf(other)
          if (other !== own)
            await until(() => roundsOf(other) >= before + 8, `thread ${other} goes on after death ${death}`)
        }
        actors[own] = await start(own)
      }
    } finally {
      await Promise.all(actors.map((actor) => actor.kill()))
    }
    assert.equal(
      tryTwice(() => things.lock.tryAcquire()),
      true,
    )
    assert.equal(
      tryTwice(() => things.fair.tryAcquire()),
      true,
    )
    assert.equal(
      tryTwice(() => things.rw.tryAcquireWrite()),
      true,
    )
    assert.equal(things.semaphore.value, 2)
  })

test('a unit that a stranger gave back is taken off the holder, so its death brings back nothing more', async () => {
  const things = { semaphore: new Semaphore(2) }
  await using holder = await Actor.start(things)
  await holder.do('semaphore', 'acquire')
  await holder.do('semaphore', 'acquire')
  things.semaphore.release()
  await holder.kill()
  assert.equal(things.semaphore.value, 2)
})

test('a semaphore that starts with nothing gives back nothing when one dies that took a unit', async () => {
  const things = { semaphore: new Semaphore(0) }
  await using taker = await Actor.start(things)
  things.semaphore.release(2)
  await taker.do('semaphore', 'acquire')
  await taker.kill()
  assert.equal(things.semaphore.value, 1)
})

test('a notification for a thread that dies before it can use it goes to the next', async () => {
  const things = { it: new Condition() }
  await using first = await Actor.start(things)
  await using second = await Actor.start(things)
  const waits: Promise<unknown>[] = []
  for (const actor of [first, second]) {
    await actor.do('exercise', 'acquireLockOf')
    waits.push(actor.try('it', 'wait'))
    await actor.untilBlocked()
  }
  await things.it.lock.acquireAsync()
  assert.equal(things.it.notify(), 1)
  await first.kill()
  things.it.lock.release()
  // The first has been notified, cannot have had the lock, and is gone.
  assert.deepEqual(await waits[1], { result: undefined })
})

test('a notification for a thread that is interrupted before it has the lock again goes to the next', async () => {
  const things = { it: new Condition() }
  await using first = await Actor.start(things)
  await using second = await Actor.start(things)
  const waits: Promise<Outcome>[] = []
  for (const actor of [first, second]) {
    await actor.do('exercise', 'acquireLockOf')
    waits.push(actor.try('it', 'wait'))
    await actor.untilBlocked()
  }
  await things.it.lock.acquireAsync()
  assert.equal(things.it.notify(), 1)
  const lock = placeOfLock(things.it.lock).index
  const isForLock = (): boolean => waitsFor(lock).some(({ row }) => row === first.party)
  await until(isForLock, 'the notified one waits for the lock')
  interruptParty(first.party)
  things.it.lock.release()
  const outcome = await waits[0]
  assert.equal(outcome !== undefined && 'code' in outcome && outcome.code, 'interrupted')
  // It has the lock all the same.
  await first.do('exercise', 'releaseLockOf')
  assert.deepEqual(await waits[1], { result: undefined })
  await second.do('exercise', 'releaseLockOf')
})

test('a thread that has been at a barrier and dies elsewhere breaks it for those who come later', async () => {
  const things = { barrier: new Barrier(2) }
  await using one = await Actor.start(things)
  await using other = await Actor.start(things)
  await Promise.all([one.do('barrier', 'wait'), other.do('barrier', 'wait')])
  await one.kill()
  const outcome = await other.try('barrier', 'wait')
  assert.equal('code' in outcome && outcome.code, 'barrier-broken')
  assert.match('text' in outcome ? outcome.text : '', /died/)
  things.barrier.reset()
  assert.equal(things.barrier.isBroken, false)
})

/** Dining philosophers with each policy: without one they starve, with each of them all eat. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { describeCycle } from '../../protocols/deadlock/describe.ts'
import { findDeadlocks } from '../../protocols/deadlock/find-deadlocks.ts'
import { graphOf } from '../../protocols/deadlock/fixtures/graphs.ts'
import { acquireAllAsync } from './acquire-all.ts'
import { allFull, dine, reachOver, seats } from './fixtures/philosophers.ts'
import { PlainLock } from './fixtures/plain-lock.ts'
import { OrderedLocks } from './ordered-locks.ts'
import { ResourceManager } from './safe-resources.ts'

const forkNames = Array.from({ length: seats }, (_, seat) => `fork ${seat}`)

function forksOf<Fork>(make: (name: string, number: number) => Fork): (number: number) => Fork {
  const forks = forkNames.map(make)
  return (number) => {
    const fork = forks[number]
    assert.ok(fork !== undefined)
    return fork
  }
}

/** Everything that can happen in this thread by itself has happened. */
async function untilStill(isStill: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    if (isStill()) return
    await setImmediate()
  }
  assert.fail('They never came to a standstill.')
}

describe('dining philosophers', { timeout: 60_000 }, () => {
  it('without a cure come to a standstill, and the graph of their waits names all five', async () => {
    const forks = forksOf((name) => new PlainLock(name))
    const table = dine(async (left, right) => {
      await forks(left).acquireAsync()
      await reachOver()
      await forks(right).acquireAsync()
      return () => undefined
    })
    await untilStill(() => forkNames.every((_, seat) => forks(seat).waiting.length === 1))
    assert.equal(await Promise.race([table, setImmediate('all wait')]), 'all wait')
    const names = forkNames.map((_, seat) => `P${seat}`)
    const held = Object.fromEntries(forkNames.map((fork, seat) => [fork, { holders: { [`P${seat}`]: 1 } }]))
    const waits = names.map((party, seat) => ({ party, resource: `fork ${(seat + 1) % seats}` }))
    const [deadlock] = findDeadlocks(graphOf(names, held, waits)).deadlocks
    assert.equal(
      describeCycle(deadlock?.cycle ?? []),
      names.map((name, seat) => `${name} holds fork ${seat}, waits for fork ${(seat + 1) % seats}`).join('; '),
    )
  })

  it('all eat who take both forks at once', async () => {
    const forks = forksOf((name) => new PlainLock(name))
    const eaten = await dine(async (left, right) => {
      const held = await acquireAllAsync([forks(left), forks(right)])
      return () => held[Symbol.dispose]()
    })
    assert.deepEqual(eaten, allFull)
  })

  it('all eat who take the forks in one order', async () => {
    const locks = new OrderedLocks()
    const forks = forksOf((name, rank) => locks.add(new PlainLock(name), rank))
    const eaten = await dine((left, right) =>
      locks.inTask(async () => {
        const [first, second] = [forks(Math.min(left, right)), forks(Math.max(left, right))]
        await first.acquireAsync()
        await reachOver()
        await second.acquireAsync()
        return () => {
          second.release()
          first.release()
        }
      }),
    )
    assert.deepEqual(eaten, allFull)
  })

  it('are told at the first meal where one of them goes against the order', async () => {
    const locks = new OrderedLocks()
    const forks = forksOf((name, rank) => locks.add(new PlainLock(name), rank))
    const table = dine((left, right) =>
      locks.inTask(async () => {
        await forks(left).acquireAsync()
        await forks(right).acquireAsync()
        return () => undefined
      }),
    )
    await assert.rejects(
      table,
      (error) =>
        isCardumenError(error, 'order-violated') &&
        error.message.includes('"fork 0" was to be acquired while "fork 4" is held'),
    )
  })

  it('all eat whose forks come from the banker, though each takes the left one first', async () => {
    const resources = new ResourceManager(Object.fromEntries(forkNames.map((name) => [name, 1])))
    const eaten = await dine(async (left, right) => {
      const [first, second] = [`fork ${left}`, `fork ${right}`]
      const client = resources.claim({ [first]: 1, [second]: 1 })
      await client.requestAsync({ [first]: 1 })
      await reachOver()
      await client.requestAsync({ [second]: 1 })
      return () => client.leave()
    })
    assert.deepEqual(eaten, allFull)
  })
})

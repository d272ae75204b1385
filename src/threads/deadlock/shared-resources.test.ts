/** One banker for several threads, and for processes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { SharedArray } from '../data/shared-array.ts'
import { Process } from '../processes/process.ts'
import { Thread } from '../running/thread.ts'
import { Event } from '../waiting/event.ts'
import { Lock } from '../waiting/lock.ts'
import { findDeadlocks } from './find-deadlocks.ts'
import { until } from './fixtures/until.ts'
import { reportThreads } from './report-threads.ts'
import { ResourceManager } from './safe-resources.ts'

const deadlineMs = 20_000
const work = new URL('./fixtures/resource-work.ts', import.meta.url)
const code = (expected: Parameters<typeof isCardumenError>[1]) => (error: unknown) => isCardumenError(error, expected)

function started<Result>(functionName: string, name: string, args: readonly unknown[]): Thread<Result> {
  const thread = new Thread<Result>(work, functionName, { name, args })
  thread.start()
  return thread
}

const isOneWaiting = (resources: ResourceManager) => () => resources.report().waiting.length === 1

/** A thread that keeps a unit until the event. */
async function kept(resources: ResourceManager, most: number) {
  const [has, mayEnd] = [new Event(), new Event()]
  const keeper = started<void>('keepUnit', 'keeper', [resources, most, has, mayEnd])
  await has.waitAsync()
  return { keeper, mayEnd }
}

describe('the manager of resources between threads', { timeout: 60_000 }, () => {
  it('lets five philosophers eat who each take the left fork first', async () => {
    const [seats, meals] = [5, 20]
    const forks = new ResourceManager(Object.fromEntries(Array.from({ length: seats }, (_, at) => [`fork ${at}`, 1])))
    const inUse = new SharedArray('int32', seats)
    const table = Array.from({ length: seats }, (_, seat) =>
      started<number>('dineByBanker', `philosopher ${seat}`, [forks, inUse, seat, meals]),
    )
    const eaten = await Promise.all(table.map((thread) => thread.joinAsync()))
    assert.deepEqual(
      eaten,
      Array.from({ length: seats }, () => meals),
    )
    assert.deepEqual([forks.report().clients, forks.report().waiting], [[], []])
  })

  it('lets a thread wait for what another one holds, and tells who holds and who waits', async () => {
    const resources = new ResourceManager({ unit: 2 }, { name: 'tapes' })
    const { keeper, mayEnd } = await kept(resources, 2)
    const wanting = started<string>('wantUnits', 'wanting', [resources, 2])
    await until(isOneWaiting(resources))
    let text = await reportThreads()
    for (const end = performance.now() + deadlineMs; !text.includes('at wantUnits'); text = await reportThreads())
      assert.ok(performance.now() < end, text)
    assert.match(text, /thread "keeper" {2}blocked\n {2}holds a unit of resources "tapes"/)
    assert.match(
      text,
      /thread "wanting" {2}blocked\n {2}waits for resources "tapes", held by keeper, for .*\n {6}at wantUnits /,
    )
    mayEnd.set()
    await keeper.joinAsync()
    assert.equal(await wanting.joinAsync(), 'granted')
    assert.deepEqual(resources.report(), { free: { unit: 2 }, clients: [], waiting: [] })
  })

  it('takes back the units of a thread that dies, and grants them to who waits', async () => {
    const resources = new ResourceManager({ unit: 2 })
    const { keeper } = await kept(resources, 2)
    const wanting = started<string>('wantUnits', 'wanting', [resources, 2])
    await until(isOneWaiting(resources))
    await keeper.terminate()
    assert.equal(await wanting.joinAsync(), 'granted')
  })

  it('forgets what a thread waits for that dies, and goes on with those behind it', async () => {
    const resources = new ResourceManager({ unit: 2 })
    const { keeper, mayEnd } = await kept(resources, 2)
    const wanting = started<string>('wantUnits', 'wanting', [resources, 2])
    await until(isOneWaiting(resources))
    await wanting.terminate()
    await until(() => resources.report().clients.length === 1)
    assert.deepEqual(resources.report().waiting, [])
    mayEnd.set()
    await keeper.joinAsync()
    assert.deepEqual(resources.report().free, { unit: 2 })
  })

  it('fails a request that blocks at its deadline, which then is granted no more', async () => {
    const resources = new ResourceManager({ unit: 1 })
    const { keeper, mayEnd } = await kept(resources, 1)
    assert.equal(await started<string>('wantUnits', 'wanting', [resources, 1, 5]).joinAsync(), 'timed-out')
    assert.deepEqual(resources.report().waiting, [])
    mayEnd.set()
    await keeper.joinAsync()
  })

  it('fails a request that is interrupted', async () => {
    const resources = new ResourceManager({ unit: 1 })
    const { keeper, mayEnd } = await kept(resources, 1)
    const wanting = started<string>('wantUnits', 'wanting', [resources, 1])
    await until(isOneWaiting(resources))
    wanting.interrupt()
    assert.equal(await wanting.joinAsync(), 'interrupted')
    mayEnd.set()
    await keeper.joinAsync()
  })

  it('fails requests and claims once it is closed', async () => {
    const resources = new ResourceManager({ unit: 1 })
    const { keeper, mayEnd } = await kept(resources, 1)
    const wanting = started<string>('wantUnits', 'wanting', [resources, 1])
    await until(isOneWaiting(resources))
    resources.close()
    assert.equal(await wanting.joinAsync(), 'closed')
    assert.throws(() => resources.claim({ unit: 1 }), code('closed'))
    mayEnd.set()
    await keeper.joinAsync()
  })

  it('blocks no main thread, and names the form that awaits', () => {
    using client = new ResourceManager({ unit: 1 }).claim({ unit: 1 })
    assert.throws(
      () => client.request({ unit: 1 }),
      (error) => isCardumenError(error, 'would-block') && error.hint?.includes('requestAsync') === true,
    )
  })

  it('is seen in a deadlock that a lock beside it brings about', async () => {
    const [resources, lock] = [new ResourceManager({ unit: 1 }, { name: 'R' }), new Lock({ name: 'L' })]
    const [hasUnit, hasLock] = [new Event(), new Event()]
    const a = started<string>('unitThenLock', 'A', [resources, lock, hasUnit, hasLock])
    const b = started<string>('lockThenUnitOf', 'B', [resources, lock, hasLock, hasUnit])
    let found = await findDeadlocks()
    await until(() => {
      void findDeadlocks().then((now) => (found = now))
      return found.length > 0
    })
    assert.match(found[0]?.text ?? '', /A holds some of R, waits for L; B holds L, waits for R/)
    b.interrupt()
    assert.deepEqual(await Promise.all([a.joinAsync(), b.joinAsync()]), ['had both', 'interrupted'])
  })
})

describe('the manager of resources between processes', { timeout: 60_000 }, () => {
  it('grants to a process, and takes back what it held when it is killed', async () => {
    const resources = new ResourceManager({ unit: 2 })
    const [has, mayEnd] = [new Event(), new Event()]
    const holder = new Process(new URL('./fixtures/resource-process.ts', import.meta.url), 'keepUnitAsync', {
      args: [resources, has, mayEnd],
    })
    holder.start()
    await has.waitAsync()
    assert.deepEqual(resources.report().free, { unit: 1 })
    const wanting = started<string>('wantUnits', 'wanting', [resources, 2])
    await until(isOneWaiting(resources))
    holder.kill()
    assert.equal(await wanting.joinAsync(), 'granted')
    await holder.join().catch(() => undefined)
    assert.deepEqual(resources.report(), { free: { unit: 2 }, clients: [], waiting: [] })
  })
})

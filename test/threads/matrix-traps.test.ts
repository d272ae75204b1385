/** What `Atomics.wait` and `Atomics.waitAsync` do to whoever uses them bare, and what they do not do here. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { party, setPartyWord } from '../../src/threads/memory/parties.ts'
import { Condition } from '../../src/threads/waiting/condition.ts'
import { Event } from '../../src/threads/waiting/event.ts'
import { Lock } from '../../src/threads/waiting/lock.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'
import { signal, waitIn } from '../../src/threads/waiting/waits.ts'
import { Actor } from './fixtures/actor.ts'

const run = promisify(execFile)
const program = fileURLToPath(new URL('./fixtures/awaits-then-ends.ts', import.meta.url))

test('a program that does nothing but await a lock lives until it has it, and ends with code 0', async () => {
  const { stdout } = await run(process.execPath, [program], { timeout: 20_000 })
  assert.equal(stdout, 'had it\n')
})

test('a program that only awaits what nothing can end lives on, instead of ending with code 13', async () => {
  const module = new URL('../../src/threads/waiting/event.ts', import.meta.url).href
  const text = `import { Event } from '${module}'; setTimeout(() => process.exit(5), 200); await new Event().waitAsync()`
  const failure: unknown = await run(process.execPath, ['--input-type=module', '-e', text], { timeout: 20_000 }).catch(
    (error: unknown) => error,
  )
  assert.equal((failure as { code?: unknown }).code, 5)
})

test('a task that has given up waiting for a semaphore takes no unit from the one that waits on', async () => {
  const semaphore = new Semaphore(0)
  const gaveUp = new AbortController()
  const first = semaphore.acquireAsync({ signal: gaveUp.signal })
  const second = semaphore.acquireAsync({ timeoutMs: 10_000 })
  gaveUp.abort()
  // Both at once: the wake-up may well go to the one that is just about to leave.
  semaphore.release()
  const outcomes = await Promise.allSettled([first, second])
  const taken = outcomes.filter(({ status }) => status === 'fulfilled').length
  assert.equal(taken, 1)
  assert.equal(semaphore.value, 0)
})

test('a task that has given up waiting for a lock passes on the wake-up that it got', async () => {
  const lock = new Lock()
  await using actor = await Actor.start({ lock })
  await lock.acquireAsync()
  const gaveUp = new AbortController()
  const first = lock.acquireAsync({ signal: gaveUp.signal })
  const waits = actor.try('lock', 'acquire')
  await actor.untilBlocked()
  gaveUp.abort()
  lock.release()
  await first.then(
    () => lock.release(),
    () => undefined,
  )
  assert.deepEqual(await waits, { result: undefined })
})

test('a notification never goes to a task whose wait has timed out', async () => {
  const condition = new Condition()
  await condition.lock.acquireAsync()
  await assert.rejects(condition.waitAsync({ timeoutMs: 1 }), { code: 'timed-out' })
  assert.equal(condition.notify(), 0)
  condition.lock.release()
})

test('bare Atomics.wait blocks the main thread; every blocking form here throws instead', () => {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  assert.equal(Atomics.wait(cell, 0, 0, 1), 'timed-out')
  const event = new Event()
  event.set()
  assert.throws(() => event.wait(), { code: 'would-block' })
  assert.throws(() => new Lock().acquire(), { code: 'would-block' })
  assert.throws(() => new Lock().hold(), { code: 'would-block' })
})

test('an interrupt that comes while a thread is just woken for nothing is not lost', async () => {
  const things = { event: new Event() }
  await using waiter = await Actor.start(things)
  const outcome = waiter.try('event', 'wait', { timeoutMs: 10_000 })
  await waiter.untilBlocked()
  // What an interrupter does that finds the wait signalled: it leaves the flag, and nothing to raise.
  setPartyWord(waiter.party, party.interrupt, 1)
  const found = waitIn(waiter.party)
  if (found !== undefined) signal(found)
  const ended = await outcome
  assert.equal('code' in ended && ended.code, 'interrupted')
})

/** Real threads and processes that block each other: what each policy does, and how the cycle is named. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { Process } from '../processes/process.ts'
import { Thread } from '../running/thread.ts'
import { Barrier } from '../waiting/barrier.ts'
import { Event } from '../waiting/event.ts'
import { Lock } from '../waiting/lock.ts'
import { RWLock } from '../waiting/reader-writer-lock.ts'
import { Semaphore } from '../waiting/semaphore.ts'
import { findDeadlocks } from './find-deadlocks.ts'
import { foundDeadlocks } from './fixtures/found-deadlocks.ts'
import type { FoundDeadlock } from './found-deadlock.ts'
import { watchDeadlocks } from './watch-deadlocks.ts'

const work = new URL('./fixtures/deadlock-work.ts', import.meta.url)

interface Pair {
  readonly locks: readonly [Lock, Lock]
  readonly threads: readonly Thread<string>[]
}

/** A holds L1 and waits for L2, B the other way round. */
function crossedPair(): Pair {
  const locks = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' })] as const
  const gate = new Barrier(2)
  const orders = { A: [...locks, gate], B: [...locks.toReversed(), gate] }
  const threads = Object.entries(orders).map(([name, args]) => new Thread<string>(work, 'crossLocks', { name, args }))
  for (const thread of threads) thread.start()
  return { locks, threads }
}

/** Ends the deadlock by an interrupt to A, and gives what came of both. */
async function undo({ locks, threads }: Pair): Promise<readonly string[]> {
  threads[0]?.interrupt()
  const answers = await Promise.all(threads.map((thread) => thread.joinAsync()))
  for (const lock of locks) lock.close()
  return answers
}

/** The first line, whoever comes first in it. */
function namesOf({ text }: FoundDeadlock): readonly string[] {
  const [line = ''] = text.split('\n')
  return line
    .replace(/^.*?: /, '')
    .replace(/\.$/, '')
    .split('; ')
    .toSorted()
}

describe('the policy', { timeout: 90_000 }, () => {
  it('"ignore" watches nothing: the threads wait on until somebody ends it', async () => {
    using _ = watchDeadlocks({ policy: 'ignore' })
    const pair = crossedPair()
    const [found] = await foundDeadlocks()
    assert.equal(found?.certainty, 'certain')
    assert.ok(pair.threads.every(({ isAlive }) => isAlive))
    const [one, other] = await undo(pair)
    assert.match(one ?? '', /^interrupted: /)
    assert.equal(other, 'had both')
  })

  it('"report" tells the handler the cycle with the stack of each wait, and harms nobody', async () => {
    const { promise, resolve } = Promise.withResolvers<FoundDeadlock>()
    using _ = watchDeadlocks({ policy: 'report', everyMs: 20, onDeadlock: resolve })
    const pair = crossedPair()
    const told = await promise
    assert.deepEqual(namesOf(told), ['A holds L1, waits for L2', 'B holds L2, waits for L1'])
    assert.equal(told.text.match(/crossLocks/g)?.length, 2)
    assert.ok(pair.threads.every(({ isAlive }) => isAlive))
    await undo(pair)
  })

  it('"raise" fails the wait of one with an error that names the cycle, and the other goes on', async () => {
    const victims: (string | undefined)[] = []
    using _ = watchDeadlocks({ policy: 'raise', everyMs: 20, onDeadlock: (_told, victim) => victims.push(victim) })
    const pair = crossedPair()
    const answers = await Promise.all(pair.threads.map((thread) => thread.joinAsync()))
    const raised = answers.find((answer) => answer !== 'had both') ?? ''
    assert.ok(answers.includes('had both'))
    assert.match(raised, /^deadlock: .*: [AB] holds L[12], waits for L[12]; [AB] holds L[12], waits for L[12]\.$/)
    assert.match(String(victims), /^[AB]$/)
    for (const lock of pair.locks) lock.close()
  })

  it('"report" without a handler writes to standard error, also while the main thread is in an endless loop', async () => {
    const main = fileURLToPath(new URL('./fixtures/busy-main.ts', import.meta.url))
    const child = spawn(process.execPath, [main], { stdio: ['ignore', 'ignore', 'pipe'] })
    let written = ''
    for await (const chunk of child.stderr) {
      written += String(chunk)
      if (written.includes('\n')) break
    }
    child.kill('SIGKILL')
    assert.match(
      written,
      /^cardumen: Deadlock: [AB] holds L[12], waits for L[12]; [AB] holds L[12], waits for L[12]\.\n/m,
    )
  })

  it('does not keep the process alive', () => {
    const main = fileURLToPath(new URL('./fixtures/watching-main.ts', import.meta.url))
    const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8', timeout: 30_000 })
    assert.deepEqual([status, stdout], [0, 'watches\n'])
  })

  it('that is none is refused', () => {
    const isInvalid = (error: unknown): boolean => isCardumenError(error, 'option-invalid')
    assert.throws(() => watchDeadlocks({ policy: 'pray' as 'ignore' }), isInvalid)
    assert.throws(() => watchDeadlocks({ victim: 'eldest' as 'youngest' }), isInvalid)
    assert.throws(() => watchDeadlocks({ everyMs: 0 }), isInvalid)
    assert.throws(() => watchDeadlocks({ everyMs: '5' as unknown as number }), isInvalid)
    assert.throws(() => watchDeadlocks({ raiseSuspected: 1 as unknown as boolean }), isInvalid)
    assert.throws(() => watchDeadlocks({ onDeadlock: 5 as unknown as () => void }), isInvalid)
  })
})

describe('a cycle is named', { timeout: 90_000 }, () => {
  it('across a lock and a join', async () => {
    const lock = new Lock({ name: 'L1' })
    const parent = new Thread<string>(work, 'lockThenJoin', { name: 'parent', args: [lock] })
    parent.start()
    const [found] = await foundDeadlocks()
    assert.ok(found !== undefined)
    assert.equal(found.certainty, 'certain')
    assert.deepEqual(namesOf(found), [
      'child has not ended, waits for L1',
      'parent holds L1, waits for the end of thread "child"',
    ])
    parent.interrupt()
    assert.match(await parent.joinAsync(), /^interrupted: /)
    lock.close()
  })

  it('across a lock and a semaphore, as suspected: anyone might release that', async () => {
    const [lock, units, gate] = [new Lock({ name: 'L1' }), new Semaphore(1, { name: 'units' }), new Barrier(2)]
    const threads = ['lockThenUnit', 'unitThenLock'].map(
      (name) => new Thread<string>(work, name, { name, args: [lock, units, gate] }),
    )
    for (const thread of threads) thread.start()
    const [found] = await foundDeadlocks()
    assert.ok(found !== undefined)
    assert.equal(found.certainty, 'suspected')
    assert.deepEqual(namesOf(found), [
      'lockThenUnit holds L1, waits for units',
      'unitThenLock holds units, waits for L1',
    ])
    units.release()
    assert.deepEqual(await Promise.all(threads.map((thread) => thread.joinAsync())), ['had both', 'had both'])
    for (const each of [lock, units, gate]) each.close()
  })

  it('across a lock and a barrier to which all have come before', async () => {
    const [lock, gate, held] = [new Lock({ name: 'L1' }), new Barrier(2, { name: 'gate' }), new Event()]
    const threads = ['lockThenGate', 'gateThenLock'].map(
      (name) => new Thread<string>(work, name, { name, args: [lock, gate, held] }),
    )
    for (const thread of threads) thread.start()
    const [found] = await foundDeadlocks()
    assert.ok(found !== undefined)
    assert.deepEqual(namesOf(found), [
      'gateThenLock has not come to gate, waits for L1',
      'lockThenGate holds L1, waits for gate',
    ])
    threads[0]?.interrupt()
    const [atGate, atLock] = await Promise.all(threads.map((thread) => thread.joinAsync()))
    assert.match(atGate ?? '', /^interrupted: /)
    assert.equal(atLock, 'had both')
    for (const each of [lock, gate, held]) each.close()
  })

  it('across two read-write locks, of which each thread reads one and wants to write the other', async () => {
    const [one, other, gate] = [new RWLock({ name: 'R1' }), new RWLock({ name: 'R2' }), new Barrier(2)]
    const orders = { A: [one, other, gate], B: [other, one, gate] }
    const threads = Object.entries(orders).map(
      ([name, args]) => new Thread<string>(work, 'readThenWrite', { name, args }),
    )
    for (const thread of threads) thread.start()
    const [found] = await foundDeadlocks()
    assert.ok(found !== undefined)
    assert.equal(found.certainty, 'certain')
    assert.deepEqual(namesOf(found), ['A holds R1, waits for R2', 'B holds R2, waits for R1'])
    threads[0]?.interrupt()
    await Promise.all(threads.map((thread) => thread.joinAsync()))
    for (const each of [one, other, gate]) each.close()
  })

  it('across the threads of two processes, and the victim in the other process reads it in its error', async () => {
    const [one, other, gate] = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' }), new Barrier(2)]
    const orders = { A: [one, other, gate], B: [other, one, gate] }
    const processes = Object.entries(orders).map(
      ([name, args]) => new Process<string>(work, 'crossLocksInThread', { name, args: [name, ...args] }),
    )
    for (const each of processes) each.start()
    const [found] = await foundDeadlocks()
    assert.ok(found !== undefined)
    assert.equal(found.certainty, 'certain')
    assert.equal(found.text.match(/ at crossLocks/g)?.length, 2)
    for (const each of processes) assert.match(found.text, new RegExp(`\\(process ${each.pid}\\)`))
    using _ = watchDeadlocks({ policy: 'raise', everyMs: 20, onDeadlock: () => undefined })
    const answers = await Promise.all(processes.map((each) => each.join()))
    const raised = answers.find((answer) => answer !== 'had both') ?? ''
    assert.ok(answers.includes('had both'))
    assert.match(raised, /^deadlock: .*holds L[12], waits for L[12]; .*holds L[12], waits for L[12]\.$/)
    for (const each of [one, other, gate]) each.close()
    assert.deepEqual(await findDeadlocks(), [])
  })

  it('between tasks that await in two processes, as suspected', async () => {
    const [one, other, gate] = [new Lock({ name: 'L1' }), new Lock({ name: 'L2' }), new Barrier(2)]
    const orders = { A: [one, other, gate], B: [other, one, gate] }
    const processes = Object.entries(orders).map(
      ([name, args]) => new Process<string>(work, 'awaitCrossLocks', { name, args }),
    )
    for (const each of processes) each.start()
    const [found] = await foundDeadlocks()
    assert.equal(found?.certainty, 'suspected')
    assert.equal(found?.text.match(/ at awaitCrossLocks/g)?.length, 2)
    using _ = watchDeadlocks({ policy: 'raise', raiseSuspected: true, everyMs: 20, onDeadlock: () => undefined })
    const answers = await Promise.all(processes.map((each) => each.join()))
    assert.ok(answers.includes('had both'))
    assert.ok(answers.some((answer) => answer.startsWith('deadlock: ')))
    for (const each of [one, other, gate]) each.close()
  })
})

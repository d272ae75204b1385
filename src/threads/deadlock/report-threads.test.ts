/** The report of a process: in its own words, on a signal, and asked for by another process. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { reportOfProcess, reportsOfProcesses } from '../processes/home-report.ts'
import { Thread } from '../running/thread.ts'
import { Event } from '../waiting/event.ts'
import { Lock } from '../waiting/lock.ts'
import { reportOnSignal, reportThreads } from './report-threads.ts'
import type { ThreadsReport } from './threads-report.ts'
import { describeThreads } from './threads-text.ts'

const work = new URL('./fixtures/deadlock-work.ts', import.meta.url)
const deadlineMs = 20_000
const pollMs = 20

/** A program of `fixtures/`, once it has written its first line. */
async function programOf(name: string): Promise<ChildProcess & { readonly pid: number }> {
  const path = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] })
  if (child.stdout === null || child.pid === undefined) throw new Error('It has no output.')
  await once(child.stdout, 'data')
  return child as ChildProcess & { readonly pid: number }
}

async function reportFrom(pid: number): Promise<ThreadsReport> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const report = await reportOfProcess(pid).catch((error: unknown) => {
      if (!isCardumenError(error, 'process-unknown')) throw error
    })
    if (report !== undefined && report.deadlocks.length > 0) return report
    if (performance.now() > deadline) throw new Error(`No deadlock in time: ${JSON.stringify(report)}`)
    await delay(pollMs)
  }
}

describe('a report of the threads', { timeout: 60_000 }, () => {
  it('says of each what it holds, what it waits for, and where', async () => {
    const [lock, event, held] = [new Lock({ name: 'L1' }), new Event({ name: 'go' }), new Event({ name: 'held' })]
    const thread = new Thread(work, 'holdAndWait', { name: 'A', args: [lock, event, held] })
    thread.start()
    await held.waitAsync()
    const wanted = lock.acquireAsync()
    let text = await reportThreads()
    for (const end = performance.now() + deadlineMs; !text.includes('at holdAndWait'); text = await reportThreads())
      assert.ok(performance.now() < end, text)
    assert.match(
      text,
      /thread "A" {2}blocked\n {2}holds lock "L1"\n {2}waits for event "go", for .*\n {6}at holdAndWait /,
    )
    assert.match(text, /main {2}awaits\n {2}awaits lock "L1", held by A, for /)
    event.set()
    await wanted
    lock.release()
    await thread.joinAsync()
    for (const each of [lock, event, held]) each.close()
  })

  it('shows no control characters that a name brings', () => {
    const thread = {
      name: '\u001b[2Jevil\n\u202E',
      kind: 'thread',
      pid: 1,
      state: 'runs',
      holds: [],
      waits: [],
    } as const
    const report = { pid: 1, command: '', threads: [thread], deadlocks: [], stopped: [] }
    assert.match(describeThreads(report), /thread "\?\[2Jevil\?\?" {2}runs/)
  })

  it('comes on standard error with the signal that was asked for', { skip: process.platform === 'win32' }, async () => {
    const child = await programOf('stuck-main.ts')
    child.kill('SIGQUIT')
    let written = ''
    for await (const chunk of child.stderr ?? []) {
      written += String(chunk)
      if (written.includes('Deadlock:')) break
    }
    assert.match(written, new RegExp(`^Process ${child.pid} `))
    assert.match(written, /Deadlock: [AB] holds L[12], waits for L[12]; [AB] holds L[12], waits for L[12]\./)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  it('is given to another process of this user, also where the main thread is in an endless loop', async () => {
    const child = await programOf('looping-main.ts')
    const report = await reportFrom(child.pid)
    assert.deepEqual(
      report.threads.map(({ name, state }) => `${name} ${state}`),
      ['main runs', 'A blocked', 'B blocked'],
    )
    assert.equal(report.deadlocks[0]?.certainty, 'certain')
    assert.ok((await reportsOfProcesses()).some(({ pid }) => pid === child.pid))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await assert.rejects(reportOfProcess(child.pid), (error) => isCardumenError(error, 'process-unknown'))
  })

  it('is refused where a process answers nonsense, which hides no other process', async () => {
    const child = await programOf('garbage-home.ts')
    await assert.rejects(reportOfProcess(child.pid), (error) => isCardumenError(error, 'input-refused'))
    assert.ok((await reportsOfProcesses()).every(({ pid }) => pid !== child.pid))
    child.kill('SIGTERM')
    await once(child, 'exit')
  })

  it('of what is no signal is refused', () => {
    assert.throws(
      () => reportOnSignal('SIGNONE' as NodeJS.Signals),
      (error) => isCardumenError(error, 'option-invalid'),
    )
  })
})

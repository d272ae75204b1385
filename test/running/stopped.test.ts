/** What becomes of the calls at a member that is stopped: it is not dead, and may go on. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type * as Jobs from './fixtures/jobs.ts'
import { newSystem, type RunningSystem } from './fixtures/members.ts'

const jobsUrl = new URL('./fixtures/jobs.ts', import.meta.url)
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('a member that is stopped', { timeout: 120_000 }, () => {
  it('holds up no idempotent work, and gets none while another member answers', async () => {
    await using system = await newSystem()
    const [stopped, other] = await Promise.all(['stopped', 'other'].map((name) => system.addProcess(name)))
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl, { idempotent: true })
    let interrupted = 0
    const results = await jobs.spinAndReturn.map(numbers(200), {
      concurrency: 16,
      onProgress: (progress) => {
        if (progress.done === 50) stopped?.kill('SIGSTOP')
        interrupted = progress.interrupted
      },
    })
    assert.deepEqual(results, numbers(200))
    assert.equal(stateOf(system, 'stopped'), 'unresponsive')
    assert(interrupted > 0)

    const pids = await Promise.all(numbers(40).map(() => jobs.whichProcess()))
    assert.deepEqual(new Set(pids), new Set([other?.pid]))

    stopped?.kill('SIGCONT')
    await until(() => stateOf(system, 'stopped') === 'live', 'heard again')
    assert.equal(await jobs.whichProcess.with({ on: 'stopped' })(), stopped?.pid)
  })

  it('keeps the calls that must not run twice, and each has run once when it has gone on', async () => {
    await using system = await newSystem()
    const [stopped] = await Promise.all(['stopped', 'other'].map((name) => system.addProcess(name)))
    const path = join(system.home, 'lines')
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl)
    await Promise.all(['stopped', 'other'].map((on) => jobs.add.with({ on })(1, 1)))
    let answered = 0
    const begun = numbers(40).map((item) => jobs.leaveLine(path, item).finally(() => answered++))
    stopped?.kill('SIGSTOP')
    const held = jobs.leaveLine.with({ on: 'stopped' })(path, 40)
    await until(() => stateOf(system, 'stopped') === 'unresponsive', 'silent')
    assert(answered < 40)

    stopped?.kill('SIGCONT')
    assert.deepEqual(await Promise.all([...begun, held]), numbers(41))
    const lines = readFileSync(path, 'utf8').trim().split('\n').map(Number)
    assert.deepEqual(
      lines.toSorted((left, right) => left - right),
      numbers(41),
    )
    assert.deepEqual(system.client.interruptions, { interrupted: 0, rerun: 0 })
  })
})

function stateOf(system: RunningSystem, name: string): string | undefined {
  return system.caller.members().find(({ id }) => id === name)?.state
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!isSo()) {
    assert(performance.now() < deadline, `within 30 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** `threads`: what it prints of a process whose threads are deadlocked, and what it refuses. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'
import { Sandbox } from './fixtures/sandbox.ts'

const program = join(root, 'src', 'threads', 'deadlock', 'fixtures', 'looping-main.ts')
const deadlineMs = 30_000
const pollMs = 50

interface Deadlocked extends AsyncDisposable {
  readonly pid: number
}

/** A process that can be asked by now. */
async function deadlocked(sandbox: Sandbox): Promise<Deadlocked> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = child.pid ?? 0
  await once(child.stdout, 'data')
  const end = performance.now() + deadlineMs
  for (;;) {
    const { stdout } = await sandbox.run(['threads', String(pid)])
    if (stdout.includes('Deadlock:')) break
    assert.ok(performance.now() < end, stdout)
    await delay(pollMs)
  }
  return {
    pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

describe('threads', { timeout: 90_000 }, () => {
  it('shows who holds what, who waits for what and where, and names the cycle', async () => {
    await using sandbox = new Sandbox()
    await using child = await deadlocked(sandbox)
    const { code, stdout } = await sandbox.run(['threads', String(child.pid)])
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^Process ${child.pid}.*\n3 threads: 1 runs, 2 blocked\n`))
    assert.match(
      stdout,
      /^thread "A" {2}blocked\n {2}holds lock "L1"\n {2}waits for lock "L2", held by B, for .*\n {6}at /m,
    )
    assert.match(stdout, /^Deadlock: [AB] holds L[12], waits for L[12]; [AB] holds L[12], waits for L[12]\.$/m)
  })

  it('prints JSON for scripts, and lists the processes that can be asked', async () => {
    await using sandbox = new Sandbox()
    await using child = await deadlocked(sandbox)
    const { stdout } = await sandbox.run(['threads', String(child.pid), '--json'])
    const { deadlocks } = JSON.parse(stdout) as { deadlocks: { certainty: string }[] }
    assert.deepEqual(
      deadlocks.map(({ certainty }) => certainty),
      ['certain'],
    )
    const list = await sandbox.run(['threads'])
    assert.equal(list.code, 0)
    assert.match(list.stdout, new RegExp(`^ *${child.pid} {2}3 threads: 1 runs, 2 blocked {2,}1 {2,}`, 'm'))
  })

  const refused: readonly (readonly [what: string, pid: string, code: number, says: RegExp])[] = [
    ['what is no process', 'main', 2, /whole number/],
    ['a process that there is not', '2147483646', 1, /There is no process 2147483646/],
    ['a process without threads of ours', String(process.ppid), 1, /tells of no threads|belongs to another user/],
  ]
  for (const [what, pid, code, says] of refused)
    it(`refuses ${what}`, async () => {
      await using sandbox = new Sandbox()
      const ended = await sandbox.run(['threads', pid])
      assert.equal(ended.code, code)
      assert.match(ended.stderr, says)
    })
})

/** Nice values of processes: what they are set to, and what is refused. A child is made less urgent, never this process. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { processPriority, setPriority } from './nice.ts'

describe('the nice value of a process', { timeout: 10_000 }, () => {
  it('is read and set by its identifier', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
    const gone = once(child, 'exit')
    await once(child, 'spawn')
    const pid = child.pid ?? 0
    const before = processPriority(pid)
    setPriority(pid, Math.min(19, before + 3))
    assert.equal(processPriority(pid), Math.min(19, before + 3))
    child.stdin.end()
    await gone
    assert.throws(
      () => setPriority(pid, 19),
      (error) => isCardumenError(error, 'process-unknown'),
    )
  })

  it('of this process is read without an identifier', () => {
    setPriority(processPriority())
    assert.equal(processPriority(), processPriority(process.pid))
  })

  for (const nice of [-21, 20, 1.5, Number.NaN])
    it(`is never ${nice}`, () =>
      assert.throws(
        () => setPriority(nice),
        (error) => isCardumenError(error, 'option-invalid'),
      ))

  for (const pid of [0, -1, 1.5, 2 ** 31])
    it(`is not that of a process ${pid}`, () =>
      assert.throws(
        () => processPriority(pid),
        (error) => isCardumenError(error, 'option-invalid'),
      ))

  it('of a process of somebody else is refused with a code that says so', () => {
    // Root may set every priority, so it becomes somebody else for a moment.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      assert.throws(
        () => setPriority(1, 19),
        (error) => isCardumenError(error, 'process-failed') && error.message.includes('may not'),
      )
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })
})

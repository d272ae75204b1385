/** What a pool does to the process that it is in: alive while there are tasks, gone without a trace afterwards. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./fixtures/lives-and-ends.ts', import.meta.url))
const deadlineMs = 20_000

function endOf(way: string): Promise<{ code: number | string | null | undefined; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, way],
      { timeout: deadlineMs, killSignal: 'SIGKILL' },
      (error, output, errors) => {
        resolve({ code: error === null ? 0 : error.code, output, errors })
      },
    )
  })
}

describe('a process with a pool', () => {
  const ends: readonly [string, string, string][] = [
    ['ends by itself where the pool is never used', 'unused', ''],
    ['ends by itself where the pool has no more tasks and was not closed', 'idle', '10\n'],
    ['stays alive for a task that nobody awaits', 'unawaited', '1000\n'],
    ['stays alive for a result that comes as a message', 'large', '100000\n'],
    ['ends after the pool was closed', 'closed', '1\n'],
    ['shows what a task printed before it ended its thread', 'prints', 'from a task\nthread-exited\n'],
    ['ends the threads of pools that nobody has any more, though they were not closed', 'lost', '3\n'],
    ['ends though a thread is still busy with a task that was given up', 'abandoned', 'timed-out\n'],
  ]
  for (const [fact, way, output] of ends) {
    it(fact, async () => {
      assert.deepEqual(await endOf(way), { code: 0, output, errors: '' })
    })
  }
})

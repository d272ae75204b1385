/** The example as its user runs it: processes that are killed, and a capability that works until it is taken back. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

it('a lent note is read, not written, over a kill of its server, until it is taken back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardumen-lending-'))
  try {
    const script = fileURLToPath(new URL('./main.ts', import.meta.url))
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, TMPDIR: folder }
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env, timeout: 60_000 })
    assert.equal(stdout.match(/reads "the boat is for sale"/g)?.length, 1)
    assert.match(stdout, /writes: right-missing, executed: no\. note\.write needs modify; the capability grants read\./)
    assert.equal(stdout.match(/killed with kill -9/g)?.length, 2)
    assert.match(stdout, /reads: capability-revoked, executed: no/)
    assert.match(stdout, /The owner’s capability, found under \/note, still does\.\n$/)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('cardumen-lend-a-note-')),
      [],
    )
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
})

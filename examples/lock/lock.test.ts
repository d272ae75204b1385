/** The simulator finds the planted bug, and the one that remains after the first mending; the mended lock holds. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { isCardumenError } from 'cardumen'
import { simulate } from 'cardumen/simulate'
import { takeNumbers, lockOptions } from './lock-scenario.ts'
import type { Store } from './servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardumen-lock-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function messageOf(store: Store, seeds: number): Promise<string> {
  const traceFile = join(folder, `${store}.trace.jsonl`)
  const run = simulate({ ...lockOptions(store), seeds, faults: 'swarm', traceFile }, takeNumbers)
  return run.then(
    () => 'nothing was found',
    (error: unknown) => (isCardumenError(error, 'simulation-failed') ? error.message : Promise.reject(error)),
  )
}

describe('the lock', () => {
  it('gives a number twice where a holder is stopped past its second, and the store trusts it', async (test) => {
    const message = await messageOf('trusting', 100)
    assert.match(message, /"unique-numbers"/)
    test.diagnostic(message)
  })

  it('still does so where only writes are guarded: an old holder writes between a read and its write', async (test) => {
    const message = await messageOf('guards-writes', 200)
    assert.match(message, /"unique-numbers"/)
    test.diagnostic(message)
  })

  it('holds for 200 seeds where the store refuses every stale token', async () => {
    const { seeds, checked, faults } = await simulate(
      { ...lockOptions('guards-all'), seeds: 200, faults: 'swarm' },
      takeNumbers,
    )
    assert.equal(seeds, 200)
    assert.ok((faults.pause ?? 0) > 50)
    assert.ok(checked > 10_000)
  })
})

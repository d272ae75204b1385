/** The program of the README does what it says, alone and with members. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { down, up } from 'cardumen'

const script = fileURLToPath(new URL('./main.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'cardumen-ten-lines-'))
after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

async function run(): Promise<string> {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, CARDUMEN_HOME: home }
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env, timeout: 60_000 })
  return stdout
}

it('needs no member but itself', async () => {
  assert.equal(await run(), '539777 primes below 8,000,000\n')
})

it('uses the members that there are', async () => {
  await up({ home, members: 2 })
  try {
    assert.equal(await run(), '539777 primes below 8,000,000\n')
  } finally {
    assert.equal((await down({ home })).length, 2)
  }
})

/** `explore`: what it prints and saves, and how it ends. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'
import { Sandbox } from './fixtures/sandbox.ts'

describe('explore', { timeout: 60_000 }, () => {
  it('lists its models', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['explore'])
    assert.equal(code, 0)
    for (const name of ['token-ring', 'bully', 'rpc', 'broken-lock']) assert.match(stdout, new RegExp(`^${name} `, 'm'))
  })

  it('ends with 0 where everything holds, and reports states, edges, depth and time', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['explore', 'numbered-lock'])
    assert.equal(code, 0)
    assert.match(stdout, /^holds in everything/)
    assert.match(stdout, /\d+ states, \d+ edges, depth \d+, \d+\.\d s/)
  })

  it('ends with 1 and a diagram where something is violated, and saves the way to it', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'lock.jsonl')
    const { code, stdout, stderr } = await sandbox.run(['explore', 'broken-lock', '--save', file])
    assert.equal(code, 1)
    assert.match(stdout, /^violated: m2 and m3 hold the lock at the same time, after 12 steps/)
    assert.match(stdout, /RELEASE 5 again/)
    assert.match(stderr, /cardumen simulate --replay/)
    assert.match(await readFile(file, 'utf8'), /^\{"format":"cardumen-trace".*"kind":"schedule"/)
  })

  it('prints what it found where that cannot be saved, and says so', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'no', 'such', 'folder', 'lock.jsonl')
    const { code, stdout, stderr } = await sandbox.run(['explore', 'broken-lock', '--save', file])
    assert.equal(code, 1)
    assert.match(stdout, /^violated: /)
    assert.match(stderr, /could not be saved: ENOENT/)
  })

  it('saves the whole way to it even where only the first line is read of what it prints', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'lock.jsonl')
    const command = `"${process.execPath}" src/cli/main.ts explore broken-lock --save "${file}" | head -1`
    assert.match(execFileSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' }), /^violated: [^\n]*\n$/)
    assert.equal((await readFile(file, 'utf8')).trimEnd().split('\n').length, 13)
  })

  it('says that it has not seen everything where a bound cut it off', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['explore', 'token-ring', '--states', '500'])
    assert.equal(code, 0)
    assert.match(stdout, /^bounded: no violation in what was seen, but not everything was seen \(statesMax\)/)
  })

  it('refuses a model or a number of members that there is not', async () => {
    await using sandbox = new Sandbox()
    for (const args of [['no-such-model'], ['rpc', '--members', '50'], ['rpc', '--losses', 'many']]) {
      assert.equal((await sandbox.run(['explore', ...args])).code, 2)
    }
  })
})

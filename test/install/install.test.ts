/**
 * The installation that runs before every command, in a copy of it that has next to nothing to install.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'

const timeoutMs = 60_000
const lockfile = (version: string) => {
  return { name: 'small', version, lockfileVersion: 3, requires: true, packages: { '': { name: 'small', version } } }
}

describe('the installation before a command', () => {
  let checkout = ''

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'cardumen-install-'))
    mkdirSync(join(checkout, 'scripts'))
    for (const name of ['install.mjs', 'install-queue.mjs', 'node-version.mjs', 'with-node.mjs']) {
      cpSync(join(root, 'scripts', name), join(checkout, 'scripts', name))
    }
    writeLockfile('1.0.0')
  })

  afterEach(() => rmSync(checkout, { recursive: true, force: true }))

  it('installs at the first run, and says so on stderr only', async () => {
    const { code, stdout, stderr } = await run('install.mjs')
    assert.equal(code, 0, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /installing packages/)
    assert.ok(existsSync(stamp()))
  })

  it('does nothing at the second run', async () => {
    await run('install.mjs')
    const before = statSync(stamp()).mtimeMs
    const { code, stderr } = await run('install.mjs')
    assert.deepEqual({ code, stderr, stampedAt: statSync(stamp()).mtimeMs }, { code: 0, stderr: '', stampedAt: before })
  })

  it('installs again when the lockfile has changed', async () => {
    await run('install.mjs')
    writeLockfile('1.0.1')
    assert.match((await run('install.mjs')).stderr, /installing packages/)
  })

  it('installs again when an earlier install was interrupted', async () => {
    mkdirSync(join(checkout, 'node_modules', 'half-a-package'), { recursive: true })
    assert.match((await run('install.mjs')).stderr, /installing packages/)
    assert.ok(!existsSync(join(checkout, 'node_modules', 'half-a-package')))
  })

  it('installs once when several commands start at once, and leaves no queue behind', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => run('install.mjs')))
    assert.deepEqual(
      runs.map(({ code }) => code),
      [0, 0, 0],
    )
    assert.equal(runs.filter(({ stderr }) => stderr.includes('installing packages')).length, 1)
    assert.deepEqual(readdirSync(checkout).toSorted(), ['node_modules', 'package-lock.json', 'package.json', 'scripts'])
  })

  it('is not held up by a command that died while it installed', async () => {
    const dead = await run('../exit.mjs', 'process.stdout.write(String(process.pid))')
    mkdirSync(join(checkout, '.install-queue'))
    writeFileSync(join(checkout, '.install-queue', `ticket-1-${dead.stdout}`), '')
    assert.equal((await run('install.mjs')).code, 0)
    assert.ok(existsSync(stamp()))
  })

  it('fails with a sentence when the lockfile is missing', async () => {
    rmSync(join(checkout, 'package-lock.json'))
    const { code, stderr } = await run('install.mjs')
    assert.equal(code, 1)
    assert.match(stderr, /package-lock\.json is missing/)
  })

  function writeLockfile(version: string): void {
    writeFileSync(join(checkout, 'package.json'), JSON.stringify({ name: 'small', version }))
    writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lockfile(version)))
  }

  function stamp(): string {
    return join(checkout, 'node_modules', '.cardumen-installed')
  }

  function run(script: string, text?: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    if (text !== undefined) writeFileSync(join(checkout, 'scripts', script), text)
    return execute([join(checkout, 'scripts', script)])
  }
})

describe('the command that chooses a Node', () => {
  const withNode = join(root, 'scripts', 'with-node.mjs')
  const folder = mkdtempSync(join(tmpdir(), 'cardumen-with-node-'))
  const script = join(folder, 'script.mjs')

  after(() => rmSync(folder, { recursive: true, force: true }))

  it('passes arguments through unchanged, and ends with the code of the script', async () => {
    writeFileSync(script, 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7')
    const { code, stdout } = await execute([withNode, script, '--flag', 'two words', '--', '-x'])
    assert.deepEqual(
      { code, list: JSON.parse(stdout) as unknown },
      { code: 7, list: ['--flag', 'two words', '--', '-x'] },
    )
  })

  it('ends by the signal that ended the script', { skip: process.platform === 'win32' }, async () => {
    writeFileSync(script, "process.kill(process.pid, 'SIGKILL'); setTimeout(() => undefined, 10_000)")
    assert.equal((await execute([withNode, script])).signal, 'SIGKILL')
  })

  it('passes a signal on, and waits for the script to end in its own way', {
    skip: process.platform === 'win32',
  }, async () => {
    writeFileSync(
      script,
      "process.on('SIGTERM', () => process.exit(9)); setTimeout(() => undefined, 10_000); console.log('ready')",
    )
    const { code, signal } = await execute([withNode, script], 'SIGTERM')
    assert.deepEqual({ code, signal }, { code: 9, signal: null })
  })

  it('ends the script when the shell that npm started it from is killed', {
    skip: process.platform === 'win32',
  }, async () => {
    writeFileSync(
      script,
      "process.on('SIGTERM', () => { console.log('told'); process.exit() }); setTimeout(() => undefined, 30_000); console.log('ready')",
    )
    assert.equal(await orphaned(withNode, script), 'ready\ntold\n')
  })
})

/** A shell that runs with-node as npm does, and dies without a word to it. */
async function orphaned(withNode: string, script: string): Promise<string> {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, npm_lifecycle_event: 'start' }
  const line = `"${process.execPath}" "${withNode}" "${script}"; true`
  const shell = spawn('sh', ['-c', line], { env, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of shell.stdout.setEncoding('utf8')) {
    if (output === '') shell.kill('SIGKILL')
    output += chunk as string
  }
  return output
}

type Ending = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs Node to its end; with a signal, sends it as soon as the program prints something. */
function execute(list: readonly string[], signalAtFirstOutput?: NodeJS.Signals): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const child = spawn(process.execPath, list, {
      env,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output.stdout += chunk
      if (signalAtFirstOutput !== undefined) child.kill(signalAtFirstOutput)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...output }))
  })
}

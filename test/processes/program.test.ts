/** Programs of any kind: run to their end, or started with pipes. */
import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { CardumenError } from '../../src/lib/cardumen-error.ts'
import { popen, type Program, run } from '../../src/threads/processes/program.ts'
import { failsWith } from './fixtures/failing.ts'
import { isGone, stateOf, until } from './fixtures/observing.ts'

const node = process.execPath
const idle = ['-e', 'setInterval(() => undefined, 1000)']

describe('run', { timeout: 60_000 }, () => {
  it('gives exit code and both outputs', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = 3'
    assert.deepEqual(await run(node, ['-e', script]), {
      exitCode: 3,
      signal: undefined,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  it('hands arguments on as they are, without a shell', async () => {
    const { stdout } = await run(node, ['-p', 'process.argv[1]', '$HOME; *'])
    assert.equal(stdout, '$HOME; *\n')
  })

  it('gives the program its input, also where it does not read it', async () => {
    assert.equal((await run('cat', [], { input: 'ñandú' })).stdout, 'ñandú')
    assert.equal((await run('true', [], { input: 'x'.repeat(1_000_000) })).exitCode, 0)
  })

  it('gives bytes as they are where asked to', async () => {
    const { stdout } = await run('cat', [], { input: new Uint8Array([255, 0, 1]), output: 'bytes' })
    assert.deepEqual([...stdout], [255, 0, 1])
  })

  it('runs in the folder and with the environment that it was given', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'programs-')))
    try {
      const script = 'process.cwd() + process.env.FOR_IT'
      assert.equal(
        (await run(node, ['-p', script], { workingFolder: folder, env: { FOR_IT: '!' } })).stdout,
        `${folder}!\n`,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('gives the exit of a program that a signal ended as the signal and its number below zero', async () => {
    const { exitCode, signal } = await run('sh', ['-c', 'kill -TERM $$'])
    assert.deepEqual([exitCode, signal], [-15, 'SIGTERM'])
  })

  it('fails with the last words of a program that failed, where it checks', async () => {
    const error = await failsWith(run('sh', ['-c', 'echo no luck >&2; exit 4'], { check: true }), 'program-failed')
    assert.match(error.message, /"sh" ended with exit code 4: no luck/)
    assert.equal(error.executed, 'yes')
    assert.equal((await run('true', [], { check: true })).exitCode, 0)
  })

  it('fails clearly where there is no such program', async () => {
    const error = await failsWith(run('no-such-program-anywhere'), 'process-failed')
    assert.match(error.message, /"no-such-program-anywhere" could not be started: there is no such program/)
  })

  it('fails clearly where the file is no program', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'programs-'))
    try {
      writeFileSync(join(folder, 'text'), 'hello')
      const error = await failsWith(run(join(folder, 'text')), 'process-failed')
      assert.match(error.message, /it may not be executed/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('fails clearly where the system refuses the program or so long an argument', async () => {
    await failsWith(run('true', ['x'.repeat(1_000_000)]), 'process-failed', /E2BIG/)
  })

  it('refuses an argument that no program can be given', async () => {
    await failsWith(run('true', ['\0']), 'option-invalid')
    await failsWith(run('true', [], { timeoutMs: -1 }), 'option-invalid')
  })

  it('kills a program that takes too long, also where it does not listen', async () => {
    const script = 'echo $$; trap "" TERM; while :; do sleep 1; done'
    await failsWith(run('sh', ['-c', script], { timeoutMs: 100 }), 'timed-out')
  })

  it('kills a program whose run was given up', async () => {
    const source = new AbortController()
    const running = run(node, idle, { signal: source.signal })
    source.abort()
    await failsWith(running, 'cancelled')
    await failsWith(run(node, idle, { signal: source.signal }), 'cancelled')
  })

  it('kills a program that writes without end, instead of keeping all of it', async () => {
    await failsWith(run('yes', [], { outputBytesMax: 100_000 }), 'too-large')
  })
})

describe('popen', { timeout: 60_000 }, () => {
  it('gives a program with pipes while it runs', async () => {
    await using program = popen('cat')
    assert.equal(program.poll(), undefined)
    program.stdin.write('one\n')
    const lines = program.lines()
    assert.equal((await lines.next()).value, 'one')
    program.stdin.end('two\r\nthree')
    assert.deepEqual([(await lines.next()).value, (await lines.next()).value], ['two', 'three'])
    assert.equal((await lines.next()).done, true)
    assert.deepEqual(await program.wait(), { exitCode: 0, signal: undefined })
    assert.deepEqual(program.poll(), { exitCode: 0, signal: undefined })
  })

  it('leaves a program running whose wait is out of time', async () => {
    await using program = popen(node, idle)
    await failsWith(program.wait({ timeoutMs: 5 }), 'timed-out')
    assert.ok(!isGone(program.pid as number))
  })

  it('ends a program by SIGTERM, and one that is stopped by SIGKILL', async () => {
    await using asked = popen('sleep', ['1000'])
    asked.terminate()
    assert.deepEqual(await asked.wait(), { exitCode: -15, signal: 'SIGTERM' })
    await using stopped = popen('sleep', ['1000'])
    process.kill(stopped.pid as number, 'SIGSTOP')
    await until(() => stateOf(stopped.pid as number) === 'T', 'it is stopped')
    stopped.kill()
    assert.deepEqual(await stopped.wait(), { exitCode: -9, signal: 'SIGKILL' })
  })

  it('ends the program with the block that holds it', async () => {
    let program: Program
    {
      await using held = popen('sleep', ['1000'])
      program = held
    }
    assert.ok(isGone(program.pid as number))
    assert.equal(program.poll()?.signal, 'SIGKILL')
  })

  it('tells of a program that is not there when it is waited for or looked at', async () => {
    await using program = popen('no-such-program-anywhere')
    assert.equal(program.pid, undefined)
    await failsWith(program.wait(), 'process-failed')
    assert.throws(
      () => program.poll(),
      (error) => error instanceof CardumenError && error.code === 'process-failed',
    )
  })

  it('has no pipe where none was asked for', async () => {
    await using program = popen('true', [], { stdout: 'ignore' })
    assert.throws(
      () => program.stdout,
      (error) => error instanceof CardumenError && error.code === 'option-invalid',
    )
    await program.wait()
  })

  it('refuses a line that never ends', async () => {
    await using program = popen('sh', ['-c', 'yes | tr -d "\\n"'])
    await failsWith(program.lines().next(), 'too-large')
  })
})

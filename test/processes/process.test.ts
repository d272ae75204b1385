/** A function in a process of its own: how it starts, what it gives, how it ends, and what others feel of that. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { CardumenError } from '../../src/lib/cardumen-error.ts'
import { Process } from '../../src/threads/processes/process.ts'
import type { ProcessOptions } from '../../src/threads/processes/process.ts'
import { failsWith, refuses } from './fixtures/failing.ts'
import { isGone, stateOf, until } from './fixtures/observing.ts'

const work = new URL('./fixtures/work.ts', import.meta.url)

function started<Result = unknown>(
  functionName: string,
  args: readonly unknown[] = [],
  options: ProcessOptions = {},
): Process<Result> {
  const one = new Process<Result>(work, functionName, { ...options, args })
  one.start()
  return one
}

describe('a process', { timeout: 120_000 }, () => {
  it('gives its joiner what its function returned, and ends with exit code 0', async () => {
    const one = started<number>('add', [1, 2])
    assert.equal(one.isAlive, true)
    assert.equal(one.exitCode, undefined)
    assert.equal(await one.join(), 3)
    assert.deepEqual([one.isAlive, one.exitCode, one.signal], [false, 0, undefined])
  })

  it('can be joined more than once, and by several at a time', async () => {
    const one = started('add', [2, 2])
    assert.deepEqual(await Promise.all([one.join(), one.join()]), [4, 4])
    assert.equal(await one.join({ timeoutMs: 0 }), 4)
  })

  it('has a pid, a parent and a name of its own', async () => {
    const one = started('whoAmI', [], { name: 'A' })
    assert.deepEqual(await one.join(), { name: 'A', pid: one.pid, parentPid: process.pid })
    assert.notEqual(one.pid, process.pid)
  })

  it('has its name in its threads too', async () => {
    assert.equal(await started('nameInThread', [], { name: 'A' }).join(), 'A')
  })

  it('gets a copy of its arguments, and its joiner a copy of the result', async () => {
    const value = { when: new Date(5), map: new Map([[1, new Set(['a'])]]), bytes: new Uint8Array([1, 2]), big: 7n }
    assert.deepEqual(await started('echo', [value]).join(), value)
  })

  it('takes arguments and gives results of many megabytes', async () => {
    const bytes = new Uint8Array(20_000_000).fill(3)
    const back = (await started('echo', [bytes]).join()) as Uint8Array
    assert.equal(Buffer.compare(back, bytes), 0)
  })

  it('runs with the environment and in the folder that it was given', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'processes-')))
    try {
      const one = started('environment', ['FOR_IT'], { env: { FOR_IT: 'yes' }, workingFolder: folder })
      assert.deepEqual(await one.join(), { value: 'yes', folder })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('may be named by the path of its module', async () => {
    const one = new Process(join(import.meta.dirname, 'fixtures', 'work.ts'), 'add', { args: [1, 1] })
    one.start()
    assert.equal(await one.join(), 2)
  })

  it('cannot be started twice', async () => {
    const one = started('add', [1, 2])
    refuses(() => one.start(), 'thread-state', /started already/)
    await one.join()
    refuses(() => one.start(), 'thread-state', /started already/)
  })

  it('cannot be joined, terminated or killed before its start', async () => {
    const one = new Process(work, 'add', { name: 'A' })
    await failsWith(one.join(), 'thread-state', /process "A" was not started/)
    refuses(() => one.terminate(), 'thread-state', /not started/)
    refuses(() => one.kill(), 'thread-state', /not started/)
    assert.deepEqual([one.pid, one.isAlive, one.exitCode], [undefined, false, undefined])
  })

  it('cannot be handed on, not even to itself', () => {
    const one = new Process(work, 'echo')
    refuses(() => new Process(work, 'echo', { args: [one] }), 'cannot-travel', /argument 1 .* an instance of Process/)
  })

  it('is not started where its folder is not there', () => {
    refuses(
      () => started('add', [], { workingFolder: '/nowhere/at/all' }),
      'process-failed',
      /could not be started in \/nowhere/,
    )
  })

  it('is not started under a name or in an environment that the system does not take', () => {
    refuses(() => started('add', [], { name: 'a\0b' }), 'option-invalid', /cannot be started like that/)
    refuses(() => started('add', [], { env: { A: 'x\0y' } }), 'option-invalid', /cannot be started like that/)
    refuses(() => started('add', [], { name: 'long'.repeat(100_000) }), 'process-failed', /E2BIG/)
  })
})

describe('how a process ends', { timeout: 120_000 }, () => {
  it('reaches its joiner as the error that it threw, with its stack and its causes', async () => {
    const one = started('fails', ['it broke'], { name: 'A' })
    const error = await failsWith(one.join(), 'thread-failed', /process "A" \(pid \d+\) ended with an error: it broke/)
    const cause = error.cause as Error
    assert.equal(cause.name, 'TypeError')
    assert.match(cause.stack ?? '', /at fails .*work\.ts/)
    assert.ok(cause.cause instanceof CardumenError)
    assert.equal(cause.cause.code, 'not-held')
    assert.equal(one.exitCode, 1)
  })

  it('reaches its joiner also where what it threw was no error', async () => {
    await failsWith(started('throwsText').join(), 'thread-failed', /only text/)
  })

  it('reaches its joiner where the error came after the function had returned', async () => {
    const error = await failsWith(started('failsLater', ['too late']).join(), 'thread-failed', /too late/)
    assert.equal((error.cause as Error).message, 'too late')
  })

  it('is told with the exit code where it exited by itself', async () => {
    const one = started('exits', [7])
    await failsWith(one.join(), 'thread-exited', /with exit code 7/)
    assert.equal(one.exitCode, 7)
  })

  it('is told where nothing was left to do but its function had not returned', async () => {
    await failsWith(started('neverSettles').join(), 'thread-exited', /before its function had returned/)
  })

  it('is told where it took more memory than it may have, which harms nobody else', async () => {
    const one = started('takesAllMemory', [], { env: { NODE_OPTIONS: '--max-old-space-size=40' } })
    await failsWith(one.join(), 'thread-exited', /SIGABRT|exit code 134/)
    assert.equal(await started('add', [1, 2]).join(), 3)
  })

  it('says that the module is not there', async () => {
    const one = new Process(new URL('./fixtures/absent.ts', import.meta.url), 'add')
    one.start()
    await failsWith(one.join(), 'module-failed', /absent\.ts could not be loaded/)
  })

  it('says that the module exports no such function', async () => {
    await failsWith(started('subtract').join(), 'function-unknown', /work\.ts exports no function subtract/)
    await failsWith(started('notAFunction').join(), 'function-unknown', /notAFunction/)
    await failsWith(started('toString').join(), 'function-unknown', /toString/)
  })

  it('says which part of its result cannot travel', async () => {
    await failsWith(started('returnsFunction').join(), 'cannot-travel', /the result\.inner\[0\] is a function/)
  })

  it('comes by SIGTERM when it is terminated', async () => {
    const one = started('spins')
    one.terminate()
    await failsWith(one.join(), 'thread-exited', /by SIGTERM/)
    assert.deepEqual([one.exitCode, one.signal], [-15, 'SIGTERM'])
    one.terminate()
  })

  it('comes by SIGKILL when it is killed, even while it is stopped', async () => {
    const one = started('idles')
    process.kill(one.pid as number, 'SIGSTOP')
    await until(() => stateOf(one.pid as number) === 'T', 'it is stopped')
    await failsWith(one.join({ timeoutMs: 50 }), 'timed-out', /50 ms in vain for process/)
    assert.equal(one.isAlive, true)
    one.kill()
    await failsWith(one.join(), 'thread-exited', /by SIGKILL/)
    assert.deepEqual([one.exitCode, one.signal], [-9, 'SIGKILL'])
  })

  it('comes at the end of the block that holds it', async () => {
    let pid = 0
    {
      await using one = started('idles')
      pid = one.pid as number
    }
    assert.ok(isGone(pid))
  })

  it('is not waited for by a join that is cancelled or out of time, which leaves it running', async () => {
    await using one = started('idles')
    const source = new AbortController()
    const join = one.join({ signal: source.signal })
    source.abort()
    await failsWith(join, 'cancelled', /given up/)
    await failsWith(one.join({ signal: source.signal }), 'cancelled', /given up/)
    await failsWith(one.join({ timeoutMs: 1 }), 'timed-out', /1 ms/)
    assert.equal(one.isAlive, true)
  })

  it('is not waited for where the time to wait makes no sense', async () => {
    await using one = started('idles')
    await failsWith(one.join({ timeoutMs: -1 }), 'option-invalid', /-1/)
    await failsWith(one.join({ timeoutMs: Number.NaN }), 'option-invalid', /NaN/)
  })

  it('is seen at once even where a program that it left behind lives on', async () => {
    const grandchild = (await started('leavesAGrandchild').join({ timeoutMs: 20_000 })) as number
    assert.equal(isGone(grandchild), false)
    process.kill(grandchild, 'SIGKILL')
  })

  it('leaves nothing open in its parent, however it ended', async () => {
    await started('add', [1, 2]).join()
    const before = readdirSync('/proc/self/fd').length
    for (const functionName of ['fails', 'exits', 'neverSettles', 'spins']) {
      const one = started(functionName, [3])
      if (functionName === 'spins') one.kill()
      await one.join().catch(() => undefined)
    }
    await until(() => readdirSync('/proc/self/fd').length <= before, 'the sockets are closed')
  })
})

describe('arguments of a process', () => {
  class Point {
    readonly x = 1
  }
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['a function', { run: () => 1 }, /argument 1 \(of echo\)\.run is a function/],
    ['a symbol', [Symbol('s')], /argument 1 \(of echo\)\[0\] is a symbol/],
    ['a promise', Promise.resolve(1), /is a promise/],
    ['an instance of a class', { deep: [new Point()] }, /\.deep\[0\] is an instance of Point/],
    ['memory of threads', new SharedArrayBuffer(8), /is a SharedArrayBuffer/],
    ['a view of memory of threads', new Int32Array(new SharedArrayBuffer(8)), /is a view of a SharedArrayBuffer/],
    ['a function in a map', new Map([['key', () => 1]]), /value 0 is a function/],
    ['a function in a set', new Set([() => 1]), /\[0\] is a function/],
    ['a proxy', new Proxy({}, {}), /is a proxy/],
    ['a weak map', new WeakMap(), /an instance of WeakMap/],
  ]
  for (const [what, value, text] of cases) {
    it(`are refused when the process is made, with the place of ${what}`, () => {
      refuses(() => new Process(work, 'echo', { args: [value] }), 'cannot-travel', text)
    })
  }

  it('may be circular', async () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    const back = (await started('echo', [circle]).join()) as { self?: unknown }
    assert.equal(back.self, back)
  })

  it('are refused where they are nested without end', () => {
    let deep: unknown = 1
    for (let level = 0; level < 1_000; level++) deep = [deep]
    refuses(() => new Process(work, 'echo', { args: [deep] }), 'cannot-travel', /nested more than 256 deep/)
  })
})

describe('a module that fails while it loads', () => {
  it('is told to the joiner with its own error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'processes-'))
    try {
      writeFileSync(join(folder, 'broken.mjs'), 'throw new RangeError("not today")\n')
      const one = new Process(join(folder, 'broken.mjs'), 'run')
      one.start()
      const error = await failsWith(one.join(), 'module-failed', /not today/)
      assert.match(String((error.cause as Error).cause), /RangeError: not today/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

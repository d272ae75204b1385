/** A lock on a file, between processes, threads and tasks. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { after, beforeEach, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { FileLock } from '../../src/threads/processes/file-lock.ts'
import { Process } from '../../src/threads/processes/process.ts'
import { failsWith, refuses } from './fixtures/failing.ts'
import type { ThreadOrder } from './fixtures/file-locking.ts'
import { until } from './fixtures/observing.ts'

const locking = new URL('./fixtures/file-locking.ts', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'file-locks-'))
let count = 0
let path = ''
let counter = ''

function startedThread(order: Partial<ThreadOrder>): Worker {
  return new Worker(locking, { workerData: { path, counter, rounds: 0, then: 'end', ...order } })
}

async function holder(): Promise<Process> {
  const one = new Process(locking, 'holdForEver', { args: [path], name: 'holder' })
  one.start()
  await until(() => existsSync(`${path}.taken`), 'the lock is taken')
  return one
}

describe('a file lock', { timeout: 120_000 }, () => {
  beforeEach(() => {
    path = join(folder, `${++count}.lock`)
    counter = `${path}.counter`
    writeFileSync(counter, '0')
  })
  after(() => rmSync(folder, { recursive: true }))

  it('lets no addition be lost that processes and threads make to one file', async () => {
    const processes = ['a', 'b'].map(
      (name) => new Process(locking, 'countUnderLock', { name, args: [path, counter, 150] }),
    )
    for (const one of processes) one.start()
    const threads = [startedThread({ rounds: 150 }), startedThread({ rounds: 150 })]
    await Promise.all([...processes.map((one) => one.join()), ...threads.map((thread) => once(thread, 'exit'))])
    assert.equal(readFileSync(counter, 'utf8'), '600')
  })

  it('excludes two objects of one thread, and two tasks with one object', async () => {
    using one = new FileLock(path)
    using other = new FileLock(path)
    assert.equal(one.tryAcquire(), true)
    assert.deepEqual([one.tryAcquire(), other.tryAcquire()], [false, false])
    const waiting = one.acquireAsync()
    one.release()
    await waiting
    assert.equal(other.tryAcquire(), false)
    one.release()
    assert.equal(other.tryAcquire(), true)
  })

  it('is released at the end of the block that holds it', async () => {
    using lock = new FileLock(path)
    {
      using _held = await lock.holdAsync()
      assert.equal(lock.isHeld, true)
    }
    assert.equal(lock.isHeld, false)
  })

  it('of a process that was killed is free at once, and tells the next one who died', async () => {
    using lock = new FileLock(path)
    const one = await holder()
    assert.equal(lock.tryAcquire(), false)
    one.kill()
    const error = await failsWith(lock.acquireAsync({ timeoutMs: 20_000 }), 'holder-died')
    assert.match(error.message, new RegExp(`^holder \\(pid ${one.pid}\\) died while it held`))
    await lock.acquireAsync({ timeoutMs: 0 })
  })

  it('of a thread that was terminated is free, and tells the next one', async () => {
    using lock = new FileLock(path)
    const thread = startedThread({ then: 'hold' })
    await once(thread, 'message')
    assert.equal(lock.tryAcquire(), false)
    await thread.terminate()
    await failsWith(lock.acquireAsync({ timeoutMs: 20_000 }), 'holder-died', /^thread \d+ of main process/)
    assert.equal(lock.tryAcquire(), true)
  })

  it('of a process that is stopped stays held, and who waits too long is told by whom', async () => {
    using lock = new FileLock(path)
    await using one = await holder()
    process.kill(one.pid as number, 'SIGSTOP')
    await failsWith(lock.acquireAsync({ timeoutMs: 20 }), 'timed-out', /which holder \(pid \d+\) holds/)
  })

  it('is not waited for once the wait is cancelled', async () => {
    using lock = new FileLock(path)
    using other = new FileLock(path)
    other.tryAcquire()
    const source = new AbortController()
    const waiting = lock.acquireAsync({ signal: source.signal })
    source.abort()
    await failsWith(waiting, 'cancelled')
    other.release()
    assert.equal(lock.tryAcquire(), true)
  })

  it('refuses a release by who does not hold it', () => {
    using lock = new FileLock(path)
    using other = new FileLock(path)
    refuses(() => lock.release(), 'not-held')
    other.tryAcquire()
    refuses(() => lock.release(), 'not-owner', /is held by main process/)
    other.release()
    refuses(() => other.release(), 'not-held')
  })

  it('refuses to block the main thread', () => {
    using lock = new FileLock(path)
    refuses(() => lock.acquire(), 'would-block', /main thread/)
    refuses(() => lock.hold(), 'would-block')
    refuses(() => lock.acquire({ timeoutMs: -1 }), 'option-invalid')
  })

  it('needs a folder that is there, and a file that is no other thing', () => {
    refuses(() => new FileLock(join(folder, 'absent', 'a.lock')), 'state-unwritable', /cannot be used as a lock/)
    writeFileSync(path, 'this is no lock, but a text that is long enough to be taken for a database'.repeat(50))
    refuses(() => new FileLock(path).tryAcquire(), 'state-damaged', /is no lock/)
  })

  it('is one and the same by whatever path its file is named, also by names that mean something else to SQLite', () => {
    const before = process.cwd()
    process.chdir(folder)
    try {
      refuses(() => new FileLock(''), 'state-unwritable')
      for (const name of [':memory:', 'file:x?mode=memory', basename(path)]) {
        using one = new FileLock(name)
        using other = new FileLock(join(folder, name))
        assert.deepEqual([one.path, one.tryAcquire(), other.tryAcquire()], [other.path, true, false])
      }
    } finally {
      process.chdir(before)
    }
  })

  it('that is closed is given back, and no longer to be had', () => {
    const lock = new FileLock(path)
    lock.tryAcquire()
    lock.close()
    lock.close()
    refuses(() => lock.tryAcquire(), 'closed')
    refuses(() => lock.release(), 'closed')
    using other = new FileLock(path)
    assert.equal(other.tryAcquire(), true)
  })
})

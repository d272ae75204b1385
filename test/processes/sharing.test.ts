/** What lives in one process and is used in others. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { after, describe, it } from 'node:test'
import { SharedArray } from '../../src/threads/data/shared-array.ts'
import { Channel } from '../../src/threads/processes/channel.ts'
import { FileLock } from '../../src/threads/processes/file-lock.ts'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { homeAddressesOf, secretPathOf } from '../../src/threads/processes/home-address.ts'
import { reportOfProcess } from '../../src/threads/processes/home-report.ts'
import type { HomeReference } from '../../src/threads/processes/home-messages.ts'
import { Process } from '../../src/threads/processes/process.ts'
import { RemotePrimitive } from '../../src/threads/processes/remote-primitive.ts'
import { Lock } from '../../src/threads/waiting/lock.ts'
import { openWaits, stackOf } from '../../src/threads/waiting/waits.ts'
import { failsWith, refuses } from './fixtures/failing.ts'
import { stateOf, until } from './fixtures/observing.ts'

const sharing = new URL('./fixtures/sharing.ts', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'sharing-'))

after(() => rmSync(folder, { recursive: true }))

function started<Result = unknown>(functionName: string, ...args: readonly unknown[]): Process<Result> {
  const one = new Process<Result>(sharing, functionName, { args })
  one.start()
  return one
}

describe('a channel handed to a process', { timeout: 120_000 }, () => {
  it('is the same channel there, in both directions, until it is closed', async () => {
    const numbers = new Channel<number>({ name: 'numbers', capacity: 2 })
    const answers = new Channel<number>({ name: 'answers', capacity: 2 })
    const other = started('addOne', numbers, answers)
    for (let number = 0; number < 50; number++) {
      await numbers.sendAsync(number)
      assert.equal(await answers.receiveAsync({ timeoutMs: 30_000 }), number + 1)
    }
    numbers.close()
    assert.equal(await other.join(), 'numbers')
    answers.close()
  })

  it('can be looked at there, and used without waiting', async () => {
    const channel = new Channel<number>({ name: 'mail', capacity: 8 })
    channel.trySend(4)
    assert.deepEqual(await started('lookAt', channel).join(), ['mail', 8, 0, false, true, { message: 4 }])
    assert.equal(channel.tryReceive()?.message, 5)
    channel.close()
  })

  it('keeps its home when it is handed on to a third process', async () => {
    const channel = new Channel<string>()
    const middle = started('handOn', channel)
    await channel.sendAsync('from home')
    assert.equal(await middle.join(), 'from home')
    channel.close()
  })

  it('gives a wait there up when its time is over, and loses no message by that', async () => {
    const channel = new Channel<string>()
    const other = started('codeOfReceive', channel, join(folder, 'given-up'), 50)
    assert.equal(await other.join(), 'timed-out')
    channel.trySend('kept')
    assert.equal(channel.tryReceive()?.message, 'kept')
    channel.close()
  })

  it('goes on for the others when a process that waits for it is killed', async () => {
    const channel = new Channel<string>()
    const mark = join(folder, 'waits')
    const mortal = started('codeOfReceive', channel, mark)
    await until(() => existsSync(mark), 'it waits')
    mortal.kill()
    await failsWith(mortal.join(), 'thread-exited')
    const heir = started('receiveOne', channel, 20_000)
    channel.trySend('one')
    assert.equal(await heir.join(), 'one')
    channel.close()
  })
})

/** A process that is the home of a channel and idles, and that channel as this process reaches it. */
async function homeElsewhere(): Promise<{ home: Process; channel: Channel<string>; remote: RemotePrimitive }> {
  const home = started('sharesAndIdles')
  let reference: HomeReference | undefined
  while (reference === undefined) {
    await until(() => home.isAlive, 'it lives')
    reference = (await homeAddressesOf(home.pid as number))[0]
  }
  const remote = new RemotePrimitive({ home: reference, number: 0, kind: 'channel', name: 'elsewhere' })
  await waitForExport(remote)
  return { home, remote, channel: new Channel<string>({}, remote) }
}

/** The socket is there an instant before what is reached by it. */
async function waitForExport(remote: RemotePrimitive): Promise<void> {
  for (;;) {
    const answer = await remote.ask('length').catch((error: unknown) => error)
    if (answer === 0) return
    assert.ok(isCardumenError(answer, 'closed'), String(answer))
  }
}

describe('a home that is not there', { timeout: 60_000 }, () => {
  it('because it was killed makes those who wait and those who come later fail, and nobody hang', async () => {
    const { home, channel } = await homeElsewhere()
    const waiting = failsWith(channel.receiveAsync(), 'home-lost', /has died/)
    home.kill()
    await waiting
    await failsWith(channel.sendAsync('late'), 'home-lost')
    refuses(() => channel.length, 'home-lost')
  })

  it('because it is stopped ends a wait when its time is over, and what it grants too late is not lost', async () => {
    const { home, channel } = await homeElsewhere()
    await using _ = home
    process.kill(home.pid as number, 'SIGSTOP')
    await until(() => stateOf(home.pid as number) === 'T', 'it is stopped')
    await failsWith(channel.receiveAsync({ timeoutMs: 10 }), 'timed-out')
    const source = new AbortController()
    const receiving = channel.receiveAsync({ signal: source.signal })
    const sending = channel.sendAsync('kept')
    source.abort()
    await failsWith(receiving, 'cancelled')
    process.kill(home.pid as number, 'SIGCONT')
    await sending
    assert.equal(await channel.receiveAsync({ timeoutMs: 20_000 }), 'kept')
  })
})

describe('the home of shared things', { timeout: 60_000 }, () => {
  it('hangs up on who does not show the secret, and on garbage after it, and serves the others', async () => {
    const channel = new Channel<unknown>()
    await started('lookAt', channel).join()
    const [home] = await homeAddressesOf(process.pid)
    assert.ok(home !== undefined)
    const garbage = [
      'x'.repeat(64),
      `${'y'.repeat(200)}`,
      `${home.secret}\xff\xff\xff\xff`,
      `${home.secret}\x04\x00\x00\x00abcd`,
    ]
    for (const bytes of garbage) {
      const socket = connect(home.socketPath)
      await new Promise<void>((settle) => {
        socket.on('error', () => undefined)
        socket.on('close', () => settle())
        socket.resume()
        socket.write(Buffer.from(bytes, 'latin1'))
      })
    }
    assert.equal(channel.tryReceive()?.message, 5)
    channel.trySend('still here')
    assert.equal(await started('receiveOne', channel, 20_000).join(), 'still here')
    channel.close()
  })
})

describe('a home whose socket somebody removed', { timeout: 60_000 }, () => {
  it('is lost to who comes afterwards, who is told where it should be, and not that it died', async () => {
    const state = { home: { pid: process.pid, socketPath: join(folder, 'no.sock'), secret: 'x' }, number: 0 }
    const channel = new Channel<unknown>({}, new RemotePrimitive({ ...state, kind: 'channel', name: 'gone' }))
    await failsWith(channel.receiveAsync(), 'home-lost', /cannot be reached: ENOENT at .*no\.sock/)
    refuses(() => channel.length, 'home-lost', /cannot be reached/)
  })
})

describe('the files by which a process is reached', { timeout: 60_000 }, () => {
  it('are for its user only, and gone when it has ended', async () => {
    const home = started('sharesAndIdles')
    let reference: HomeReference | undefined
    while (reference === undefined) {
      await until(() => home.isAlive, 'it lives')
      reference = (await homeAddressesOf(home.pid as number))[0]
    }
    const { socketPath } = reference
    assert.equal(statSync(dirname(socketPath)).mode & 0o777, 0o700)
    assert.equal(statSync(secretPathOf(socketPath)).mode & 0o777, 0o600)
    home.kill()
    await home.join().catch(() => undefined)
    const ending = started('sharesAndEnds')
    assert.equal(await ending.join(), 'handed over')
    assert.deepEqual(await homeAddressesOf(ending.pid as number), [])
  })

  it('are no answer for who asks for the threads of a process that has none', async () => {
    await failsWith(reportOfProcess(1), 'process-unknown')
  })
})

describe('arguments that are shared', () => {
  it('are refused where they are memory of threads, with the number of the argument', () => {
    const array = new SharedArray('int32', 4)
    refuses(
      () => new Process(sharing, 'isThere', { args: [1, [array]] }),
      'cannot-travel',
      /argument 2 .* holds a sharedArray/,
    )
  })

  it('go as they are where they are but a path', async () => {
    using lock = new FileLock(join(folder, 'a.lock'))
    lock.tryAcquire()
    const other = new Process(new URL('./fixtures/sharing.ts', import.meta.url), 'tryFileLock', { args: [lock] })
    other.start()
    assert.equal(await other.join(), false)
  })
})

describe('a lock of this process in a thread of another one', { timeout: 60_000 }, () => {
  it('blocks that thread until it has it', async () => {
    const lock = new Lock({ name: 'L' })
    assert.equal(await started('blockInThread', lock, 'released').join(), 'released')
    assert.equal(lock.isHeld, false)
  })

  it('is not had within its time while it is held here, nor by a thread that is interrupted', async () => {
    const lock = new Lock({ name: 'L' })
    lock.tryAcquire()
    assert.equal(await started('blockInThread', lock, 'timed-out').join(), 'timed-out')
    assert.equal(await started('blockInThread', lock, 'interrupted').join(), 'interrupted')
    lock.release()
    assert.equal(lock.tryAcquire(), true)
  })

  it('is free, with the news of a death, when that thread ends holding it, though its process goes on', async () => {
    const lock = new Lock({ name: 'L' })
    assert.equal(await started('blockInThread', lock, 'left').join(), 'left it held')
    await failsWith(
      lock.acquireAsync({ timeoutMs: 20_000 }),
      'holder-died',
      /^thread "T" of "process \d+" \(process \d+\) died holding lock "L"/,
    )
  })

  it('shows who waits for it in another process, and where', async () => {
    const lock = new Lock({ name: 'L' })
    lock.tryAcquire()
    await using _other = started('blockInThread', lock, 'released')
    await until(() => openWaits().some((row) => stackOf(row).includes('blockOn')), 'the stack has come')
    lock.release()
  })
})

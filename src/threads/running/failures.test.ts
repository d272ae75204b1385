/** How a thread fails: its joiners get the error, others go on, and it is reported whether or not somebody joins. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { parties } from '../memory/parties.ts'
import { Lock } from '../waiting/lock.ts'
import { Thread, type ThreadOptions } from './thread.ts'
import { onThreadError } from './thread-errors.ts'

const work = new URL('./fixtures/work.ts', import.meta.url)
const timeoutMs = 30_000

/** What is told is kept here, and not printed. */
const told: { name: string; error: Error }[] = []
const hook = onThreadError((error, { name }) => void told.push({ name, error }))
after(() => hook[Symbol.dispose]())

function started(functionName: string, args: readonly unknown[] = [], options: ThreadOptions = {}): Thread {
  const thread = new Thread(work, functionName, { args, ...options })
  thread.start()
  return thread
}

async function failure(
  functionName: string,
  args: readonly unknown[] = [],
  options: ThreadOptions = {},
): Promise<Error> {
  try {
    await started(functionName, args, options).joinAsync({ timeoutMs })
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  throw new assert.AssertionError({ message: `${functionName} did not fail` })
}

function assertCode(error: unknown, code: string, text: RegExp = /(?:)/): void {
  assert.ok(isCardumenError(error), String(error))
  assert.equal(error.code, code)
  assert.match(error.message, text)
}

test('an error of a thread reaches its joiner with class name, message, stack, code and cause', async () => {
  const error = await failure('failWithClass', [], { name: 'A' })
  assertCode(error, 'thread-failed', /thread "A" ended by PageMissing: page 7/)
  const cause = error.cause as Error & { code: string }
  assert.deepEqual([cause.name, cause.message, cause.code], ['PageMissing', 'page 7', 'E_PAGE'])
  assert.match(cause.stack ?? '', /failWithClass.*work\.ts/)
  assert.equal((cause.cause as Error).message, 'disk')
})

test('an error that is its own cause ends in a chain that ends', async () => {
  let error: unknown = await failure('failWithCircle')
  let length = 0
  for (; error instanceof Error; error = error.cause) length++
  assert.ok(length > 1 && length < 20, `${length}`)
})

test('what is thrown and is no error arrives as an error that says so', async () => {
  const { cause } = await failure('failWithText')
  assert.match((cause as Error).message, /just text/)
})

test('an error in a callback of a thread ends it as one of its function does', async () => {
  const error = await failure('failLater')
  assertCode(error, 'thread-failed')
  assert.equal((error.cause as Error).name, 'TypeError')
})

test('each joiner of a thread that failed gets the error', async () => {
  const thread = started('failWithClass')
  const all = await Promise.allSettled([thread.joinAsync({ timeoutMs }), thread.joinAsync({ timeoutMs })])
  assert.deepEqual(
    all.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
})

test('an error is told to the hook with the name of the thread, though nobody joins', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  using _hook = onThreadError((error, { name }) => resolve(`${name}: ${error.name}`))
  started('failWithClass', [], { name: 'nobody joins me' })
  assert.equal(await promise, 'nobody joins me: PageMissing')
})

test('a hook that throws keeps no error from the others', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const uncaught = Promise.withResolvers<unknown>()
  const listeners = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => uncaught.resolve(error.message))
  try {
    using _throwing = onThreadError(() => {
      throw new Error('by the hook')
    })
    using _hook = onThreadError((error) => resolve(error.name))
    started('failWithClass')
    assert.deepEqual([await uncaught.promise, await promise], ['by the hook', 'PageMissing'])
  } finally {
    for (const listener of listeners) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener)
  }
})

test('a joined error is told as well', async () => {
  await failure('failWithClass', [], { name: 'joined' })
  assert.ok(told.some(({ name }) => name === 'joined'))
})

test('process.exit in a thread ends that thread only, and its joiner is told the code', async () => {
  assertCode(await failure('exitWith', [3]), 'thread-exited', /called process\.exit\(3\)/)
  assertCode(await failure('exitWith', [0]), 'thread-exited', /called process\.exit\(0\)/)
})

test('a thread whose function waits for what never comes ends, and says so', async () => {
  assertCode(await failure('never'), 'thread-exited', /never come/)
})

test('a missing function and a module that cannot be loaded each have their code at the join', async () => {
  assertCode(await failure('absent'), 'function-unknown', /absent/)
  for (const [name, text] of [
    ['absent.ts', /absent/],
    ['broken.ts', /broken at its top/],
  ] as const) {
    const thread = new Thread(new URL(`./fixtures/${name}`, import.meta.url), 'add')
    thread.start()
    await assert.rejects(thread.joinAsync({ timeoutMs }), (error) => {
      assertCode(error, 'module-failed', text)
      return true
    })
  }
})

test('a class without run is no body of a thread', async () => {
  assertCode(await failure('Idle'), 'function-unknown', /Idle .* class without a method run/)
})

test('a module whose top waits for what never comes ends its thread', async () => {
  const thread = new Thread('data:text/javascript,await new Promise(() => undefined)', 'add')
  thread.start()
  await assert.rejects(thread.joinAsync({ timeoutMs }), (error) => {
    assertCode(error, 'thread-exited', /never come/)
    return true
  })
})

test('a list of what is transferred that makes no sense is refused by start, and leaves no thread', () => {
  const buffer = new ArrayBuffer(8)
  const before = [...parties()].length
  for (const transfer of [[buffer, buffer], [{} as ArrayBuffer]])
    assert.throws(
      () => started('add', [buffer], { transfer }),
      (error) => isCardumenError(error, 'cannot-travel'),
    )
  assert.equal([...parties()].length, before)
})

test('a result that cannot travel is refused with its place', async () => {
  assertCode(await failure('giveFunction'), 'cannot-travel', /the result\.inner\[0\]/)
})

test('a thread is terminated in the middle of a loop and in the middle of a blocking wait', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const sleeper = started('sleepForEver', [words])
  await Atomics.waitAsync(words, 0, 0, timeoutMs).value
  for (const thread of [sleeper, started('loop')]) {
    await thread.terminate()
    assert.equal(thread.isAlive, false)
    await assert.rejects(thread.joinAsync({ timeoutMs }), (error) => {
      assertCode(error, 'thread-exited', /was terminated/)
      return true
    })
  }
})

test('a thread that has ended can be terminated and interrupted, which changes nothing', async () => {
  const thread = started('add', [1, 2])
  await thread.joinAsync({ timeoutMs })
  await thread.terminate()
  thread.interrupt()
  assert.equal(await thread.joinAsync({ timeoutMs }), 3)
})

test('a thread that takes more memory than it may ends alone', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const other = started('sleepForEver', [words])
  const error = await failure('fillMemory', [], { memoryMegabytesMax: 100 })
  assertCode(error, 'thread-exited', /out of memory/)
  assert.equal(other.isAlive, true)
  await other.terminate()
})

test('a blocked thread is told that the one it waits for has died', async () => {
  assert.equal(await started('startAndJoin', ['exitWith', 7]).joinAsync({ timeoutMs }), 'thread-exited')
  assert.equal(await started('startAndJoin', ['failWithClass']).joinAsync({ timeoutMs }), 'thread-failed')
})

test('a lock that a terminated thread held fails its waiter of the moment, and is free then', async () => {
  const lock = new Lock({ name: 'L1' })
  const held = new Int32Array(new SharedArrayBuffer(8))
  const holder = started('holdForEver', [lock, held], { name: 'holder' })
  await Atomics.waitAsync(held, 0, 0, timeoutMs).value
  const isTold = assert.rejects(
    lock.acquireAsync({ timeoutMs }),
    (error) => isCardumenError(error, 'holder-died') && error.message.includes('"holder"'),
  )
  await holder.terminate()
  await isTold
  assert.equal(lock.tryAcquire(), true)
  lock.release()
  lock.close()
})

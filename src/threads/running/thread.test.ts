/** A thread runs a function of a module, in every state that it can be in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { arena, partiesMax } from '../memory/arena.ts'
import { parties, partyName, self } from '../memory/parties.ts'
import { openWaits, stackOf, wait, waitRow } from '../waiting/waits.ts'
import { SharedArray } from '../data/shared-array.ts'
import { Lock } from '../waiting/lock.ts'
import { packForProcess } from '../processes/process-arguments.ts'
import { currentThread, threads } from './current-thread.ts'
import { askService } from './service.ts'
import { Thread, type ThreadOptions } from './thread.ts'
import { ThreadLocal } from './thread-local.ts'

const work = new URL('./fixtures/work.ts', import.meta.url)
const timeoutMs = 30_000

function started<Result = unknown>(
  functionName: string,
  args: readonly unknown[] = [],
  options: ThreadOptions = {},
): Thread<Result> {
  const thread = new Thread<Result>(work, functionName, { args, ...options })
  thread.start()
  return thread
}

function run(functionName: string, ...args: readonly unknown[]): Promise<unknown> {
  return started(functionName, args).joinAsync({ timeoutMs })
}

function wordOf(row: number, word: number): number {
  return Atomics.load(arena().words, waitRow(row) + word)
}

const hasCode = (code: string) => (error: unknown) => isCardumenError(error) && error.code === code

test('a thread gives what its function returns', async () => {
  assert.equal(await run('add', 1, 2), 3)
})

test('a thread is alive from its start until it has ended', async () => {
  const thread = new Thread(work, 'add', { args: [1, 2] })
  assert.equal(thread.isAlive, false)
  thread.start()
  assert.equal(thread.isAlive, true)
  await thread.joinAsync({ timeoutMs })
  assert.equal(thread.isAlive, false)
})

test('a thread cannot be started twice', async () => {
  const thread = started('add', [1, 2])
  assert.throws(() => thread.start(), hasCode('thread-state'))
  await thread.joinAsync({ timeoutMs })
  assert.throws(() => thread.start(), hasCode('thread-state'))
})

test('a thread that was not started can be neither joined, nor interrupted, nor terminated, nor handed on', async () => {
  const thread = new Thread(work, 'add')
  await assert.rejects(thread.joinAsync(), hasCode('thread-state'))
  await assert.rejects(thread.terminate(), hasCode('thread-state'))
  assert.throws(() => thread.interrupt(), hasCode('thread-state'))
  assert.throws(() => started('echo', [thread]), hasCode('thread-state'))
})

test('a module that another thread could not find is refused at once', () => {
  assert.throws(() => new Thread('./work.ts', 'add'), hasCode('option-invalid'))
  assert.throws(() => new Thread(work, 'add', { memoryMegabytesMax: -1 }), hasCode('option-invalid'))
})

test('what is given to a thread in the wrong form is refused at once, and says what is right', () => {
  const wrong = (functionName: unknown, options: unknown, text: RegExp): void =>
    assert.throws(
      () => new Thread(work, functionName as string, options as ThreadOptions),
      (error) => isCardumenError(error, 'option-invalid') && text.test(`${error.message} ${error.hint}`),
    )
  wrong(() => 1, {}, /export it/)
  wrong('add', { name: 5 }, /name of a Thread/)
  wrong('add', { args: { left: 1 } }, /args: \[\{/)
  wrong('add', { transfer: 'all' }, /transfer/)
})

test('the hint for a module says how it would be found', () => {
  for (const [module, way] of [
    ['./work.ts', "new URL('./work.ts', import.meta.url)"],
    ['a-package', "import.meta.resolve('a-package')"],
    ['/absolute/work.ts', "pathToFileURL('/absolute/work.ts')"],
  ] as const)
    assert.throws(
      () => new Thread(module, 'add'),
      (error) => isCardumenError(error, 'option-invalid') && error.hint?.includes(way) === true,
    )
})

test('two threads that join each other are parted by an interrupt', async () => {
  const { packArguments } = await import('../travel/arguments.ts')
  const channels = [new MessageChannel(), new MessageChannel()]
  const both = channels.map(({ port2 }) => started('joinFromPort', [port2], { transfer: [port2] }))
  channels.forEach(({ port1 }, index) => port1.postMessage(packArguments([both[1 - index]])))
  const isJoin = (row: number): boolean => wordOf(row, wait.target) !== 0 && stackOf(row).includes('joinFromPort')
  const deadline = performance.now() + timeoutMs
  while (openWaits().filter(isJoin).length < 2 && performance.now() < deadline) await new Promise(setImmediate)
  both[0]?.interrupt()
  assert.deepEqual(await Promise.all(both.map((thread) => thread.joinAsync({ timeoutMs }))), ['interrupted', undefined])
  for (const { port1 } of channels) port1.close()
})

test('whoever would end a thread is told where its start has not been heard of', async () => {
  await run('add', 1, 2)
  assert.equal(await askService('terminate', 2 ** 31), false)
})

test('a question with a limit of months waits for its answer', async () => {
  await run('add', 1, 2)
  assert.equal(await askService('terminate', 2 ** 31, { timeoutMs: 1e10 }), false)
  await assert.rejects(askService('terminate', 2 ** 31, { timeoutMs: 0 }), hasCode('timed-out'))
})

test('a blocking join on the main thread is refused, and names the awaitable form', async () => {
  const thread = started('add', [1, 2])
  assert.throws(
    () => thread.join(),
    (error) => isCardumenError(error, 'would-block') && error.hint?.includes('joinAsync') === true,
  )
  await thread.joinAsync({ timeoutMs })
})

test('a thread is joined as often as one likes, with the same result', async () => {
  const thread = started<number>('add', [1, 2])
  const joined = await Promise.all([thread.joinAsync({ timeoutMs }), thread.joinAsync({ timeoutMs })])
  assert.deepEqual([...joined, await thread.joinAsync()], [3, 3, 3])
})

test('a thread is joined by many threads, by those that block too', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const thread = started('sleepForEver', [words])
  const joiners = [1, 2, 3].map(() => started('joinError', [thread]))
  await Atomics.waitAsync(words, 0, 0, timeoutMs).value
  await thread.terminate()
  for (const joiner of joiners) assert.equal(await joiner.joinAsync({ timeoutMs }), 'thread-exited')
})

test('a thread that is given itself cannot wait for its own end', async () => {
  const { port1, port2 } = new MessageChannel()
  const thread = started('joinFromPort', [port2], { transfer: [port2] })
  const { packArguments } = await import('../travel/arguments.ts')
  port1.postMessage(packArguments([thread]))
  assert.equal(await thread.joinAsync({ timeoutMs }), 'thread-state')
  port1.close()
})

test('a join gives up when its time is over, and the thread goes on', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const thread = started('sleepForEver', [words])
  await assert.rejects(thread.joinAsync({ timeoutMs: 5 }), hasCode('timed-out'))
  await assert.rejects(started('joinGiven', [thread, 5]).joinAsync({ timeoutMs }), (error) => {
    return isCardumenError(error, 'thread-failed') && hasCode('timed-out')(error.cause)
  })
  assert.equal(thread.isAlive, true)
  await thread.terminate()
})

test('a join with a time that makes no sense is refused', async () => {
  const thread = started('add', [1, 2])
  for (const wrong of [-1, NaN]) await assert.rejects(thread.joinAsync({ timeoutMs: wrong }), hasCode('option-invalid'))
  await thread.joinAsync({ timeoutMs })
})

test('a join is given up by its signal', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const thread = started('sleepForEver', [words])
  const controller = new AbortController()
  const joined = thread.joinAsync({ signal: controller.signal })
  controller.abort()
  await assert.rejects(joined, hasCode('cancelled'))
  await thread.terminate()
})

test('a blocking join stands in shared memory, with who waits, for whom, and where', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const sleeper = started('sleepForEver', [words], { name: 'sleeper' })
  const joiner = started('joinError', [sleeper], { name: 'joiner' })
  const isJoin = (row: number): boolean =>
    wordOf(row, wait.primitive) === 0 && partyName(wordOf(row, wait.target)) === 'sleeper' && stackOf(row) !== ''
  const deadline = performance.now() + timeoutMs
  while (!openWaits().some(isJoin) && performance.now() < deadline) await new Promise(setImmediate)
  const row = openWaits().find(isJoin)
  assert.ok(row !== undefined)
  assert.equal(partyName(wordOf(row, wait.party)), 'joiner')
  assert.match(stackOf(row), /joinError.*work\.ts/)
  await sleeper.terminate()
  assert.equal(await joiner.joinAsync({ timeoutMs }), 'thread-exited')
})

test('an interrupt ends the blocking wait of another thread, also where it came before the wait', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const sleeper = started('sleepForEver', [words])
  const joiner = started('joinError', [sleeper])
  joiner.interrupt()
  assert.equal(await joiner.joinAsync({ timeoutMs }), 'interrupted')
  await sleeper.terminate()
})

test('a thread starts and joins others while its starter is busy', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const parent = started('startAndStore', [words])
  // The main thread turns to no event in the meantime.
  assert.equal(Atomics.wait(words, 0, 0, timeoutMs), 'ok')
  assert.equal(Atomics.load(words, 0), 42)
  await parent.joinAsync({ timeoutMs })
})

test('threads start threads that start threads, each blocking for the next', async () => {
  assert.equal(await run('nest', 4), 4)
})

test('a thread object that was a result can be joined', async () => {
  const inner = (await run('giveThread')) as Thread<number>
  assert.equal(await inner.joinAsync({ timeoutMs }), 42)
})

test('a result of a mebibyte arrives whole', async () => {
  const bytes = (await run('bytes', 1_048_576)) as Uint8Array
  assert.equal(bytes.length, 1_048_576)
  assert.ok(bytes.every((byte) => byte === 7))
})

test('locks and shared arrays keep being themselves in other threads', async () => {
  const numbers = new SharedArray('int32', 1)
  const lock = new Lock()
  const all = [1, 2].map(() => started('addMany', [numbers, lock, 1_000]))
  for (const each of all) await each.joinAsync({ timeoutMs })
  assert.equal(numbers.get(0), 2_000)
  lock.close()
})

test('a class with run is made in the thread, and run there', async () => {
  const thread = Thread.of<string>(work, 'Downloader', { args: [3] })
  thread.start()
  assert.equal(await thread.joinAsync({ timeoutMs }), '3 pages')
})

test('arguments that cannot travel are refused by start, with their place in them', () => {
  const thread = new Thread(work, 'echo', { args: [1, { inner: [() => 1] }] })
  assert.throws(
    () => thread.start(),
    (error) => isCardumenError(error, 'cannot-travel') && error.message.includes('argument 2.inner[0]'),
  )
})

test('what is transferred is gone here and there in the thread', async () => {
  const buffer = new ArrayBuffer(16)
  const thread = started<ArrayBuffer>('echo', [buffer], { transfer: [buffer] })
  assert.equal(buffer.byteLength, 0)
  assert.equal((await thread.joinAsync({ timeoutMs })).byteLength, 16)
})

test('a thread knows its name and number, and the main thread is number 0', async () => {
  const thread = started('whoAmI', [], { name: 'A' })
  assert.deepEqual(await thread.joinAsync({ timeoutMs }), { name: 'A', id: thread.id, isMain: false })
  assert.deepEqual(currentThread(), { name: 'main', id: 0, isMain: true })
})

test('all threads that are alive are listed by name, from any of them', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const sleeper = started('sleepForEver', [words], { name: 'sleeper' })
  const names = (await started('namesOfAll', [], { name: 'asker' }).joinAsync({ timeoutMs })) as string[]
  for (const name of ['main', 'sleeper', 'asker']) assert.ok(names.includes(name), name)
  await sleeper.terminate()
  assert.ok(!threads().some(({ name }) => name === 'sleeper'))
})

test('a thread-local begins in each thread with the first value, and is one thing within it', async () => {
  const local = new ThreadLocal({ value: 10 })
  local.value = { value: 99 }
  assert.deepEqual(await run('count', local, local), [11, 11])
  assert.deepEqual(await run('count', local, local), [11, 11])
  assert.equal(local.value.value, 99)
})

test('a first value that holds something shared is refused, as it would be no value of one thread', () => {
  assert.throws(() => new ThreadLocal([new SharedArray('int32', 1)]), hasCode('cannot-travel'))
})

test('neither a thread nor a thread-local can go to another process, where its number would be another one', async () => {
  const thread = started('add', [1, 2])
  for (const arg of [thread, new ThreadLocal(1)])
    assert.throws(() => packForProcess([arg], 'run'), hasCode('cannot-travel'))
  await thread.joinAsync({ timeoutMs })
})

test('threads see the environment of the process as it is now', async () => {
  process.env['CARDUMEN_TEST_THREAD'] = 'now'
  assert.equal(await run('environment', 'CARDUMEN_TEST_THREAD'), 'now')
  delete process.env['CARDUMEN_TEST_THREAD']
})

test('a worker of the program itself starts and joins threads, once the first was started on the main thread', async () => {
  await run('add', 1, 2)
  const worker = new Worker(new URL('./fixtures/own-worker.ts', import.meta.url))
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.deepEqual(answer, [3, 3])
})

test('what the service thread does not know is refused to whoever blocks for it', async () => {
  assert.equal(await run('askNonsense'), 'operation-unknown')
})

test('two hundred threads, four at a time, leave no rows behind', async () => {
  await run('add', 1, 2)
  const before = [...parties()].filter((id) => id !== self()).length
  const fifty = async (): Promise<void> => {
    for (let count = 0; count < 50; count++) {
      const thread = new Thread<number>(new URL('./fixtures/add.ts', import.meta.url), 'add', { args: [count, 1] })
      thread.start()
      assert.equal(await thread.joinAsync({ timeoutMs }), count + 1)
    }
  }
  await Promise.all([fifty(), fifty(), fifty(), fifty()])
  assert.equal([...parties()].filter((id) => id !== self()).length, before)
  assert.deepEqual(openWaits(), [])
  assert.ok(Math.max(...parties()) < partiesMax / 4)
})

/** Whole programs with threads: when they end, with which code, and what they print in which order. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const program = fileURLToPath(new URL('./fixtures/program.ts', import.meta.url))
const timeout = 60_000

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

function begin(name: string, ...nodeOptions: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...nodeOptions, program, name], { stdio: ['ignore', 'pipe', 'pipe'], timeout })
}

async function endOf(child: ChildProcess): Promise<Ended> {
  assert.ok(child.stdout !== null && child.stderr !== null)
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number | null, signal: signal as string | null, out, err }
}

const run = (name: string, ...nodeOptions: readonly string[]): Promise<Ended> => endOf(begin(name, ...nodeOptions))

test('a program whose threads have ended ends with code 0', async () => {
  assert.deepEqual(await run('join'), { code: 0, signal: null, out: '[ 2, 4, 6 ]\n', err: '' })
})

test('a program lives until its threads have ended, though nobody joins them', async () => {
  assert.deepEqual(await run('keep'), { code: 0, signal: null, out: 'printed by a thread\n', err: '' })
})

test('a thread that was started by a thread keeps the program alive after its starter has ended', async () => {
  assert.deepEqual(await run('grandchild'), { code: 0, signal: null, out: 'printed by its child\n', err: '' })
})

test('a daemon thread keeps no program alive, and ends with it', async () => {
  assert.deepEqual(await run('daemon'), { code: 0, signal: null, out: 'main ends\n', err: '' })
})

test('process.exit on the main thread ends all threads, with its code', async () => {
  assert.equal((await run('exit')).code, 7)
})

test('what threads print comes in the order in which it was printed, also while the main thread is busy', async () => {
  assert.equal((await run('order')).out, 'main 1\nthread 1\nthread 2\nmain 2\n')
})

test('two megabytes that a thread prints into a pipe arrive whole and in order', async () => {
  const lines = (await run('many')).out.trimEnd().split('\n')
  assert.equal(lines.length, 2_002)
  assert.equal(lines[0], 'main')
  assert.equal(lines.at(-1), 'end')
  lines.slice(1, -1).forEach((line, index) => assert.equal(line, `${index} ${'x'.repeat(1_000)}`))
})

test('a thread that prints into a pipe that was closed ends by that error, and so does its program', async () => {
  const child = begin('printForEver')
  assert.ok(child.stdout !== null && child.stderr !== null)
  const printed = text(child.stderr)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code, signal] = await once(child, 'close')
  assert.deepEqual([code, signal], [0, null])
  assert.match(await printed, /thread "printer" ended by an error:\nError: EPIPE/)
})

test('where the process may start no threads, the first start says so', async () => {
  const { code, err } = await run('join', '--permission', '--allow-fs-read=*')
  assert.equal(code, 1)
  assert.match(err, /This process can start no threads: .*--allow-worker/)
})

test('an error of a thread is printed with its name and stack, and the program ends well', async () => {
  const { code, err } = await run('fail')
  assert.equal(code, 0)
  assert.match(err, /^cardumen: thread "fail" ended by an error:\nRangeError: no such page\n {4}at fail .*bodies\.ts/)
})

test('threads go on and are joined while nobody reads what is printed of an error', async () => {
  const child = begin('failLoudly')
  assert.ok(child.stdout !== null && child.stderr !== null)
  let out = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  while (!out.endsWith('\n3\n')) await once(child.stdout, 'data')
  assert.match(out, /^thread-failed: thread "loud"/)
  child.stderr.resume()
  await once(child, 'close')
})

test('a program that waits for a busy thread ends by SIGTERM', async () => {
  const child = begin('wait')
  const ended = endOf(child)
  assert.ok(child.stdout !== null)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  assert.equal((await ended).signal, 'SIGTERM')
})

test('the service thread survives every message', async () => {
  const { code, out } = await run('nonsense')
  assert.deepEqual([code, out], [0, '3\n'])
})

test('the first thread of a process cannot be started in a worker of the program, which is told so', async () => {
  assert.equal((await run('ownWorkerFirst')).out, 'thread-state\n')
})

test('when the service thread dies, whoever waits or asks is told so, and nothing hangs', async () => {
  const preload = new URL('./fixtures/end-service.ts', import.meta.url).href
  const { code, out } = await run('serviceDies', '--import', preload)
  const told = 'thread-exited: The service thread of this process has died, and all its threads with it.'
  assert.deepEqual([code, out.trimEnd().split('\n')], [0, [told, told, told]])
})

test('how a thread ended is forgotten once nobody can ask for it', async () => {
  const { out } = await run('release', '--expose-gc')
  assert.match(out, /^3\nreply-lost: /)
})

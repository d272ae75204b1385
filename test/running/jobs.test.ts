/** What becomes of calls whose functions behave, and of those whose functions do not. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CardumenError } from '../../src/cardumen.ts'
import type { RemoteModule } from '../../src/servers/run/remote-module.ts'
import type { RunServer } from '../../src/servers/run/server.ts'
import { Run } from '../../src/servers/run/interface.ts'
import type * as Jobs from './fixtures/jobs.ts'
import { newSystem, type RunningSystem } from './fixtures/members.ts'

const jobsUrl = new URL('./fixtures/jobs.ts', import.meta.url)

describe('a call of a function elsewhere', { timeout: 120_000 }, () => {
  let system: RunningSystem
  let server: RunServer
  let jobs: RemoteModule<typeof Jobs>

  before(async () => {
    system = await newSystem()
    server = await system.addServer('runner', { threadsMax: 2, heapMegabytesMax: 64 })
    jobs = system.client.importModule<typeof Jobs>(jobsUrl)
  })
  after(() => system[Symbol.asyncDispose]())

  const replacedCount = async (): Promise<number> =>
    (await system.caller.open(Run, server.capability).load(undefined)).replaced

  it('gives the result of a synchronous and of an asynchronous function', async () => {
    assert.deepEqual(await Promise.all([jobs.add(1, 2), jobs.addLater(3, 4)]), [3, 7])
  })

  it('never runs on the thread of the kernel', async () => {
    assert.notEqual(await jobs.whichThread(), 0)
  })

  it('gives the remote error with its remote stack and cause when the function throws', async () => {
    const error = await failureOf(jobs.failWith('no such luck'))
    assert.equal(error.code, 'handler-failed')
    assert.equal(error.executed, 'yes')
    assert.match(error.message, /failWith .* at runner: no such luck/)
    const { cause } = error
    assert(cause instanceof RangeError)
    assert.equal(cause.message, 'no such luck')
    assert.match(cause.stack ?? '', /failWith \(.*fixtures\/jobs\.ts:\d+/)
    assert.equal((cause.cause as Error).message, 'the cause of it')
  })

  it('fails though the function throws something that is no error', async () => {
    const error = await failureOf(jobs.throwText())
    assert.equal(error.code, 'handler-failed')
    assert.match(error.message, /only text/)
  })

  const refused: readonly (readonly [
    what: string,
    call: () => Promise<unknown>,
    code: string,
    executed: string,
    text: RegExp,
  ])[] = [
    [
      'whose function is not there',
      () => callByName('notThere'),
      'function-unknown',
      'no',
      /exports no function notThere/,
    ],
    [
      'of what is no function',
      () => callByName('notAFunction'),
      'function-unknown',
      'no',
      /exports no function notAFunction/,
    ],
    ['of what every object has', () => callByName('toString'), 'function-unknown', 'no', /toString/],
    ['whose result cannot travel', () => jobs.returnFunction(), 'cannot-travel', 'yes', /\$\.items\[1\]\.callback/],
    [
      'whose argument cannot travel',
      () => jobs.echo({ deep: [Symbol('one')] }),
      'cannot-travel',
      'no',
      /args\[0\]\.deep\[0\]/,
    ],
    [
      'of a module that does not exist',
      () => callOf('./fixtures/not-there.ts'),
      'module-failed',
      'no',
      /not-there\.ts/,
    ],
    [
      'of a module that throws while it loads',
      () => callOf('./fixtures/throws-at-import.ts'),
      'module-failed',
      'no',
      /thrown while the module loaded/,
    ],
    [
      'of no module at all',
      () => system.client.importModule<Record<string, () => number>>('node:nothing').add!(),
      'module-failed',
      'no',
      /node:nothing/,
    ],
  ]
  for (const [what, call, code, executed, text] of refused) {
    it(`${what} is refused with ${code}`, async () => {
      const error = await failureOf(call())
      assert.equal(error.code, code)
      assert.equal(error.executed, executed)
      assert.match(error.message, text)
    })
  }

  it('refuses a relative path as a module, where it is passed', () => {
    assert.throws(() => system.client.importModule('./jobs.ts'), { code: 'option-invalid' })
  })

  const endings: readonly (readonly [what: string, call: () => Promise<unknown>, text: RegExp])[] = [
    ['exits', () => jobs.exit(3), /exited.*code 3/s],
    ['fills buffers without end', () => jobs.bufferForEver(), /ran out of memory \(64 MB\)/],
    ['doubles a text without end', () => jobs.doubleForEver(), /ran out of memory \(64 MB\)/],
    ['allocates without end', () => jobs.allocateForEver(), /ran out of memory \(64 MB\)/],
  ]
  for (const [what, call, text] of endings) {
    it(`fails as unknown when the function ${what}, and its worker is replaced and reported`, async () => {
      const before = await replacedCount()
      const error = await failureOf(call())
      assert.equal(error.code, 'worker-exited')
      assert.equal(error.executed, 'unknown')
      assert.match(error.message, text)
      assert.equal(await jobs.add(1, 1), 2)
      assert.equal(await replacedCount(), before + 1)
    })
  }

  it('survives that an earlier job throws after its answer', async () => {
    const before = await replacedCount()
    assert.equal(await jobs.failAfterwards(), 'answered')
    while ((await replacedCount()) === before) await jobs.addLater(1, 1).catch(() => undefined)
    assert.equal(await jobs.add(2, 2), 4)
  })

  it('that loops for ever times out, and its worker is replaced', async () => {
    const before = await replacedCount()
    const error = await failureOf(jobs.loopForEver.with({ timeoutMs: 100 })())
    assert.equal(error.code, 'timed-out')
    assert.equal(error.executed, 'unknown')
    while ((await replacedCount()) === before) await jobs.spinFor(1)
    assert.equal(await jobs.add(2, 2), 4)
  })

  it('is not held up by another one that loops for ever', async () => {
    const before = await replacedCount()
    const controller = new AbortController()
    const looping = failureOf(jobs.loopForEver.with({ signal: controller.signal })())
    const sums = await Promise.all(Array.from({ length: 200 }, (_, index) => jobs.add(index, 1)))
    assert.equal(sums[199], 200)
    controller.abort()
    assert.equal((await looping).code, 'cancelled')
    while ((await replacedCount()) === before) await jobs.spinFor(1)
  })

  it('that never resolves is given up by its signal, and its thread works on', async () => {
    const controller = new AbortController()
    const never = failureOf(jobs.neverResolves.with({ signal: controller.signal })())
    await jobs.add(1, 1)
    const before = await replacedCount()
    controller.abort()
    assert.equal((await never).code, 'cancelled')
    assert.equal(await jobs.add(2, 3), 5)
    assert.equal(await replacedCount(), before)
  })

  it('can watch for being given up', async () => {
    const controller = new AbortController()
    // Each thread counts for itself.
    const most = async (count: () => Promise<number>): Promise<number> =>
      Math.max(...(await Promise.all(Array.from({ length: 20 }, count))))
    const given = failureOf(jobs.untilCancelled.with({ signal: controller.signal })())
    while ((await most(jobs.begunSeen)) === 0);
    controller.abort()
    assert.equal((await given).code, 'cancelled')
    while ((await most(jobs.cancellationsSeen)) === 0);
  })

  it('gives a thousand results for a thousand calls at once, over both threads', async () => {
    const sums = await Promise.all(Array.from({ length: 1_000 }, (_, index) => jobs.add(index, index)))
    assert.deepEqual(
      sums,
      Array.from({ length: 1_000 }, (_, index) => 2 * index),
    )
    const threads = await Promise.all(Array.from({ length: 8 }, () => jobs.spinFor(20)))
    assert.equal(new Set(threads).size, 2)
  })

  it('finds its module loaded where that was prepared, which names the functions', async () => {
    const run = system.caller.open(Run, server.capability)
    assert((await run.prepare({ module: jobsUrl.href })).includes('addLater'))
    assert((await run.load(undefined)).modules.includes(jobsUrl.href))
    const broken = new URL('./fixtures/throws-at-import.ts', import.meta.url).href
    assert.equal((await failureOf(run.prepare({ module: broken }))).code, 'module-failed')
  })

  it('carries large arguments and results', async () => {
    const bytes = new Uint8Array(5_000_000).fill(7)
    assert.deepEqual(await jobs.echo(bytes), bytes)
  })

  it('cannot be waited for under the name of a promise', async () => {
    assert.equal(Reflect.get(jobs, 'then'), undefined)
    assert.equal(await Promise.resolve(jobs), jobs)
  })

  function callByName(name: string): Promise<unknown> {
    return (jobs as unknown as Record<string, () => Promise<unknown>>)[name]!()
  }

  function callOf(path: string): Promise<unknown> {
    return system.client.importModule<{ neverCalled(): void }>(new URL(path, import.meta.url)).neverCalled()
  }
})

describe('a program alone in its system', { timeout: 60_000 }, () => {
  it('runs jobs on threads of its own, and offers them to nobody', async () => {
    await using system = await newSystem(true)
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl)
    assert.equal(await jobs.add(20, 22), 42)
    assert.equal(await jobs.whichProcess(), process.pid)
    assert.deepEqual(system.caller.member.servers('run'), [])
  })

  it('that may not start threads is told that nobody runs anything', async () => {
    await using system = await newSystem()
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl)
    assert.equal((await failureOf(jobs.add(1, 2))).code, 'name-unknown')
  })
})

async function failureOf(call: Promise<unknown>): Promise<CardumenError> {
  return await call.then(
    (value) => assert.fail(`the call gave ${JSON.stringify(value)}`),
    (error: unknown) => error as CardumenError,
  )
}

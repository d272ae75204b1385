/** Virtual threads, alone and under the pool that drives the real ones. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JobReply, JobRequest, JobStatus, WorkerExit } from '../../edges/workers.ts'
import { seededRandom } from '../../lib/random.ts'
import { sleep } from '../../servers/sleep.ts'
import { JobPool, type PoolJob } from '../../servers/run/job-pool.ts'
import { decode, encode } from '../../wire/codec.ts'
import { HandTime } from './fixtures/hand-time.ts'
import { type ModuleFactory, VirtualWorkers, type VirtualWorkersOptions } from './virtual-workers.ts'

/** Counts its calls, one count for each thread. */
const counting: ModuleFactory = ({ clock, exit, jobSignal }) => {
  let count = 0
  return {
    next: () => ++count,
    add: (left: number, right: number) => left + right,
    wait: (ms: number) => sleep(clock, ms, undefined).then(() => ++count),
    obey: (ms: number) => sleep(clock, ms, jobSignal()),
    die: () => exit(3),
    breakLater: () => {
      clock.after(5, () => {
        throw new Error('nobody catches this')
      })
    },
    fail: () => {
      throw new RangeError('too far')
    },
    symbol: () => Symbol('no'),
    notCallable: 7,
  }
}

const url = 'file:///somewhere/jobs/counting.ts'

function newWorkers(options: Partial<VirtualWorkersOptions> = {}) {
  const time = new HandTime()
  const modules = { 'jobs/counting.ts': counting }
  return { time, workers: new VirtualWorkers({ clock: time.clock, random: seededRandom(2), modules, ...options }) }
}

function newWorker(options: Partial<VirtualWorkersOptions> = {}) {
  const { time, workers } = newWorkers(options)
  const results: [number, JobStatus, unknown][] = []
  const exits: [WorkerExit, string][] = []
  const loaded: string[] = []
  const worker = workers.start(
    { name: 'thread', memoryMegabytesMax: 1 },
    {
      onReady: () => undefined,
      onModule: (module) => loaded.push(module),
      onExit: (reason, detail) => exits.push([reason, detail]),
      onResult: (id, status, reply) => results.push([id, status, reply.length === 0 ? undefined : decode(reply)]),
    },
  )
  const submit = (id: number, name: string | undefined, ...args: unknown[]): void => {
    const request: JobRequest = [url, name, args]
    worker.submit({ id, request: encode(request) })
  }
  return { time, workers, worker, results, exits, loaded, submit }
}

function failureOf(results: readonly [number, JobStatus, unknown][], id: number) {
  const [, status, reply] = results.find(([each]) => each === id) ?? []
  assert.equal(status, 'failed')
  const [failed, failure] = reply as JobReply
  assert.equal(failed, 1)
  return failure as Extract<JobReply, readonly [1, unknown]>[1]
}

describe('a virtual thread', () => {
  it('calls the function of a module that is known by the end of its path, and answers in order', async () => {
    const { time, results, loaded, submit } = newWorker()
    submit(1, 'add', 2, 3)
    submit(2, 'next')
    submit(3, 'next')
    await time.pass(0)
    assert.deepEqual(results, [
      [1, 'ok', [0, 5]],
      [2, 'ok', [0, 1]],
      [3, 'ok', [0, 2]],
    ])
    assert.deepEqual(loaded, [url])
  })

  it('shares no state of a module with another thread', async () => {
    const { time, workers } = newWorkers()
    const counts: unknown[] = []
    for (const name of ['one', 'two']) {
      const events = {
        onReady: () => undefined,
        onModule: () => undefined,
        onExit: () => undefined,
        onResult: (_: number, __: JobStatus, reply: Uint8Array) => counts.push(decode(reply)),
      }
      workers.start({ name, memoryMegabytesMax: 1 }, events).submit({ id: 1, request: encode([url, 'next', []]) })
    }
    await time.pass(0)
    assert.deepEqual(counts, [
      [0, 1],
      [0, 1],
    ])
  })

  it('lists the functions of a module where none is named', async () => {
    const { time, results, submit } = newWorker()
    submit(1, undefined)
    await time.pass(0)
    const names = ['next', 'add', 'wait', 'obey', 'die', 'breakLater', 'fail', 'symbol']
    assert.deepEqual(results, [[1, 'ok', [0, names]]])
  })

  it('answers with the codes of a real one', async () => {
    const { time, worker, results, submit } = newWorker()
    submit(1, 'missing')
    submit(2, 'notCallable')
    submit(3, 'fail')
    submit(4, 'symbol')
    worker.submit({ id: 5, request: encode(['file:///elsewhere.ts', 'next', []]) })
    worker.submit({ id: 6, request: new Uint8Array([0xc1]) })
    submit(7, 'toString')
    await time.pass(0)
    const codes = [1, 2, 3, 4, 5, 6, 7].map((id) => {
      const { code, executed } = failureOf(results, id)
      return `${code} ${executed}`
    })
    assert.deepEqual(codes, [
      'function-unknown no',
      'function-unknown no',
      'handler-failed yes',
      'cannot-travel yes',
      'module-failed no',
      'input-refused no',
      'function-unknown no',
    ])
    assert.match(failureOf(results, 5).message, /jobs\/counting\.ts/)
    assert.ok(failureOf(results, 3).error instanceof RangeError)
  })

  it('is busy for as long as its jobs cost, one after the other', async () => {
    const { time, results, submit } = newWorker({ drawJobMs: () => 10 })
    for (let id = 1; id <= 3; id++) submit(id, 'next')
    const answered: number[] = []
    for (const durationMs of [9, 2, 10, 10]) {
      await time.pass(durationMs)
      answered.push(results.length)
    }
    assert.deepEqual(answered, [0, 1, 2, 3])
  })

  it('goes on with others while a job waits', async () => {
    const { time, results, submit } = newWorker()
    submit(1, 'wait', 100)
    submit(2, 'next')
    await time.pass(50)
    assert.deepEqual(results, [[2, 'ok', [0, 1]]])
    await time.pass(50)
    assert.deepEqual(results[1], [1, 'ok', [0, 2]])
  })

  it('never runs a job that was withdrawn before it began, and gives back none that it has begun', async () => {
    const { time, worker, results, submit } = newWorker({ drawJobMs: () => 10 })
    submit(1, 'next')
    submit(2, 'next')
    await time.pass(1)
    assert.equal(worker.withdraw(1), false)
    assert.equal(worker.withdraw(2), true)
    assert.equal(worker.withdraw(2), false)
    await time.pass(100)
    assert.deepEqual(
      results.map(([id, status]) => [id, status]),
      [
        [1, 'ok'],
        [2, 'withdrawn'],
      ],
    )
  })

  it('gives up a job that is cancelled while it waits, and aborts the signal that it asked for', async () => {
    const { time, worker, results, submit } = newWorker()
    submit(1, 'wait', 100)
    submit(2, 'obey', 1_000)
    await time.pass(10)
    worker.cancel(1)
    worker.cancel(2)
    await time.pass(1)
    assert.deepEqual(
      results.map(([id, status]) => [id, status]),
      [
        [1, 'abandoned'],
        [2, 'abandoned'],
      ],
    )
    assert.equal(time.agenda.size, 1, 'the sleep of the job that obeyed is over, that of the other is not')
    await time.pass(200)
    assert.equal(results.length, 2)
  })

  it('answers once for a job that is cancelled when its answer is about to leave', async () => {
    const { time, worker, results, submit } = newWorker({ drawJobMs: () => 10 })
    submit(1, 'next')
    await time.pass(9.99)
    worker.cancel(1)
    await time.pass(10)
    assert.deepEqual(results, [[1, 'ok', [0, 1]]])
  })

  it('keeps a copy of the bytes of a job', async () => {
    const { time, worker, results } = newWorker()
    const request = encode([url, 'add', [1, 1]])
    worker.submit({ id: 1, request })
    request.fill(0)
    await time.pass(0)
    assert.deepEqual(results, [[1, 'ok', [0, 2]]])
  })

  it('tells truthfully after its end which jobs it had begun, and answers none of them', async () => {
    const { time, worker, results, exits, submit } = newWorker({ drawJobMs: () => 10 })
    submit(1, 'next')
    submit(2, 'next')
    await time.pass(1)
    worker.terminate()
    await time.pass(100)
    assert.deepEqual(exits, [['terminated', '']])
    assert.deepEqual([worker.withdraw(1), worker.withdraw(2)], [false, true])
    assert.deepEqual(results, [])
  })

  it('ends when its code exits, fails in a timer, or is made to', async () => {
    const cases: [string, RegExp, WorkerExit][] = [
      ['die', /code 3/, 'exited'],
      ['breakLater', /nobody catches this/, 'failed'],
      ['next', /as ordered/, 'out-of-memory'],
    ]
    for (const [name, detail, reason] of cases) {
      const { time, workers, exits, submit } = newWorker()
      submit(1, name)
      await time.pass(10)
      if (name === 'next') assert.equal(workers.endOne('out-of-memory', 'as ordered'), true)
      await time.pass(10)
      assert.equal(exits[0]?.[0], reason)
      assert.match(exits[0][1], detail)
      assert.equal(workers.liveCount, 0)
      assert.equal(workers.endOne('failed', ''), false)
    }
  })

  it('takes its time to start, and runs then what it was given before', async () => {
    const { time, results, submit } = newWorker({ startMs: 30 })
    submit(1, 'next')
    await time.pass(29)
    assert.equal(results.length, 0)
    await time.pass(1)
    assert.equal(results.length, 1)
  })
})

describe('a pool of virtual threads', () => {
  function newPool(threadsMax: number, options: Partial<VirtualWorkersOptions> = {}) {
    const { time, workers } = newWorkers(options)
    const pool = new JobPool(workers, time.clock, { name: 'test', threadsMax, memoryMegabytesMax: 1, idleMs: 1_000 })
    const replies: JobReply[] = []
    const submit = (name: string, ...args: unknown[]): PoolJob => {
      const job = pool.submit(encode([url, name, args]), (_, reply) => replies.push(decode(reply) as JobReply))
      assert(job !== undefined)
      return job
    }
    return { time, workers, pool, replies, submit }
  }

  it('runs each job once', async () => {
    const { time, workers, pool, replies, submit } = newPool(3, { drawJobMs: () => 2 })
    for (let count = 0; count < 200; count++) submit('add', count, 0)
    await time.pass(1_000)
    assert.deepEqual(
      replies.map(([, result]) => result as number).toSorted((left, right) => left - right),
      Array.from({ length: 200 }, (_, index) => index),
    )
    assert.equal(pool.unfinished, 0)
    await time.pass(5_000)
    assert.equal(workers.liveCount, 0, 'threads without work end')
  })

  it('fails the jobs that a dying thread had begun as unknown, and runs the others elsewhere', async () => {
    const { time, workers, pool, replies, submit } = newPool(1, { drawJobMs: () => 10 })
    for (let count = 0; count < 5; count++) submit('add', count, 0)
    await time.pass(5)
    workers.endOne('out-of-memory', '')
    await time.pass(200)
    const failures = replies.filter(([failed]) => failed === 1)
    assert.equal(failures.length, 1)
    const [, failure] = failures[0] as Extract<JobReply, readonly [1, unknown]>
    assert.deepEqual([failure.code, failure.executed], ['worker-exited', 'unknown'])
    assert.equal(replies.length, 5)
    assert.equal(pool.replacedCount, 1)
  })

  it('ends a thread whose abandoned job does not come back, which here is one that costs too much', async () => {
    const { time, pool, replies, submit } = newPool(1, { drawJobMs: () => 5_000 })
    const slow = submit('next')
    await time.pass(10)
    assert.equal(pool.abandon(slow), false)
    await time.pass(1_100)
    assert.equal(pool.replacedCount, 1)
    assert.equal(pool.unfinished, 0)
    assert.deepEqual(replies, [])
  })
})

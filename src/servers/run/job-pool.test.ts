/** The pool of threads, with threads that a test plays by hand. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../edges/clock.ts'
import type { Job, JobReply, JobWorker, WorkerEvents, WorkerExit, Workers } from '../../edges/workers.ts'
import { instant } from '../../lib/identifiers.ts'
import { decode, encode } from '../../wire/codec.ts'
import { JobPool, type PoolJob } from './job-pool.ts'
import { jobsPerThreadMax } from './pool-thread.ts'

/** Runs nothing by itself: the test says which job begins, ends, and how the thread ends. */
class PlayedThread implements JobWorker {
  readonly events: WorkerEvents
  readonly waiting: Job[] = []
  readonly begun: Job[] = []
  readonly withdrawn: number[] = []
  readonly cancelled: number[] = []
  isEnded = false
  /** Told to end; a real thread takes a while, this one until `exit` where it `isSlow`. */
  isTold = false
  isSlow = false

  constructor(events: WorkerEvents) {
    this.events = events
  }

  submit(job: Job): void {
    this.waiting.push(job)
  }

  withdraw(id: number): boolean {
    const index = this.waiting.findIndex((job) => job.id === id)
    if (index >= 0) this.withdrawn.push(...this.waiting.splice(index, 1).map((job) => job.id))
    return index >= 0
  }

  cancel(id: number): void {
    this.cancelled.push(id)
  }

  terminate(): void {
    this.isTold = true
    if (!this.isSlow) this.exit('terminated')
  }

  begin(count = 1): void {
    this.begun.push(...this.waiting.splice(0, count))
  }

  /** Ends its oldest jobs. */
  finish(count = 1): void {
    this.begin(Math.max(0, count - this.begun.length))
    for (const job of this.begun.splice(0, count)) this.events.onResult(job.id, 'ok', job.request)
  }

  exit(reason: WorkerExit): void {
    if (this.isEnded) return
    this.isEnded = true
    this.events.onExit(reason, 'as the test says')
  }
}

class PlayedClock implements Clock {
  #now = 0
  #timers: { atMs: number; run: () => void }[] = []

  now = () => instant(this.#now)
  wallMs = () => this.#now
  soon = (run: () => void) => this.after(0, run)

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#now + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  pass(durationMs: number): void {
    const endMs = this.#now + durationMs
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#now = next.atMs
      next.run()
    }
    this.#now = endMs
  }
}

function newPool(threadsMax: number) {
  const threads: PlayedThread[] = []
  const workers: Workers = {
    start: (_, events) => {
      const thread = new PlayedThread(events)
      threads.push(thread)
      return thread
    },
  }
  const clock = new PlayedClock()
  const pool = new JobPool(workers, clock, { name: 'test', threadsMax, memoryMegabytesMax: 1, idleMs: 1_000 })
  const replies = new Map<number, JobReply | 'done'>()
  const submit = (count: number, from = 0): PoolJob[] =>
    Array.from({ length: count }, (_, index) => {
      const number = from + index
      const job = pool.submit(encode(number), (status, reply) =>
        replies.set(number, status === 'ok' ? 'done' : (decode(reply) as JobReply)),
      )
      assert(job !== undefined)
      return job
    })
  const thread = (index: number): PlayedThread => {
    const found = threads[index]
    assert(found !== undefined)
    return found
  }
  return { pool, clock, threads, thread, replies, submit }
}

describe('a pool of threads', () => {
  it('starts a thread only for work that the present ones do not take at once', () => {
    const { threads, thread, submit } = newPool(3)
    assert.equal(threads.length, 0)
    submit(1)
    assert.equal(threads.length, 1)
    thread(0).finish()
    submit(1)
    assert.equal(threads.length, 1)
    submit(4)
    assert.equal(threads.length, 3)
  })

  it('gives each job to the thread that has the fewest', () => {
    const { thread, submit } = newPool(2)
    submit(10)
    assert.deepEqual([thread(0).waiting.length, thread(1).waiting.length], [5, 5])
    thread(0).finish(4)
    submit(4, 10)
    assert.deepEqual([thread(0).waiting.length, thread(1).waiting.length], [5, 5])
  })

  it('keeps what its threads have no room for, and gives it out in order', () => {
    const { pool, thread, replies, submit } = newPool(1)
    submit(jobsPerThreadMax + 3)
    assert.equal(thread(0).waiting.length, jobsPerThreadMax)
    thread(0).finish(jobsPerThreadMax)
    assert.equal(replies.size, jobsPerThreadMax)
    assert.equal(pool.unfinished, 3)
    assert.deepEqual(
      thread(0).waiting.map((job) => decode(job.request)),
      [32, 33, 34],
    )
  })

  it('fails the jobs that a dead thread had begun as unknown, and gives the others to a new one', () => {
    const { pool, thread, replies, submit } = newPool(1)
    submit(5)
    thread(0).begin(2)
    thread(0).exit('out-of-memory')
    assert.deepEqual([...replies.keys()], [0, 1])
    const reply = replies.get(0)
    assert(reply !== undefined && reply !== 'done' && reply[0] === 1)
    assert.equal(reply[1].code, 'worker-exited')
    assert.equal(reply[1].executed, 'unknown')
    thread(1).finish(3)
    assert.deepEqual(
      [2, 3, 4].map((number) => replies.get(number)),
      ['done', 'done', 'done'],
    )
    assert.equal(pool.replacedCount, 1)
    assert.equal(pool.unfinished, 0)
  })

  it('gives up a job that no thread lives long enough to begin, and says that it did not run', () => {
    const { pool, threads, replies, submit } = newPool(1)
    submit(1)
    for (let index = 0; threads[index] !== undefined; index++) threads[index]?.exit('failed')
    const reply = replies.get(0)
    assert(reply !== undefined && reply !== 'done' && reply[0] === 1)
    assert.equal(reply[1].executed, 'no')
    assert.equal(pool.unfinished, 0)
  })

  it('takes jobs that wait behind a long one and gives them to a thread that is free', () => {
    const { clock, thread, replies, submit } = newPool(2)
    submit(8)
    thread(0).begin(1)
    thread(1).finish(4)
    for (let turn = 0; turn < 10; turn++) {
      clock.pass(50)
      thread(1).finish(4)
    }
    assert.equal(replies.size, 7)
    assert.equal(thread(0).begun.length, 1)
  })

  it('gives a thread that makes no progress no job while another has room', () => {
    const { clock, thread, submit } = newPool(2)
    submit(2)
    thread(0).begin()
    thread(1).finish()
    clock.pass(100)
    submit(10, 2)
    assert.equal(thread(0).waiting.length, 0)
    assert.equal(thread(1).waiting.length, 10)
  })

  it('never runs a job that was abandoned before it began', () => {
    const { pool, thread, replies, submit } = newPool(1)
    const jobs = submit(jobsPerThreadMax + 1)
    for (const job of [jobs[1], jobs[jobsPerThreadMax]]) if (job !== undefined) pool.abandon(job)
    assert.equal(thread(0).withdrawn.length, 1)
    thread(0).finish(jobsPerThreadMax - 1)
    assert.equal(pool.unfinished, 0)
    assert.equal(replies.size, jobsPerThreadMax - 1)
  })

  it('ends a thread whose abandoned job does not come back, and runs the jobs behind it elsewhere', () => {
    const { pool, clock, thread, replies, submit } = newPool(1)
    const [looping] = submit(3)
    thread(0).begin()
    assert(looping !== undefined)
    pool.abandon(looping)
    assert.deepEqual(thread(0).cancelled, [looping.id])
    clock.pass(900)
    assert.equal(thread(0).isEnded, false)
    clock.pass(200)
    assert.equal(thread(0).isEnded, true)
    thread(1).finish(2)
    assert.deepEqual(
      [...replies.entries()],
      [
        [1, 'done'],
        [2, 'done'],
      ],
    )
  })

  it('keeps a thread that gives up the abandoned job in time', () => {
    const { pool, clock, thread, submit } = newPool(1)
    const [job] = submit(1)
    thread(0).begin()
    assert(job !== undefined)
    pool.abandon(job)
    thread(0).events.onResult(job.id, 'abandoned', new Uint8Array(0))
    clock.pass(900)
    assert.equal(thread(0).isEnded, false)
    assert.equal(pool.unfinished, 0)
  })

  it('replaces a thread in which too many abandoned jobs may still run', () => {
    const { pool, threads, thread, submit } = newPool(1)
    for (let count = 0; count < 16; count++) {
      const [job] = submit(1)
      assert(job !== undefined)
      thread(0).begin()
      pool.abandon(job)
      thread(0).events.onResult(job.id, 'abandoned', new Uint8Array(0))
    }
    assert.equal(thread(0).isEnded, true)
    submit(1)
    assert.equal(threads.length, 2)
  })

  it('ends threads that have had no work for a while, which is no replacement', () => {
    const { pool, clock, thread, submit } = newPool(1)
    submit(1)
    thread(0).finish()
    clock.pass(1_500)
    assert.equal(thread(0).isEnded, true)
    assert.equal(pool.replacedCount, 0)
    assert.equal(pool.threads, 0)
  })

  it('gives no job to a thread that it has told to end, and counts none as replaced that had no work', () => {
    const { pool, clock, thread, replies, submit } = newPool(1)
    submit(1)
    thread(0).finish()
    thread(0).isSlow = true
    clock.pass(1_500)
    assert.deepEqual([thread(0).isTold, thread(0).isEnded], [true, false])
    submit(1, 1)
    assert.equal(thread(0).waiting.length, 0)
    thread(0).exit('terminated')
    thread(1).finish()
    assert.equal(replies.get(1), 'done')
    assert.equal(pool.replacedCount, 0)
  })

  it('gives no job to a thread that it ends for an abandoned one', () => {
    const { pool, clock, thread, submit } = newPool(1)
    const [looping] = submit(1)
    thread(0).begin()
    thread(0).isSlow = true
    assert(looping !== undefined)
    pool.abandon(looping)
    clock.pass(1_100)
    assert.equal(thread(0).isTold, true)
    submit(1, 1)
    assert.equal(thread(0).waiting.length, 0)
    thread(0).exit('terminated')
    assert.equal(thread(1).waiting.length, 1)
    assert.equal(pool.replacedCount, 1)
  })

  it('answers every job when it closes', () => {
    const { pool, thread, replies, submit } = newPool(1)
    submit(jobsPerThreadMax + 2)
    thread(0).begin(1)
    pool.close()
    assert.equal(replies.size, jobsPerThreadMax + 2)
    assert.equal(pool.unfinished, 0)
    assert.equal(
      pool.submit(encode(0), () => undefined),
      undefined,
    )
  })
})

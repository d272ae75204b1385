/**
 * The threads of one member, and the jobs that they run.
 *
 * Threads start when there is work and end when there has been none for a while. A job goes to the thread that has
 * the fewest, several at a time, since most jobs are short or wait for something. What that would spoil is mended:
 * jobs that wait behind a long one are withdrawn and given to a thread that is free; a thread that exits, runs out of
 * memory or never comes back is replaced, the jobs it had not begun go to another one, and only those it had begun
 * fail, as `unknown`. The pool knows no caller and repeats nothing that has begun.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { JobFailure, JobReply, JobStatus, WorkerExit, Workers } from '../../edges/workers.ts'
import { encode } from '../../wire/codec.ts'
import { PoolThread } from './pool-thread.ts'

/** Jobs that no thread has yet; over it a job is refused. */
export const jobsQueuedMax = 16_384
/** How often a job that had not begun is given to another thread after the end of its first. */
export const threadsPerJobMax = 3
/** Replacements that `load` tells of. */
export const replacementsKeptMax = 8
export const modulesListedMax = 256

const tickMs = 10
/** A thread that has brought no result for so long gives jobs away and gets none while another has room. */
const stalledMs = 40
/** What a cancelled job gets to come to its end before its thread is ended. */
const graceMs = 1_000

export interface PoolOptions {
  readonly name: string
  readonly threadsMax: number
  readonly memoryMegabytesMax: number
  /** A thread without work for so long ends. */
  readonly idleMs: number
}

export interface Replacement {
  readonly reason: WorkerExit
  readonly detail: string
  readonly atMs: number
}

/** A job in the pool; its owner keeps it to abandon it. */
export interface PoolJob {
  /** Another one each time that it is given to a thread. */
  id: number
  readonly request: Uint8Array
  /** Called once, unless the job was abandoned. `reply` is an encoded `JobReply`. */
  readonly onReply: (status: 'ok' | 'failed', reply: Uint8Array) => void
  thread: PoolThread | undefined
  threadsTried: number
  isAbandoned: boolean
}

export class JobPool {
  readonly #workers: Workers
  readonly #clock: Clock
  readonly #options: PoolOptions
  readonly #threads: PoolThread[] = []
  readonly #queue = new Set<PoolJob>()
  readonly #modules = new Set<string>()
  readonly #replacements: Replacement[] = []
  #replacedCount = 0
  #givenCount = 0
  #threadCount = 0
  #unfinished = 0
  #cancelTick: Cancel | undefined
  #isTickSoon = false
  #isClosed = false

  constructor(workers: Workers, clock: Clock, options: PoolOptions) {
    this.#workers = workers
    this.#clock = clock
    this.#options = options
  }

  /** Undefined: no room; the job will not run. */
  submit(request: Uint8Array, onReply: PoolJob['onReply']): PoolJob | undefined {
    if (this.#isClosed || this.#queue.size >= jobsQueuedMax) return undefined
    const job: PoolJob = { id: 0, request, onReply, thread: undefined, threadsTried: 0, isAbandoned: false }
    this.#unfinished++
    this.#place(job)
    return job
  }

  /**
   * The owner wants no reply any more. True: it had not begun and never will. What has begun gets a little time to
   * end, then its thread is ended.
   */
  abandon(job: PoolJob): boolean {
    if (job.isAbandoned) return false
    job.isAbandoned = true
    const { thread } = job
    if (this.#queue.delete(job) || thread?.takeBack(job) === true) {
      this.#unfinished--
      return true
    }
    if (thread?.jobs.has(job.id) === true) this.#cancelOn(thread, job)
    return false
  }

  /** Jobs that are queued or given to a thread. */
  get unfinished(): number {
    return this.#unfinished
  }

  get threads(): number {
    return this.#threads.length
  }

  get replacedCount(): number {
    return this.#replacedCount
  }

  /** The latest, oldest first. */
  get replacements(): readonly Replacement[] {
    return this.#replacements
  }

  /** Modules that some thread has loaded. */
  get modules(): readonly string[] {
    return [...this.#modules]
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTick?.()
    const failure = encodeFailure({
      code: 'closed',
      executed: 'no',
      message: 'The member that was to run the job closed.',
    })
    for (const job of this.#queue) this.#end(job, 'failed', failure)
    this.#queue.clear()
    for (const thread of this.#threads) thread.end()
  }

  #place(job: PoolJob): void {
    const thread = this.#roomiest()
    if (thread === undefined) this.#queue.add(job)
    else this.#give(thread, job)
  }

  #give(thread: PoolThread, job: PoolJob): void {
    job.id = ++this.#givenCount
    job.thread = thread
    job.threadsTried++
    thread.give(job)
    if (!this.#isTickSoon) this.#tickAfter(tickMs)
  }

  /** The thread with the fewest jobs; a new one where that has any and the pool may grow. */
  #roomiest(): PoolThread | undefined {
    let best: PoolThread | undefined
    for (const thread of this.#threads) {
      if (thread.hasRoom && (best === undefined || thread.burden < best.burden)) best = thread
    }
    const mayGrow = this.#threads.length < this.#options.threadsMax
    return mayGrow && (best === undefined || best.burden > 0) ? this.#startThread() : best
  }

  #startThread(): PoolThread {
    const name = `${this.#options.name} ${++this.#threadCount}`
    const thread: PoolThread = new PoolThread(
      (events) => this.#workers.start({ name, memoryMegabytesMax: this.#options.memoryMegabytesMax }, events),
      {
        onResult: (job, status, reply) => this.#onResult(thread, job, status, reply),
        onModule: (url) => this.#onModule(url),
        onExit: (reason, detail) => this.#onExit(thread, reason, detail),
      },
    )
    this.#threads.push(thread)
    return thread
  }

  #onResult(thread: PoolThread, job: PoolJob, status: JobStatus, reply: Uint8Array): void {
    thread.hasProgressed = true
    thread.isStalled = false
    this.#end(job, status === 'ok' ? 'ok' : 'failed', reply)
    while (thread.hasRoom && this.#queue.size > 0) this.#giveNext(thread)
    if (thread.isSpent && thread.jobs.size === 0) thread.end()
  }

  #giveNext(thread: PoolThread): void {
    for (const job of this.#queue) {
      this.#queue.delete(job)
      this.#give(thread, job)
      return
    }
  }

  #end(job: PoolJob, status: 'ok' | 'failed', reply: Uint8Array): void {
    this.#unfinished--
    if (!job.isAbandoned) job.onReply(status, reply)
  }

  #onModule(url: string): void {
    if (this.#modules.size < modulesListedMax) this.#modules.add(url)
  }

  #onExit(thread: PoolThread, reason: WorkerExit, detail: string): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1)
    const jobs = [...thread.jobs.values()]
    thread.jobs.clear()
    if (jobs.length > 0 || reason !== 'terminated') this.#noteReplacement(reason, detail)
    if (this.#threads.length === 0) this.#modules.clear()
    for (const job of jobs) this.#onJobLost(thread, job, reason, detail)
    while (this.#queue.size > 0) {
      const next = this.#roomiest()
      if (next === undefined) return
      this.#giveNext(next)
    }
  }

  #onJobLost(thread: PoolThread, job: PoolJob, reason: WorkerExit, detail: string): void {
    const hadBegun = !thread.worker.withdraw(job.id)
    if (!hadBegun && !this.#isClosed && !job.isAbandoned && job.threadsTried < threadsPerJobMax) {
      job.thread = undefined
      this.#queue.add(job)
      return
    }
    const message = `The worker thread that ${hadBegun ? 'ran' : 'was to run'} the job ${exitText(reason, this.#options)} and was replaced. ${detail}`
    this.#end(job, 'failed', encodeFailure({ code: 'worker-exited', executed: hadBegun ? 'unknown' : 'no', message }))
  }

  #noteReplacement(reason: WorkerExit, detail: string): void {
    this.#replacedCount++
    this.#replacements.push({ reason, detail: detail.slice(0, 1_000), atMs: this.#clock.wallMs() })
    if (this.#replacements.length > replacementsKeptMax) this.#replacements.shift()
  }

  #cancelOn(thread: PoolThread, job: PoolJob): void {
    thread.worker.cancel(job.id)
    this.#clock.after(
      graceMs,
      () => {
        if (thread.jobs.has(job.id)) thread.end()
      },
      { background: true },
    )
  }

  #onTick(): void {
    this.#isTickSoon = false
    const now = this.#clock.now()
    for (const thread of [...this.#threads]) {
      if (thread.hasProgressed) thread.progressAt = now
      thread.hasProgressed = false
      thread.isStalled = thread.jobs.size > 0 && now - thread.progressAt > stalledMs
      if (thread.isStalled) this.#relieve(thread)
      if (thread.jobs.size === 0 && now - thread.progressAt > this.#options.idleMs) thread.end()
    }
    if (this.#threads.length > 0) this.#tickAfter(this.#unfinished > 0 ? tickMs : this.#options.idleMs / 4)
  }

  #tickAfter(delayMs: number): void {
    this.#cancelTick?.()
    this.#isTickSoon = delayMs === tickMs
    this.#cancelTick = this.#clock.after(delayMs, () => this.#onTick(), { background: true })
  }

  /** Gives half of what waits behind a long job to a thread that has nothing to do. */
  #relieve(stalled: PoolThread): void {
    const free = stalled.jobs.size > 1 ? this.#roomiest() : undefined
    if (free === undefined || free.jobs.size > 0) return
    const latest = [...stalled.jobs.values()].slice(Math.floor(stalled.jobs.size / 2))
    for (const job of latest) if (stalled.takeBack(job)) this.#give(free, job)
  }
}

export function encodeFailure(failure: JobFailure): Uint8Array {
  const reply: JobReply = [1, failure]
  return encode(reply)
}

function exitText(reason: WorkerExit, options: PoolOptions): string {
  switch (reason) {
    case 'exited':
      return 'exited'
    case 'out-of-memory':
      return `ran out of memory (${options.memoryMegabytesMax} MB)`
    case 'terminated':
      return 'did not come back from a job and was ended'
    case 'failed':
      return 'failed with an error that no job caught'
  }
}

/**
 * One thread of a pool, with the jobs that it was given and has not answered.
 */
import { type Instant, instant } from '../../lib/identifiers.ts'
import { jobsPerWorkerMax } from '../../edges/workers.ts'
import type { JobStatus, JobWorker, WorkerEvents, WorkerExit } from '../../edges/workers.ts'
import { assert } from '../../lib/assert.ts'
import type { PoolJob } from './job-pool.ts'

/** Unfinished jobs of one thread. Below the bound of the edge, since a job taken back holds its place there a while. */
export const jobsPerThreadMax = 32
/** Jobs taken back from a thread that has not come round to see it; over it the thread gets no more. */
const takenBackMax = jobsPerWorkerMax - jobsPerThreadMax
/** Cancelled jobs that may still run in a thread before it is replaced for their sake. */
const abandonedMax = 16

export interface PoolThreadEvents {
  onResult(job: PoolJob, status: JobStatus, reply: Uint8Array): void
  onModule(url: string): void
  onExit(reason: WorkerExit, detail: string): void
}

export class PoolThread {
  readonly worker: JobWorker
  /** Oldest first. */
  readonly jobs = new Map<number, PoolJob>()
  /** It brought a result, or got its first job, since the pool last looked. */
  hasProgressed = true
  /** When the pool last saw that. */
  progressAt: Instant = instant(0)
  isStalled = false
  #isEnding = false
  #takenBack = 0
  #abandoned = 0

  constructor(start: (events: WorkerEvents) => JobWorker, events: PoolThreadEvents) {
    this.worker = start({
      onReady: () => undefined,
      onModule: (url) => events.onModule(url),
      onExit: (reason, detail) => events.onExit(reason, detail),
      onResult: (id, status, reply) => {
        if (status === 'withdrawn') this.#takenBack--
        else events.onResult(this.#takeOut(id, status), status, reply)
      },
    })
  }

  /** A thread in which too many cancelled jobs still run takes no more, and ends after its last. */
  get isSpent(): boolean {
    return this.#abandoned >= abandonedMax
  }

  get hasRoom(): boolean {
    return this.jobs.size < jobsPerThreadMax && this.#takenBack < takenBackMax && !this.isSpent && !this.#isEnding
  }

  /** Jobs, and far more where none of them makes progress. */
  get burden(): number {
    return this.jobs.size + (this.isStalled ? jobsPerThreadMax : 0)
  }

  give(job: PoolJob): void {
    if (this.jobs.size === 0) this.hasProgressed = true
    this.jobs.set(job.id, job)
    this.worker.submit({ id: job.id, request: job.request })
  }

  /** It takes no more jobs from now on, though a while may pass until it has exited. */
  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.worker.terminate()
  }

  /** True: the job had not begun, and this thread no longer has it. */
  takeBack(job: PoolJob): boolean {
    if (!this.jobs.has(job.id) || !this.worker.withdraw(job.id)) return false
    this.#takenBack++
    this.jobs.delete(job.id)
    return true
  }

  #takeOut(id: number, status: JobStatus): PoolJob {
    const job = this.jobs.get(id)
    assert(job !== undefined, 'a worker answers only jobs that it has')
    this.jobs.delete(id)
    if (status === 'abandoned') this.#abandoned++
    return job
  }
}

/**
 * The way of jobs to one member: those sent in one turn go as one message.
 *
 * Jobs under the same options (the same object) share a message; each still ends by itself, as soon as its answer is
 * there. What happens to the message happens to all of its jobs that have no answer yet: its deadline, its being
 * cancelled, the member's death.
 */
import type { Clock } from '../../edges/clock.ts'
import type { JobReply } from '../../edges/workers.ts'
import type { CallOptions, Client } from '../../kernel/service.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { decode } from '../../wire/codec.ts'
import { packParcels, parcel, unpackParcels } from '../../wire/parcels.ts'
import { jobLabel } from './interface.ts'
import type { Run } from './interface.ts'

/** Jobs in one message; more are sent as several. */
const jobsTogetherMax = 128
/** A message gets no further job once it has so many bytes. */
const bytesTogetherMax = 131_072

export interface OutgoingJob {
  /** An encoded `JobRequest`. */
  readonly request: Uint8Array
  readonly options: CallOptions
  onReply(reply: JobReply): void
  onError(error: unknown): void
  /** The member is silent. True: the job went elsewhere, and its answer from there counts no more. */
  onSilence(): boolean
}

export interface ReportedLoad {
  readonly unfinished: number
  readonly threads: number
  readonly freeMegabytes: number
}

export type RunService = Client<(typeof Run)['operations']>

export class JobChannel {
  readonly #run: RunService
  readonly #clock: Clock
  readonly #onLoad: (load: ReportedLoad) => void
  /** Waits for the end of the turn; bounded by what its callers have in flight. */
  #waiting: OutgoingJob[] = []
  /** The jobs of each message that is under way, without those that have ended. */
  readonly #underWay = new Set<(OutgoingJob | undefined)[]>()

  constructor(run: RunService, clock: Clock, onLoad: (load: ReportedLoad) => void) {
    this.#run = run
    this.#clock = clock
    this.#onLoad = onLoad
  }

  get isFilling(): boolean {
    return this.#waiting.length > 0
  }

  send(job: OutgoingJob): void {
    if (this.#waiting.push(job) === 1) this.#clock.soon(() => this.#flush())
  }

  /** Tells what waits there that the member is silent. */
  onSilence(): void {
    for (const jobs of [...this.#underWay]) {
      for (const [id, job] of jobs.entries()) if (job?.onSilence() === true) jobs[id] = undefined
    }
  }

  #flush(): void {
    const jobs = this.#waiting
    this.#waiting = []
    let start = 0
    let sizeBytes = 0
    for (let index = 0; index < jobs.length; index++) {
      sizeBytes += jobs[index]?.request.length ?? 0
      const isLast = sizeBytes >= bytesTogetherMax || index + 1 - start >= jobsTogetherMax
      if (!isLast && jobs[index + 1]?.options === jobs[index]?.options) continue
      void this.#sendTogether(jobs.slice(start, index + 1))
      start = index + 1
      sizeBytes = 0
    }
  }

  async #sendTogether(jobs: (OutgoingJob | undefined)[]): Promise<void> {
    const request = packParcels(jobs.map((job, id) => parcel(id, jobLabel.job, job?.request)))
    const options = jobs[0]?.options
    this.#underWay.add(jobs)
    try {
      if (jobs.length === 1) this.#onAnswer(jobs, await this.#run.call(request, options))
      else for await (const message of this.#run.callMany(request, options)) this.#onAnswer(jobs, message)
      if (jobs.some((job) => job !== undefined)) throw unanswered()
    } catch (error) {
      fail(jobs, error)
    } finally {
      this.#underWay.delete(jobs)
    }
  }

  /** Its first parcel says how busy the member is; counted before the jobs are answered, which it still includes. */
  #onAnswer(jobs: (OutgoingJob | undefined)[], message: Uint8Array): void {
    for (const { id, label, content } of unpackParcels(message)) {
      if (label === jobLabel.load) this.#onLoad(loadOf(id, content))
      else {
        const job = jobs[id]
        jobs[id] = undefined
        if (job !== undefined) answer(job, content)
      }
    }
  }
}

function answer(job: OutgoingJob, content: Uint8Array): void {
  let reply: JobReply
  try {
    reply = decode(content) as JobReply
  } catch (cause) {
    job.onError(
      new CardumenError('output-refused', 'The result of the job cannot be read.', { executed: 'yes', cause }),
    )
    return
  }
  job.onReply(reply)
}

function unanswered(): CardumenError {
  return new CardumenError('worker-exited', 'The member ended the request without an answer.', { executed: 'unknown' })
}

function fail(jobs: (OutgoingJob | undefined)[], error: unknown): void {
  const reason = asOfJobs(error)
  for (const [id, job] of jobs.entries()) {
    jobs[id] = undefined
    job?.onError(reason)
  }
}

/** That a message was handled does not say that a job in it began: it may have waited for a thread until the end. */
function asOfJobs(error: unknown): unknown {
  if (!isCardumenError(error) || error.executed !== 'yes') return error
  const { code, message, cause, hint } = error
  return new CardumenError(code, message, { executed: 'unknown', cause, ...(hint !== undefined && { hint }) })
}

function loadOf(unfinished: number, content: Uint8Array): ReportedLoad {
  if (content.length !== 8) throw new CardumenError('frame-refused', 'The load of a member is malformed.')
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  return { unfinished, threads: view.getUint32(0, true), freeMegabytes: view.getUint32(4, true) }
}

/**
 * The server's half of `call` and `callMany`: parcels in, jobs to the pool, parcels out.
 *
 * Nothing here looks into a job. An answer takes along whatever is done by the time that it leaves, so that a burst of
 * short jobs costs few messages, while a long job holds up none of its neighbours in the same request.
 */
import type { JobFailure } from '../../edges/workers.ts'
import type { CallContext } from '../../kernel/service.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { packParcels, parcel, unpackParcels } from '../../wire/parcels.ts'
import type { Parcel } from '../../wire/parcels.ts'
import { jobLabel, jobsPerMessageMax } from './interface.ts'
import { encodeFailure } from './job-pool.ts'
import type { JobPool, PoolJob } from './job-pool.ts'

/** How busy the server is, as the first parcel of each answer says it. */
export type LoadParcel = () => Parcel

const noRoom: JobFailure = { code: 'try-again', executed: 'no', message: 'The queue of jobs is full.' }

/** One job, one answer. */
export function runOne(pool: JobPool, load: LoadParcel, input: Uint8Array, context: CallContext): Promise<Uint8Array> {
  const batch = new JobBatch(pool, load, input, context)
  return batch.next().then((answer) => answer.value ?? packParcels([load()]))
}

/** Several jobs, as many answers as it takes. */
export class JobBatch implements AsyncIterableIterator<Uint8Array> {
  readonly #load: LoadParcel
  readonly #pool: JobPool
  readonly #jobs = new Map<number, PoolJob>()
  #done: Parcel[] = []
  #unanswered: number
  #wake: (() => void) | undefined
  #isOver = false

  /** @throws CardumenError `frame-refused`, `too-large`. */
  constructor(pool: JobPool, load: LoadParcel, input: Uint8Array, context: CallContext) {
    this.#pool = pool
    this.#load = load
    const parcels = unpackParcels(input)
    if (parcels.length > jobsPerMessageMax) throw new CardumenError('too-large', `Over ${jobsPerMessageMax} jobs in one message.`)
    this.#unanswered = parcels.length
    for (const one of parcels) this.#submit(one.id, one.content)
    context.signal.addEventListener('abort', () => this.#giveUp())
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#done.length === 0 && this.#unanswered > 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#done.length === 0) return { done: true, value: undefined }
    const value = packParcels([this.#load(), ...this.#done])
    this.#done = []
    return { done: false, value }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#giveUp()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #submit(id: number, request: Uint8Array): void {
    const job = this.#pool.submit(request, (status, reply) => this.#onReply(id, status === 'ok' ? jobLabel.done : jobLabel.failed, reply))
    if (job === undefined) this.#onReply(id, jobLabel.failed, encodeFailure(noRoom))
    else this.#jobs.set(id, job)
  }

  #onReply(id: number, label: number, reply: Uint8Array): void {
    this.#jobs.delete(id)
    this.#unanswered--
    this.#done.push(parcel(id, label, reply))
    this.#wake?.()
    this.#wake = undefined
  }

  #giveUp(): void {
    this.#isOver = true
    for (const job of this.#jobs.values()) this.#pool.abandon(job)
    this.#jobs.clear()
    this.#wake?.()
    this.#wake = undefined
  }
}

/**
 * The server's half of `call` and `callMany`: parcels in, jobs to the pool, parcels out.
 *
 * Nothing here looks into a job. An answer takes along whatever is done by the time that it leaves, so that a burst of
 * short jobs costs few messages, while a long job holds up none of its neighbours in the same request.
 */
import type { Clock } from '../../edges/clock.ts'
import type { JobFailure } from '../../edges/workers.ts'
import type { CallContext } from '../../kernel/service.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { packParcels, parcel, unpackParcels } from '../../wire/parcels.ts'
import type { Parcel } from '../../wire/parcels.ts'
import { jobLabel, jobsPerMessageMax } from './interface.ts'
import { encodeFailure } from './job-pool.ts'
import type { JobPool, PoolJob } from './job-pool.ts'

/** What both operations work with. */
export interface JobDesk {
  readonly pool: JobPool
  readonly clock: Clock
  /** How busy the server is, as the first parcel of each answer says it. */
  load(): Parcel
}

const noRoom: JobFailure = { code: 'try-again', executed: 'no', message: 'The queue of jobs is full.' }

/** One job, one answer. */
export function runOne(desk: JobDesk, input: Uint8Array, context: CallContext): Promise<Uint8Array> {
  const batch = new JobBatch(desk, input, context)
  return batch.next().then((answer) => answer.value ?? packParcels([desk.load()]))
}

/** Several jobs, as many answers as it takes. */
export class JobBatch implements AsyncIterableIterator<Uint8Array> {
  readonly #desk: JobDesk
  readonly #deadline: number
  readonly #jobs = new Map<number, PoolJob>()
  #done: Parcel[] = []
  #unanswered: number
  #wake: (() => void) | undefined

  /** @throws CardumenError `frame-refused`, `too-large`. */
  constructor(desk: JobDesk, input: Uint8Array, context: CallContext) {
    this.#desk = desk
    this.#deadline = desk.clock.now() + context.remainingMs
    const parcels = unpackParcels(input)
    if (parcels.length > jobsPerMessageMax)
      throw new CardumenError('too-large', `Over ${jobsPerMessageMax} jobs in one message.`)
    this.#unanswered = parcels.length
    for (const one of parcels) this.#submit(one.id, one.content)
    context.signal.addEventListener('abort', () => this.#giveUp())
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#done.length === 0 && this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#done.length === 0) return { done: true, value: undefined }
    const value = packParcels([this.#desk.load(), ...this.#done])
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
    const job = this.#desk.pool.submit(request, (status, reply) =>
      this.#onReply(id, status === 'ok' ? jobLabel.done : jobLabel.failed, reply),
    )
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

  /** The caller is told the same by its own member, except where the deadline is noticed here first. */
  #giveUp(): void {
    const isLate = this.#desk.clock.now() >= this.#deadline
    for (const [id, job] of [...this.#jobs]) {
      const executed = this.#desk.pool.abandon(job) ? 'no' : 'unknown'
      const message = isLate ? 'It had not ended by its deadline.' : 'It was given up.'
      this.#onReply(id, jobLabel.failed, encodeFailure({ code: isLate ? 'timed-out' : 'cancelled', executed, message }))
    }
  }
}

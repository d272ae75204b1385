/**
 * The connection of one engine object: requests there, answers back, each way in order, and what a cut does to them.
 *
 * It behaves like a stream: once something on it was lost, all behind it is lost too, until the member has been told
 * that everything unanswered failed. So no transaction ever overtakes an earlier one whose failure is still unknown. Of
 * what is sent while the member is cut off, the first few requests may still get through, and only their answers not.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import { answerWaitMs, outstandingBytesMax, outstandingRequestsMax, requestsPassingMax } from './bounds.ts'
import type { EngineClient, EngineTime } from './engine-world.ts'
import type { LeaseRecord } from './lease-record.ts'
import { OrderedStream } from './ordered-stream.ts'

/** What the connection has to know of the engine at its other end. */
export interface EnginePlace {
  readonly time: EngineTime
  readonly random: Random
  readonly isUp: boolean
  isReachable(name: string): boolean
  drawOneWayMs(): number
}

/** Answers once; what `result` throws, the caller gets. */
export type Reply<Result> = (result: () => Result, onThread?: () => void) => void

interface Request {
  readonly isWrite: boolean
  readonly sizeBytes: number
  readonly sentMs: number
  readonly generation: number
  /** It may have been carried out, as far as the member can know. */
  mayHaveRun: boolean
  readonly serve: () => void
  readonly fail: (error: CardumenError) => void
}

interface Answer {
  readonly onMember: () => void
  /** Before that, and also while the member is busy: on the engine's own thread, which a pause stops too. */
  readonly onThread?: (() => void) | undefined
  readonly request?: Request
}

export class Connection {
  readonly client: EngineClient
  /** Leases that its thread renews. */
  readonly held = new Set<LeaseRecord>()
  /** How its process ended: `noticed` by whoever watches processes, or `silent`; also silent once it was closed. */
  end: 'noticed' | 'silent' | undefined
  /** Grows with everything that stops renewals: an answer to an earlier one says nothing of what follows. */
  renewalEpoch = 0
  readonly #place: EnginePlace
  readonly #onWatchesFailed: (error: CardumenError) => void
  readonly #requests: OrderedStream<Request>
  readonly #answers: OrderedStream<Answer>
  readonly #outstanding = new Set<Request>()
  #outstandingBytes = 0
  #generation = 0
  #isBroken = false
  #isResetUnderWay = false
  /** How many requests still get through the present cut. */
  #passing = 0
  #cuts = 0

  constructor(client: EngineClient, place: EnginePlace, onWatchesFailed: (error: CardumenError) => void) {
    this.client = client
    this.#place = place
    this.#onWatchesFailed = onWatchesFailed
    const drawMs = (): number => place.drawOneWayMs()
    this.#requests = new OrderedStream(place.time, drawMs, (requests) =>
      requests.forEach((one) => this.#onRequest(one)),
    )
    this.#answers = new OrderedStream(place.time, drawMs, (answers) => this.#onAnswers(answers))
  }

  /** `serve` runs at the engine, when the request has arrived there. */
  ask<Result>(isWrite: boolean, sizeBytes: number, serve: (reply: Reply<Result>) => void): Promise<Result> {
    if (this.#outstanding.size >= outstandingRequestsMax || this.#outstandingBytes + sizeBytes > outstandingBytesMax) {
      const hint = 'Wait for earlier ones.'
      return Promise.reject(new CardumenError('try-again', 'too many requests are waiting for the engine', { hint }))
    }
    return new Promise((resolve, reject) => {
      const settle = (result: () => Result): void => {
        if (!this.#forget(request)) return
        try {
          resolve(result())
        } catch (error) {
          reject(error as CardumenError)
        }
      }
      const request: Request = {
        isWrite,
        sizeBytes,
        sentMs: this.#place.time.nowMs,
        generation: this.#generation,
        mayHaveRun: !this.#isBroken,
        serve: () =>
          serve((result, onThread) => this.#answers.send({ onMember: () => settle(result), onThread, request })),
        fail: reject,
      }
      this.#outstanding.add(request)
      this.#outstandingBytes += sizeBytes
      if (this.#isBroken) this.#lose(request)
      else this.#requests.send(request)
    })
  }

  /** From the engine, unasked; lost while the member is cut off. */
  tell(onMember: () => void): void {
    this.#answers.send({ onMember })
  }

  onCut(): void {
    this.#passing = this.#place.random.below(requestsPassingMax + 1)
    const cut = ++this.#cuts
    this.#place.time.after(answerWaitMs, () => {
      if (cut !== this.#cuts) return
      this.client.deliver(() => this.#onWatchesFailed(failure('the engine was silent for too long', 'no')))
    })
  }

  onHealed(): void {
    this.#cuts++
    if (this.#isBroken) this.client.deliver(() => this.#reset())
  }

  onEngineCrashed(): void {
    this.#break(() => {
      this.#reset()
      this.#onWatchesFailed(failure('the engine went away', 'no'))
    })
  }

  #onRequest(request: Request): void {
    if (request.generation !== this.#generation || !this.#outstanding.has(request)) return
    if (this.#isBroken) return this.#lose(request)
    if (!this.#place.isReachable(this.client.name) && this.#passing-- <= 0) return this.#lose(request)
    if (this.#place.isUp) return request.serve()
    request.mayHaveRun = false
    this.#break(() => this.#reset())
  }

  #onAnswers(answers: readonly Answer[]): void {
    if (!this.client.isLive()) return
    if (!this.#place.isReachable(this.client.name)) {
      for (const { request } of answers) if (request !== undefined) this.#lose(request)
      return
    }
    if (!this.client.isStopped()) for (const answer of answers) answer.onThread?.()
    this.client.deliver(() => {
      for (const answer of answers) answer.onMember()
    })
  }

  #lose(request: Request): void {
    this.#isBroken = true
    const { time } = this.#place
    time.after(Math.max(0, request.sentMs + answerWaitMs - time.nowMs), () =>
      this.client.deliver(() => this.#fail(request, 'the engine did not answer in time')),
    )
  }

  /** The other end says that this connection is no more. */
  #break(onMember: () => void): void {
    this.#isBroken = true
    if (this.#isResetUnderWay) return
    this.#isResetUnderWay = true
    this.#answers.send({ onMember })
  }

  /** On the member, so that what it asks from now on is asked by one who knows. */
  #reset(): void {
    this.#generation++
    this.#isBroken = false
    this.#isResetUnderWay = false
    for (const request of [...this.#outstanding]) this.#fail(request, 'the connection to the engine broke')
  }

  #fail(request: Request, message: string): void {
    if (!this.#forget(request)) return
    request.fail(failure(message, request.isWrite && request.mayHaveRun ? 'unknown' : 'no'))
  }

  /** False where it was answered or has failed already. */
  #forget(request: Request): boolean {
    if (!this.#outstanding.delete(request)) return false
    this.#outstandingBytes -= request.sizeBytes
    return true
  }
}

function failure(message: string, executed: 'no' | 'unknown'): CardumenError {
  return new CardumenError('engine-failed', message, { executed })
}

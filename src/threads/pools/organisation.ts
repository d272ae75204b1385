/**
 * A server made of threads, seen from outside: requests go in, answers come out, however the threads share the work.
 *
 * The three ways to share it (A. Tanenbaum, *Distributed Operating Systems*, 1995, chapter 4) have this one face: `team.ts`,
 * `dispatcher.ts`, `pipeline.ts`. What they have in common stands here: a bound on the requests in the house, and answers in the order
 * of the requests for who has a whole row of them.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { WaitOptions } from '../waiting/wait-options.ts'

/** Requests without an answer, unless `requestsMax` says otherwise; then `try-again`. */
const requestsMaxDefault = 1_024
/** Of a row of requests, so many are submitted ahead of the answer that is waited for. */
const aheadMax = 64

export interface OrganisationOptions {
  readonly name?: string
  /** Requests that may be without an answer; a further one is refused with `try-again`. */
  readonly requestsMax?: number
}

export interface OrganisationParts<Request, Answer> {
  serve(request: Request, options: WaitOptions): Promise<Answer>
  close(): Promise<void>
}

export class Organisation<Request, Answer> implements AsyncDisposable {
  readonly #parts: OrganisationParts<Request, Answer>
  readonly #requestsMax: number
  #requests = 0

  constructor(parts: OrganisationParts<Request, Answer>, requestsMax: number) {
    this.#parts = parts
    this.#requestsMax = requestsMax
  }

  /**
   * The answer, or the error of whichever thread failed the request.
   * @throws CardumenError `try-again` where too many requests have no answer yet, `timed-out`, `closed`, `thread-exited`
   */
  async submit(request: Request, options: WaitOptions = {}): Promise<Answer> {
    if (this.#requests >= this.#requestsMax)
      throw new CardumenError('try-again', `${this.#requestsMax} requests have no answer yet; no more are taken.`)
    this.#requests++
    try {
      return await this.#parts.serve(request, options)
    } finally {
      this.#requests--
    }
  }

  /** The answers in the order of the requests, which are drawn no faster than they are answered. Ends at the first error. */
  async *answers(requests: Iterable<Request> | AsyncIterable<Request>): AsyncGenerator<Answer, void, undefined> {
    const underWay: Promise<Answer>[] = []
    for await (const request of requests) {
      const answer = this.submit(request)
      // Whoever stops at an error, or early, waits for no answer after it.
      answer.catch(() => undefined)
      underWay.push(answer)
      if (underWay.length >= Math.min(aheadMax, this.#requestsMax)) yield await (underWay.shift() as Promise<Answer>)
    }
    for (const answer of underWay) yield await answer
  }

  /** Waits for the answers that are due, then ends the threads. */
  async close(): Promise<void> {
    await this.#parts.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** @throws CardumenError `option-invalid` */
export function requestsMaxOf({ requestsMax = requestsMaxDefault }: OrganisationOptions): number {
  if (Number.isInteger(requestsMax) && requestsMax >= 1) return requestsMax
  throw new CardumenError('option-invalid', `requestsMax is ${String(requestsMax)}; it takes a whole number from 1.`)
}

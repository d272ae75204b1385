/**
 * One call of a function of a module, from its being made to its end, over as many members as that takes.
 *
 * A call goes to another member by itself when it surely did not run, and, where it was declared idempotent, also when
 * nobody can know. What was interrupted so is counted, and what earlier tries may have done is remembered, so that the
 * last one's error does not deny it. Everything else is its caller's to decide.
 */
import type { Clock } from '../../edges/clock.ts'
import type { JobFailure, JobReply } from '../../edges/workers.ts'
import { afterEarlierTries, eitherExecuted } from '../../kernel/calls/call-failure.ts'
import type { CallOptions } from '../../kernel/service.ts'
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import type { Address, Instant } from '../../lib/identifiers.ts'
import type { OutgoingJob } from './job-channel.ts'
import { errorOfFailure, mayRunAgain } from './job-outcome.ts'
import type { Worksite } from './worksites.ts'

/** Members that one call is sent to at most, not counting those that had no room. */
export const sitesPerCallMax = 8
const waitMsMin = 10
const waitMsMax = 1_000

/** Counts what deaths did to calls; shared by all calls of a module, or of a map. */
export interface Interruptions {
  /** Calls that were under way when their member or worker died. */
  interrupted: number
  /** Of those, calls that were sent again. */
  rerun: number
}

export interface CallPlan {
  readonly module: string
  readonly functionName: string
  readonly isIdempotent: boolean
  readonly on: string | undefined
  readonly timeoutMs: number
  /** The same object for calls that may travel together. */
  readonly options: CallOptions
  readonly counts: readonly Interruptions[]
}

export interface CallSites {
  readonly clock: Clock
  /** @throws CardumenError where there is none. */
  choose(plan: CallPlan, avoided: ReadonlySet<Address> | undefined): Worksite | Promise<Worksite>
}

export class RemoteCall implements OutgoingJob {
  readonly request: Uint8Array
  options: CallOptions
  readonly #plan: CallPlan
  readonly #sites: CallSites
  readonly #startedAt: Instant
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #site: Worksite | undefined
  #avoided: Set<Address> | undefined
  #tries = 0
  #waits = 0
  /** What the tries before this one have done. */
  #ran: Executed = 'no'

  constructor(
    plan: CallPlan,
    request: Uint8Array,
    sites: CallSites,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#plan = plan
    this.request = request
    this.options = plan.options
    this.#sites = sites
    this.#startedAt = sites.clock.now()
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    try {
      const site = this.#sites.choose(this.#plan, this.#avoided)
      if (!(site instanceof Promise)) return this.#send(site)
      const goOn = this.#unlessGivenUp((next: () => void) => next())
      site.then(
        (found) => goOn(() => this.#send(found)),
        (error) => goOn(() => this.#fail(error)),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  onReply([failed, result]: JobReply): void {
    const site = this.#leave()
    if (failed === 0) {
      site.noteModule(this.#plan.module)
      this.#resolve(result)
    } else this.#onFailure(site, errorOfFailure(this.#asSeenHere(result), this.#subject, site.memberId))
  }

  onError(error: unknown): void {
    this.#onFailure(this.#leave(), error)
  }

  /** Work that may run twice does not wait for a member that may never come back; whoever calls this has another. */
  onSilence(): boolean {
    const remainingMs = this.#remainingMs
    if (!this.#plan.isIdempotent || this.#plan.on !== undefined || remainingMs <= 0 || this.#tries >= sitesPerCallMax)
      return false
    for (const counts of this.#plan.counts) {
      counts.interrupted++
      counts.rerun++
    }
    this.#ran = eitherExecuted(this.#ran, 'unknown')
    this.#startElsewhere(this.#leave(), remainingMs)
    return true
  }

  /** A message whose time is up is cancelled, and the member where it was may hear of that before its own clock says so. */
  #asSeenHere(failure: JobFailure): JobFailure {
    if (failure.code !== 'cancelled' || this.#plan.options.signal?.aborted === true) return failure
    return { ...failure, code: 'timed-out', message: 'It had not ended by its deadline.' }
  }

  #send(site: Worksite): void {
    this.#site = site
    this.#tries++
    site.inFlight++
    site.channel.send(this)
  }

  #leave(): Worksite {
    const site = this.#site
    if (site === undefined) throw new CardumenError('closed', 'A call that is nowhere was answered.')
    site.inFlight--
    this.#site = undefined
    return site
  }

  #onFailure(site: Worksite, error: unknown): void {
    const isInterruption =
      error instanceof CardumenError && error.executed === 'unknown' && interruptions.has(error.code)
    if (isInterruption) for (const counts of this.#plan.counts) counts.interrupted++
    if (!mayRunAgain(error, this.#plan.isIdempotent)) return this.#fail(error)
    const remainingMs = this.#remainingMs
    if (remainingMs <= 0 || this.#tries >= sitesPerCallMax || this.#plan.options.signal?.aborted === true)
      return this.#fail(error)
    this.#ran = eitherExecuted(this.#ran, error.executed)
    if (isInterruption) for (const counts of this.#plan.counts) counts.rerun++
    if (error.code === 'try-again') return this.#startLater(error)
    this.#startElsewhere(site, remainingMs)
  }

  #startElsewhere(site: Worksite, remainingMs: number): void {
    this.#shortenTo(remainingMs)
    this.#avoided ??= new Set()
    this.#avoided.add(site.address)
    this.start()
  }

  #shortenTo(remainingMs: number): void {
    if (this.#plan.timeoutMs !== Number.POSITIVE_INFINITY)
      this.options = { ...this.#plan.options, timeoutMs: remainingMs }
  }

  get #remainingMs(): number {
    return this.#plan.timeoutMs - (this.#sites.clock.now() - this.#startedAt)
  }

  /** The member is alive and full: this is no try that failed. */
  #startLater(refusal: CardumenError): void {
    this.#tries--
    const delayMs = Math.min(waitMsMax, waitMsMin * 2 ** Math.min(10, this.#waits++), this.#remainingMs)
    const goOn = this.#unlessGivenUp(() => {
      if (this.#remainingMs <= 0) return this.#fail(refusal)
      this.#shortenTo(this.#remainingMs)
      this.start()
    })
    this.#sites.clock.after(delayMs, goOn)
  }

  /** While the call is with no member, nobody else hears its signal. Gives what is to happen if that stays silent. */
  #unlessGivenUp<Given extends unknown[]>(next: (...given: Given) => void): (...given: Given) => void {
    const { signal } = this.#plan.options
    if (signal === undefined) return next
    let isGivenUp = false
    const onAbort = (): void => {
      isGivenUp = true
      this.#fail(
        new CardumenError('cancelled', `${this.#subject}: given up by its caller.`, {
          executed: 'no',
          cause: signal.reason,
        }),
      )
    }
    signal.addEventListener('abort', onAbort)
    return (...given) => {
      signal.removeEventListener('abort', onAbort)
      if (!isGivenUp) next(...given)
    }
  }

  #fail(error: unknown): void {
    this.#reject(error instanceof CardumenError ? afterEarlierTries(error, this.#ran) : error)
  }

  get #subject(): string {
    return `${this.#plan.functionName} of ${this.#plan.module}`
  }
}

const interruptions: ReadonlySet<string> = new Set(['member-died', 'worker-exited', 'unreachable'])

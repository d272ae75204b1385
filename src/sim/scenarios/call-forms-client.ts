/**
 * The program on a client of `call-forms`: round after round it sends two requests, computes, and waits for both replies.
 *
 * It has one processor and one buffer for what it sends. Blocking: it stands still until a request is on the link.
 * Copied: it pays for a copy, which leaves while it computes. Interrupting: it goes on at once, but has its buffer back
 * only when the request is on the link, and pays for the interrupt that says so. Costs are virtual time.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import type { CallForm } from './call-forms-form.ts'
import type { ServerFinder } from './call-forms-addressing.ts'

/** What it does with the rest of the world. */
export interface ClientGround {
  /** Its own, so that it makes the same pauses in every form. */
  readonly random: Random
  nowMs(): number
  /** Not if the client's life is over by then. */
  after(delayMs: number, run: () => void): void
  /** Opens a call; `isOver` is told when it has ended, however. */
  open(isOver: () => void): number
  submit(id: number, to: Address | undefined): void
}

export interface ClientFigures {
  /** The processor stood still. */
  idleMs: number
  /** It copied, or was interrupted. */
  overheadMs: number
}

export interface ClientBounds {
  readonly roundsMax: number
  readonly untilMs: number
}

export const requestBytes = 4_000
/** Of each link, as the network is told as well: 10 megabits a second. */
export const linkBytesPerMs = 1_250
const callsARound = 2
/** From the beginning of a round to that of the next, if its replies are there by then. */
const roundMs = { min: 25, max: 75 } as const
const computeMs = 6
const copyBytesPerMs = 10_000
const interruptMs = 0.1
const transmitMs = requestBytes / linkBytesPerMs

export class CallingClient {
  readonly #blocking: CallForm['blocking']
  readonly #finder: ServerFinder
  readonly #ground: ClientGround
  readonly #figures: ClientFigures
  readonly #bounds: ClientBounds
  /** It will begin no further round. */
  isDone = false
  #rounds = 0
  #pending = 0
  #isWaiting = false
  #waitsSinceMs = 0
  #nextAtMs = 0
  #bufferFreeAtMs = 0
  /** Interrupts that its computing still has to suffer. */
  #interrupts = 0

  constructor(
    blocking: CallForm['blocking'],
    finder: ServerFinder,
    ground: ClientGround,
    figures: ClientFigures,
    bounds: ClientBounds,
  ) {
    this.#blocking = blocking
    this.#finder = finder
    this.#ground = ground
    this.#figures = figures
    this.#bounds = bounds
  }

  begin(): void {
    this.#ground.after(this.#pauseMs(), () => this.#beginRound())
  }

  #beginRound(): void {
    const nowMs = this.#ground.nowMs()
    if (nowMs >= this.#bounds.untilMs || this.#rounds >= this.#bounds.roundsMax) {
      this.isDone = true
      return
    }
    this.#rounds++
    this.#nextAtMs = nowMs + this.#pauseMs()
    this.#interrupts = 0
    this.#pending = callsARound
    this.#isWaiting = false
    const ids = Array.from({ length: callsARound }, () => this.#ground.open(() => this.#onOver()))
    this.#finder.find((at) => {
      this.#figures.idleMs += this.#ground.nowMs() - nowMs
      this.#sendAll(ids, at)
    })
  }

  #sendAll(ids: readonly number[], at: Address | undefined): void {
    const [id, ...others] = ids
    if (id === undefined) return this.#compute()
    this.#send(id, at, () => this.#sendAll(others, at))
  }

  #send(id: number, at: Address | undefined, sent: () => void): void {
    const submit = (): void => this.#ground.submit(id, at)
    if (at === undefined) {
      submit()
      return sent()
    }
    switch (this.#blocking) {
      case 'blocking':
        submit()
        return this.#idle(transmitMs, sent)
      case 'copied': {
        const copyMs = requestBytes / copyBytesPerMs
        this.#figures.overheadMs += copyMs
        return this.#ground.after(copyMs, () => {
          submit()
          sent()
        })
      }
      case 'interrupting':
        return this.#idle(Math.max(0, this.#bufferFreeAtMs - this.#ground.nowMs()), () => {
          this.#bufferFreeAtMs = this.#ground.nowMs() + transmitMs
          this.#figures.overheadMs += interruptMs
          this.#interrupts++
          submit()
          sent()
        })
    }
  }

  #compute(): void {
    this.#ground.after(computeMs + this.#interrupts * interruptMs, () => {
      this.#isWaiting = true
      this.#waitsSinceMs = this.#ground.nowMs()
      if (this.#pending === 0) this.#endRound()
    })
  }

  #onOver(): void {
    this.#pending--
    if (this.#pending === 0 && this.#isWaiting) this.#endRound()
  }

  #endRound(): void {
    const nowMs = this.#ground.nowMs()
    this.#isWaiting = false
    this.#figures.idleMs += nowMs - this.#waitsSinceMs
    this.#ground.after(Math.max(0, this.#nextAtMs - nowMs), () => this.#beginRound())
  }

  #pauseMs(): number {
    return roundMs.min + this.#ground.random.next() * (roundMs.max - roundMs.min)
  }

  #idle(forMs: number, then: () => void): void {
    this.#figures.idleMs += forMs
    this.#ground.after(forMs, then)
  }
}

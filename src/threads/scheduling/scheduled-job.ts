/**
 * One piece of work of the cooperative scheduler: a generator, or an async function, that is resumed when its turn comes.
 *
 * A generator is stepped from here and is never anywhere else. An async function goes its own way between two of its `await`s:
 * from its turn on it is *away*, until it offers, waits or ends.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

/** Offers by `yield`, and waits by `yield promise`, which gives what the promise gives. */
export type GeneratorWork<Result> = () => Generator<unknown, Result, never>
export type AsyncWork<Result> = (turn: Turn) => Promise<Result>

/** What an async function tells the scheduler with. Only while it has its turn, and one thing at a time. */
export interface Turn {
  /** It could stop here. Resolves when it is to go on. */
  offer(): Promise<void>
  /** Others run until the promise has settled and it is this one's turn again. */
  wait<Value>(promise: PromiseLike<Value>): Promise<Value>
}

export interface Reports {
  /** Whether it goes on at once. */
  onOffer(task: number): boolean
  /** The same, after the event loop had a turn. */
  onBegin(task: number): boolean
  onWait(task: number): void
  onWoken(task: number): void
  onEnded(task: number): void
  /** So that the event loop comes to its own; undefined: it does. */
  breath(): Promise<void> | undefined
}

export interface Assignment<Result> {
  readonly work: GeneratorWork<Result> | AsyncWork<Result>
  resolve(value: Result): void
  reject(error: unknown): void
}

/** What a generator goes on with. */
type Resumption = { readonly value: unknown } | { readonly error: unknown }

const nothing: Resumption = { value: undefined }

export class ScheduledJob {
  readonly task: number
  readonly #assignment: Assignment<unknown>
  readonly #reports: Reports
  readonly #turn: Turn
  #generator: Generator<unknown, unknown, unknown> | undefined
  #resumption = nothing
  /** An async function waits here for its turn. */
  #gate: (() => void) | undefined
  #hasStarted = false
  #isInTurn = false
  #isAway = false
  #hasEnded = false

  constructor(task: number, assignment: Assignment<unknown>, reports: Reports) {
    this.task = task
    this.#assignment = assignment
    this.#reports = reports
    this.#turn = {
      offer: async () => this.#offerAway(),
      wait: async (promise) => this.#waitAway(promise),
    }
  }

  /** It has just offered, and goes on: the turn that it has is no new one. */
  get isInTurn(): boolean {
    return this.#isInTurn
  }

  /** It is an async function that has its turn, and comes by itself. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** To be called when it is its turn, and it is not away. */
  resume(): void {
    if (!this.#hasStarted) return this.#begin()
    if (this.#generator !== undefined) return this.#stepGenerator(this.#generator)
    this.#isAway = true
    this.#gate?.()
  }

  #begin(): void {
    this.#hasStarted = true
    // An async function may offer before it returns for the first time.
    this.#isAway = true
    // The function itself may throw before it gives a generator or a promise.
    try {
      const { work } = this.#assignment
      const made: unknown = typeof work === 'function' ? work(this.#turn) : undefined
      if (isGenerator(made)) {
        this.#isAway = false
        this.#generator = made
        return this.#stepGenerator(this.#generator)
      }
      if (!isPromise(made)) throw notWork()
      Promise.resolve(made).then(
        (value) => this.#end(() => this.#assignment.resolve(value)),
        (error: unknown) => this.#end(() => this.#assignment.reject(error)),
      )
    } catch (error) {
      this.#end(() => this.#assignment.reject(error))
    }
  }

  #stepGenerator(generator: Generator<unknown, unknown, unknown>): void {
    const resumption = this.#resumption
    this.#resumption = nothing
    try {
      const step = 'error' in resumption ? generator.throw(resumption.error) : generator.next(resumption.value)
      const { value } = step
      if (step.done === true) this.#end(() => this.#assignment.resolve(value))
      else if (isPromise(value)) this.#waitInGenerator(value)
      else this.#isInTurn = this.#reports.onOffer(this.task)
    } catch (error) {
      this.#end(() => this.#assignment.reject(error))
    }
  }

  #waitInGenerator(promise: PromiseLike<unknown>): void {
    this.#isInTurn = false
    this.#reports.onWait(this.task)
    const wake = (resumption: Resumption): void => {
      this.#resumption = resumption
      this.#reports.onWoken(this.task)
    }
    // Whatever a stranger's promise does, this one settles once.
    Promise.resolve(promise).then(
      (value) => wake({ value }),
      (error: unknown) => wake({ error }),
    )
  }

  async #offerAway(): Promise<void> {
    this.#refuseOutOfTurn()
    if (!this.#reports.onOffer(this.task)) return this.#atTheGate()
    const breath = this.#reports.breath()
    if (breath === undefined) return
    await breath
    if (this.#hasEnded) return
    if (!this.#reports.onBegin(this.task)) return this.#atTheGate()
  }

  async #waitAway<Value>(promise: PromiseLike<Value>): Promise<Value> {
    this.#refuseOutOfTurn()
    const turn = this.#atTheGate()
    this.#reports.onWait(this.task)
    // It may have ended without awaiting this.
    const wake = (): void => {
      if (!this.#hasEnded) this.#reports.onWoken(this.task)
    }
    const settling = Promise.resolve(promise)
    settling.then(wake, wake)
    await turn
    return settling
  }

  #atTheGate(): Promise<void> {
    this.#isAway = false
    return new Promise((resolve) => {
      this.#gate = resolve
    })
  }

  #refuseOutOfTurn(): void {
    if (this.#isAway) return
    throw new CardumenError('thread-state', 'Work may offer or wait only while it has its turn, and once at a time.')
  }

  #end(settle: () => void): void {
    this.#isAway = false
    this.#hasEnded = true
    this.#reports.onEnded(this.task)
    settle()
  }
}

function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return typeof value === 'object' && value !== null && 'next' in value && 'throw' in value
}

function notWork(): CardumenError {
  return new CardumenError('option-invalid', 'The work is neither a generator function (function*) nor an async one.')
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

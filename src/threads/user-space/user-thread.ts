/**
 * A thread in user space: a generator with a name, what it ended with, and who waits for that.
 *
 * It belongs to one `UserThreads`, which alone steps it. What others may do with it is join it and change its priority.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

/** What a thread yields: nothing gives way to others; `parked` says that it waits, as `sleep`, `join` and the locks do. */
export const parked: unique symbol = Symbol('cardumen.user-thread.parked')
export type Step = undefined | void | typeof parked
export type ThreadBody<Result> = () => Generator<Step, Result, undefined>
/** A wait inside a thread: `yield*` it. */
export type Waiting<Value> = Generator<Step, Value, undefined>

/** What the run-time system does for a thread that waits. */
export interface Parking {
  /** Who runs now. @throws CardumenError `thread-state` outside of any thread. */
  current(): UserThread<unknown>
  /** The thread that runs is blocked until it is woken. `waitsFor` is told in a deadlock. */
  park(waitsFor: () => string): Waiting<void>
  /** `error` is thrown where it waits. */
  wake(thread: UserThread<unknown>, error?: CardumenError): void
  setPriority(thread: UserThread<unknown>, priority: number): void
}

/** A lock that the end of its holder frees. */
export interface Held {
  onHolderEnded(name: string): void
}

export type End<Result> = { readonly value: Result } | { readonly error: unknown }

export class UserThread<Result> {
  readonly name: string
  readonly id: number
  readonly #parking: Parking
  #joiners: UserThread<unknown>[] | undefined
  #end: End<Result> | undefined
  #isJoined = false
  /** Made when they are needed, as that above: most threads hold nothing, and threads are to be cheap. */
  #holds: Set<Held> | undefined
  /** For the run-time system alone, as all below. */
  readonly generator: Generator<Step, Result, undefined>
  readonly yieldCall: { readonly kind: 'yield'; readonly task: number }
  waitsFor: (() => string) | undefined
  thrown: CardumenError | undefined

  constructor(id: number, name: string, body: ThreadBody<Result>, parking: Parking) {
    this.id = id
    this.name = name
    this.generator = generatorOf(name, body)
    this.yieldCall = { kind: 'yield', task: id }
    this.#parking = parking
  }

  get isAlive(): boolean {
    return this.#end === undefined
  }

  /** Its error was thrown at somebody who joined it. */
  get isJoined(): boolean {
    return this.#isJoined
  }

  /** Undefined: it has not ended. */
  get end(): End<Result> | undefined {
    return this.#end
  }

  /**
   * In another thread: `yield* thread.join()` waits for its end and gives its result.
   *
   * @throws CardumenError `thread-failed` with its error as cause, `thread-state` where it joins itself.
   */
  *join(): Waiting<Result> {
    const self = this.#parking.current()
    if ((self as unknown) === this) throw new CardumenError('thread-state', `"${this.name}" cannot join itself.`)
    if (this.#end === undefined) {
      this.#joiners ??= []
      this.#joiners.push(self)
      yield* this.#parking.park(() => `the end of "${this.name}"`)
    }
    return this.result()
  }

  /** After its end. @throws CardumenError `thread-failed`, `thread-state` where it has not ended. */
  result(): Result {
    const end = this.#end
    if (end === undefined) throw new CardumenError('thread-state', `"${this.name}" has not ended.`)
    this.#isJoined = true
    if ('value' in end) return end.value
    throw failed(this.name, end.error)
  }

  /** Relative to 64, which all have; greater is more urgent. Counts from the next switch. */
  setPriority(priority: number): void {
    if (this.isAlive) this.#parking.setPriority(this as UserThread<unknown>, priority)
  }

  /** For the run-time system alone. */
  onAcquired(held: Held): void {
    this.#holds ??= new Set()
    this.#holds.add(held)
  }

  /** For the run-time system alone. */
  onReleased(held: Held): void {
    this.#holds?.delete(held)
  }

  /** For the run-time system alone. */
  onEnded(end: End<Result>): void {
    this.#end = end
    for (const held of this.#holds ?? []) held.onHolderEnded(this.name)
    for (const joiner of this.#joiners ?? []) this.#parking.wake(joiner)
    this.#holds = undefined
    this.#joiners = undefined
  }
}

/** The first that has not ended since it began to wait: a deadlock ends threads where they wait. */
export function takeAlive(waiting: UserThread<unknown>[]): UserThread<unknown> | undefined {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (next.isAlive) return next
  return undefined
}

function generatorOf<Result>(name: string, body: ThreadBody<Result>): Generator<Step, Result, undefined> {
  const made: unknown = body()
  if (typeof made === 'object' && made !== null && 'next' in made && 'throw' in made)
    return made as Generator<Step, Result, undefined>
  throw new CardumenError('option-invalid', `The thread "${name}" is not a generator function (function*).`)
}

function failed(name: string, error: unknown): CardumenError {
  const text = error instanceof Error ? error.message : String(error)
  return new CardumenError('thread-failed', `The thread "${name}" ended with an error: ${text}`, { cause: error })
}

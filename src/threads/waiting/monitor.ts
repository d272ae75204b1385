/**
 * `monitor`: data with the procedures that may touch it, one at a time (Brinch Hansen, 1973; Hoare, 1974).
 *
 * Every method runs under the monitor's lock. One that has to wait is a generator and says `yield* m.waitUntil(…)`: meanwhile
 * the lock is free, and when it goes on, what it waited for holds. So each method is written once and called in two forms: `put()`
 * blocks, `putAsync()` is awaited. A signal wakes a waiter, which looks again before it goes on (as in Mesa).
 *
 * A function cannot travel, so each thread makes the monitor anew, over the same `parts`: its lock and its conditions.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { Condition } from './condition.ts'
import { Lock } from './lock.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from './wait-options.ts'

/** What threads share of a monitor. Hand it to another thread, beside the data. */
export interface MonitorParts<Name extends string> {
  readonly lock: Lock
  readonly conditions: Readonly<Record<Name, Condition>>
}

export interface MonitorOptions<Name extends string> {
  /** Default: a new one. */
  readonly lock?: Lock
  /** Names of conditions, which are made; or those of another thread. */
  readonly conditions?: readonly Name[] | Readonly<Record<Name, Condition>>
  readonly name?: string
}

/** A wait of a method, on its way to whoever carries it out. */
export interface Pause {
  readonly condition: Condition
}

/** What a method has at hand. */
export interface Inside<Name extends string> {
  /** Waits for the condition until the predicate holds: `yield* m.waitUntil('notFull', () => count < size)`. */
  waitUntil(condition: Name, predicate: () => boolean): Generator<Pause, void, void>
  /** Wakes the one that has waited longest. */
  signal(condition: Name): void
  signalAll(condition: Name): void
}

type Method<Name extends string> = (m: Inside<Name>, ...args: never[]) => unknown
type Methods<Name extends string> = Readonly<Record<string, Method<Name>>>
type Rest<Body> = Body extends (m: never, ...args: infer Args) => unknown ? Args : never
type Result<Body> = Body extends (...args: never[]) => infer Given
  ? Given extends Generator<Pause, infer Returned, void>
    ? Returned
    : Given
  : never

type BlockingForms<Bodies> = { readonly [Key in keyof Bodies]: (...args: Rest<Bodies[Key]>) => Result<Bodies[Key]> }
type AwaitableForms<Bodies> = {
  readonly [Key in keyof Bodies & string as `${Key}Async`]: (...args: Rest<Bodies[Key]>) => Promise<Result<Bodies[Key]>>
}

export type Monitor<Name extends string, Bodies> = BlockingForms<Bodies> &
  AwaitableForms<Bodies> & {
    readonly parts: MonitorParts<Name>
    /** The same methods, each of whose calls waits so long at most, or until the signal (awaitable forms only). */
    within(options: AsyncWaitOptions): BlockingForms<Bodies> & AwaitableForms<Bodies>
  }

/**
 * @throws CardumenError `option-invalid`. The methods throw what `Lock.acquire` and `Condition.wait` throw; a method that
 * throws itself lets the lock go.
 */
export function monitor<const Name extends string, Bodies extends Methods<Name>>(
  options: MonitorOptions<Name>,
  bodies: Bodies,
): Monitor<Name, Bodies> {
  assertNames(bodies)
  const parts = partsOf(options)
  const inside = insideOf(parts)
  const within = (limits: AsyncWaitOptions): object => formsOf(parts, inside, bodies, limits)
  return Object.freeze({ ...within({}), parts, within }) as Monitor<Name, Bodies>
}

const taken = ['parts', 'within', 'then']

function assertNames(bodies: Methods<never>): void {
  for (const name of Object.keys(bodies))
    if (taken.includes(name) || (name.endsWith('Async') && Object.hasOwn(bodies, name.slice(0, -'Async'.length))))
      throw new CardumenError('option-invalid', `A method of a monitor cannot be called "${name}".`)
  for (const [name, body] of Object.entries(bodies)) assertBody(name, body)
}

/** What goes on after it has returned would do so without the lock. */
function assertBody(name: string, body: unknown): void {
  const what = Object.prototype.toString.call(body)
  if (what === '[object Function]' || what === '[object GeneratorFunction]') return
  throw new CardumenError(
    'option-invalid',
    `The method "${name}" of a monitor is neither a function nor a generator.`,
    {
      hint: 'An asynchronous function would go on without the lock. Write it as a generator that waits by m.waitUntil().',
    },
  )
}

function partsOf<Name extends string>(options: MonitorOptions<Name>): MonitorParts<Name> {
  const lock = options.lock ?? new Lock(options.name === undefined ? {} : { name: options.name })
  const given = options.conditions ?? []
  if (!Array.isArray(given)) return { lock, conditions: given as Readonly<Record<Name, Condition>> }
  const made = given.map((name: Name) => [name, new Condition({ lock, name })] as const)
  return { lock, conditions: Object.fromEntries(made) as Record<Name, Condition> }
}

function insideOf<Name extends string>({ conditions }: MonitorParts<Name>): Inside<Name> {
  return {
    *waitUntil(name, predicate) {
      const condition = conditions[name]
      while (!predicate()) yield { condition }
    },
    signal: (name) => void conditions[name].notify(),
    signalAll: (name) => void conditions[name].notifyAll(),
  }
}

function formsOf<Name extends string>(
  { lock }: MonitorParts<Name>,
  inside: Inside<Name>,
  bodies: Methods<Name>,
  limits: AsyncWaitOptions,
): object {
  const forms: [string, unknown][] = []
  for (const [name, body] of Object.entries(bodies)) {
    const call = (args: readonly unknown[]): unknown => body(inside, ...(args as never[]))
    forms.push(
      [name, (...args: unknown[]) => runBlocking(lock, () => call(args), limits)],
      [`${name}Async`, (...args: unknown[]) => runAsync(lock, () => call(args), limits)],
    )
  }
  return Object.fromEntries(forms)
}

function runBlocking(lock: Lock, call: () => unknown, { timeoutMs }: WaitOptions): unknown {
  const limit = limitOf(timeoutMs)
  lock.acquire(limit())
  try {
    const given = call()
    if (!isBody(given)) return given
    for (let step = given.next(); ; ) {
      if (step.done === true) return step.value
      const { condition } = step.value
      step = after(given, () => condition.wait(limit()))
    }
  } finally {
    letGo(lock)
  }
}

async function runAsync(lock: Lock, call: () => unknown, { timeoutMs, signal }: AsyncWaitOptions): Promise<unknown> {
  const limit = limitOf(timeoutMs)
  const optionsNow = (): AsyncWaitOptions => ({ ...limit(), ...(signal === undefined ? {} : { signal }) })
  await lock.acquireAsync(optionsNow())
  try {
    const given = call()
    if (!isBody(given)) return given
    for (let step = given.next(); ; ) {
      if (step.done === true) return step.value
      const { condition } = step.value
      const failure = await condition.waitAsync(optionsNow()).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      step = after(given, () => {
        if (failure !== undefined) throw failure.error
      })
    }
  } finally {
    letGo(lock)
  }
}

/** A wait that failed with `closed` or `deadlock` has not given the lock back: then there is nothing to release. */
function letGo(lock: Lock): void {
  try {
    lock.release()
  } catch (error) {
    if (!isCardumenError(error) || !['closed', 'not-held', 'not-owner'].includes(error.code)) throw error
  }
}

/** A wait that fails fails in the method, where it was asked for. */
function after(body: Generator<Pause, unknown, void>, waited: () => void): IteratorResult<Pause, unknown> {
  try {
    waited()
  } catch (error) {
    return body.throw(error)
  }
  return body.next()
}

/** What is left of the time for the whole call. */
function limitOf(timeoutMs: number | undefined): () => WaitOptions | undefined {
  if (timeoutMs === undefined) return () => undefined
  const deadline = deadlineOf({ timeoutMs })
  return () => ({ timeoutMs: Math.max(0, deadline - performance.now()) })
}

function isBody(given: unknown): given is Generator<Pause, unknown, void> {
  return Object.prototype.toString.call(given) === '[object Generator]'
}

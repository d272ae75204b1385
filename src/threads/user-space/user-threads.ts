/**
 * Threads in user space: generators under a small run-time system, inside one thread of JavaScript, with an exchangeable rule.
 *
 * A switch is a `yield`: no call of the operating system, no other stack, some hundred nanoseconds. That is also all that they
 * are: one core runs them, nobody is stopped by force, and a call that blocks (`Atomics.wait`, a long loop) stops all of them
 * and the event loop with them. `waitFor` is how a thread waits for the world outside without doing that.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { RuleName } from '../../protocols/scheduling/messages.ts'
import type { Schedule } from '../../protocols/scheduling/schedule.ts'
import { nobody, RuleDriver, type RuleOptions } from '../scheduling/rule-driver.ts'
import { UserChannel } from './user-channel.ts'
import { UserLock } from './user-lock.ts'
import { UserSemaphore } from './user-semaphore.ts'
import { parked, type Parking, type Step, type ThreadBody, UserThread, type Waiting } from './user-thread.ts'

export interface UserThreadOptions {
  /** Relative to 64, which all have; greater is more urgent, by the rules that go by it. Default 0. */
  readonly priority?: number
  readonly tickets?: number
}

/** After so many switches the clock is looked at, whether the event loop has to have a turn. */
const switchesPerLook = 256
const breatheAfterMs = 1
/** Rules for which a yield need not know what time it is. */
const timeless: readonly RuleName[] = ['first-come', 'round-robin', 'lottery']
const longestSleepMs = 2 ** 31 - 1
/** Of which it is remembered, until the end of `run`, that they failed. */
const failedMax = 1_000
/** A deadlock of more is told in part. */
const toldMax = 20

export class UserThreads {
  readonly #driver: RuleDriver
  readonly #threads = new Map<number, UserThread<unknown>>()
  readonly #parking: Parking
  readonly #isTimed: boolean
  /** Waits whose end comes from outside: as long as there is one, nobody is deadlocked. */
  #outside = 0
  #lastId = 0
  #switches = 0
  #current: UserThread<unknown> | undefined
  readonly #failed: UserThread<unknown>[] = []
  #isRunning = false
  #knock: (() => void) | undefined

  /** Default rule: round-robin. */
  constructor(options: RuleOptions = {}) {
    const rule = options.rule ?? 'round-robin'
    this.#driver = new RuleDriver({ ...options, rule })
    this.#isTimed = !timeless.includes(rule) || options.isRecorded === true
    this.#parking = {
      current: () => this.current,
      park: (waitsFor) => this.#park(waitsFor),
      wake: (thread, error) => this.#wake(thread, error),
      setPriority: ({ id }, priority) => this.#driver.tell({ kind: 'adjust', task: id, priority }),
    }
  }

  /** Those that have not ended. */
  get size(): number {
    return this.#threads.size
  }

  /** How often a thread has been stepped. */
  get switches(): number {
    return this.#switches
  }

  /** Who ran when until now, for `drawSchedule`. Needs `isRecorded`. */
  get schedule(): Schedule {
    return this.#driver.scheduleNow()
  }

  /** Who runs now. @throws CardumenError `thread-state` outside of any thread. */
  get current(): UserThread<unknown> {
    if (this.#current !== undefined) return this.#current
    throw new CardumenError('thread-state', 'Only a thread in user space can do this, while it runs.')
  }

  /** It begins when its turn comes: in `run`, or after whoever starts it has given way. */
  start<Result>(name: string, body: ThreadBody<Result>, options: UserThreadOptions = {}): UserThread<Result> {
    const id = ++this.#lastId
    const { priority = 0, tickets = 1 } = options
    const thread = new UserThread(id, name, body, this.#parking)
    this.#driver.add(name, { task: id, process: 0, priority, tickets })
    this.#threads.set(id, thread as UserThread<unknown>)
    this.#knock?.()
    return thread
  }

  /**
   * Runs the threads until all have ended.
   *
   * @throws CardumenError `deadlock` where all that are left wait for each other (they are ended), `thread-failed` where one
   * ended with an error that nobody has joined.
   */
  async run(): Promise<void> {
    if (this.#isRunning) throw new CardumenError('thread-state', 'These threads run already.')
    this.#isRunning = true
    try {
      while (this.size > 0) {
        this.#runReady()
        if (this.#driver.running !== nobody) await new Promise((resolve) => setImmediate(resolve))
        else if (this.#outside > 0) await this.#knocked()
        else if (this.size > 0) throw this.#endDeadlocked()
      }
    } finally {
      this.#isRunning = false
    }
    const [unjoined] = this.#failed.splice(0).filter((thread) => !thread.isJoined)
    unjoined?.result()
  }

  /** In a thread: `yield* threads.sleep(10)`. @throws CardumenError `option-invalid`. */
  *sleep(durationMs: number): Waiting<void> {
    if (!(durationMs >= 0 && durationMs <= longestSleepMs))
      throw new CardumenError('option-invalid', `A sleep lasts 0 to ${longestSleepMs} ms, not ${durationMs}.`)
    yield* this.waitFor(new Promise<void>((resolve) => setTimeout(resolve, durationMs)))
  }

  /** In a thread: `yield* threads.waitFor(promise)` gives its value, or throws its error, while others run. */
  *waitFor<Value>(promise: PromiseLike<Value>): Waiting<Value> {
    const self = this.current
    let settled: { readonly value: Value } | { readonly error: unknown } | undefined
    const settle = (end: typeof settled): void => {
      settled = end
      this.#outside--
      this.#wake(self)
    }
    this.#outside++
    Promise.resolve(promise).then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    )
    yield* this.#park(() => 'a promise')
    if (settled === undefined) throw new CardumenError('interrupted', 'The wait was ended.')
    if ('error' in settled) throw settled.error
    return settled.value
  }

  /** Only its owner may release it. */
  lock(name = 'lock'): UserLock {
    return new UserLock(name, this.#parking)
  }

  /** No owner: anybody may release it. @throws CardumenError `option-invalid`. */
  semaphore(count: number, name = 'semaphore'): UserSemaphore {
    return new UserSemaphore(count, name, this.#parking)
  }

  /** Holds so many messages that nobody has received yet; 0: a sender waits for its receiver. @throws CardumenError `option-invalid`. */
  channel<Message>(capacity = 0, name = 'channel'): UserChannel<Message> {
    return new UserChannel(capacity, name, this.#parking)
  }

  /** Until nobody is ready, or the event loop has to have its turn. */
  #runReady(): void {
    const driver = this.#driver
    const startedMs = performance.now()
    let left = switchesPerLook
    while (driver.running !== nobody) {
      const thread = this.#threads.get(driver.running)
      if (thread === undefined) return
      this.#stepThread(thread)
      if (--left > 0) continue
      left = switchesPerLook
      if (performance.now() - startedMs > breatheAfterMs) return
    }
  }

  #stepThread(thread: UserThread<unknown>): void {
    this.#switches++
    this.#current = thread
    let step: IteratorResult<Step, unknown>
    // Whatever the body throws is its end, and goes to whoever joins it.
    try {
      step = thread.thrown === undefined ? thread.generator.next() : thread.generator.throw(thrownOnce(thread))
    } catch (error) {
      this.#current = undefined
      return this.#endThread(thread, { error })
    }
    this.#current = undefined
    if (step.done === true) this.#endThread(thread, { value: step.value })
    else if (step.value === parked) this.#driver.tell({ kind: 'block', task: thread.id })
    else this.#giveWay(thread, step.value)
  }

  #giveWay(thread: UserThread<unknown>, yielded: Step): void {
    if (yielded !== undefined) thread.thrown = yieldsSomething(thread)
    if (this.#isTimed) this.#driver.tell(thread.yieldCall)
    else this.#driver.tellWithoutClock(thread.yieldCall)
  }

  #endThread(thread: UserThread<unknown>, end: { readonly value: unknown } | { readonly error: unknown }): void {
    this.#threads.delete(thread.id)
    thread.onEnded(end)
    this.#driver.tell({ kind: 'end', task: thread.id })
    if ('error' in end && this.#failed.length < failedMax) this.#failed.push(thread)
  }

  /** All that are left wait for each other. Their `finally` blocks run, but wait for nothing. */
  #endDeadlocked(): CardumenError {
    const error = deadlockOf([...this.#threads.values()])
    for (const thread of this.#threads.values()) {
      this.#current = thread
      try {
        thread.generator.return(undefined)
      } catch {
        // What a `finally` throws on the way out says less than the deadlock.
      }
      this.#current = undefined
      this.#threads.delete(thread.id)
      thread.onEnded({ error })
      this.#driver.tell({ kind: 'end', task: thread.id })
    }
    return error
  }

  #knocked(): Promise<void> {
    return new Promise((resolve) => {
      this.#knock = () => {
        this.#knock = undefined
        resolve()
      }
    })
  }

  *#park(waitsFor: () => string): Waiting<void> {
    const self = this.current
    self.waitsFor = waitsFor
    yield parked
    self.waitsFor = undefined
  }

  #wake(thread: UserThread<unknown>, error?: CardumenError): void {
    if (!thread.isAlive) return
    thread.thrown = error
    this.#driver.tell({ kind: 'unblock', task: thread.id })
    this.#knock?.()
  }
}

/** Thrown once: the next wait begins without it. */
function thrownOnce(thread: UserThread<unknown>): CardumenError | undefined {
  const { thrown } = thread
  thread.thrown = undefined
  return thrown
}

/** The compiler refuses it; where there is none, a forgotten star would be a wait that does not wait. */
function yieldsSomething({ name }: UserThread<unknown>): CardumenError {
  return new CardumenError('option-invalid', `"${name}" yields a value, which nobody looks at.`, {
    hint: 'Give way with a bare "yield"; what waits is called with "yield*".',
  })
}

function deadlockOf(threads: readonly UserThread<unknown>[]): CardumenError {
  const waits = threads
    .slice(0, toldMax)
    .map(({ name, waitsFor }) => `"${name}" waits for ${waitsFor?.() ?? 'nothing'}`)
  const rest = threads.length > toldMax ? `; and ${threads.length - toldMax} more` : ''
  return new CardumenError('deadlock', `Every thread waits for another one: ${waits.join('; ')}${rest}.`)
}

/**
 * A pool of threads that run the exported functions of one module.
 *
 * Tasks and results pass through memory that pool and threads share (`task-board.ts`); a message is sent only for what is large or
 * has failed. A task waits with the pool until a slot is free, then on the board until a thread takes it; until then it can
 * be taken back, and afterwards it may have run. So of every failure it is known which of the two holds.
 *
 * A pool keeps the process alive while it has tasks, and not otherwise. It does not restart a task that ran in a thread that died.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { unpackError } from '../travel/travelling-error.ts'
import { packArguments, unpackArguments } from '../travel/arguments.ts'
import type { PackedArguments } from '../travel/arguments.ts'
import { deadlineOf } from '../waiting/wait-options.ts'
import { proxyOf } from './pool-functions.ts'
import type { PoolFunctions } from './pool-functions.ts'
import type { FromThread } from './pool-messages.ts'
import { overtimeMs, settingsOf } from './pool-options.ts'
import type { PoolOptions, PoolSettings, TaskOptions } from './pool-options.ts'
import { PoolTask } from './pool-task.ts'
import type { PooledWorker } from './pooled-worker.ts'
import { ResultWatch } from './result-watch.ts'
import type { ResultWatchEvents } from './result-watch.ts'
import { readValues, writeFunction, writeNothing, writeSerialized, writeWords } from './slot-values.ts'
import { kindOf, newBoardState, nothing, report, slotOf, TaskBoard, threadState } from './task-board.ts'
import { TaskBacklog } from './task-backlog.ts'
import { closed, exited, refusalOf } from './task-refusals.ts'
import { ThreadRoster } from './thread-roster.ts'
import type { RosterEvents } from './thread-roster.ts'

export interface PoolStatistics {
  readonly threads: number
  /** Tasks that a thread has begun. */
  readonly running: number
  /** Tasks that none has begun. */
  readonly waiting: number
  /** Ended with a result, since the pool was made. */
  readonly succeeded: number
  /** Ended with an error, or given up. */
  readonly failed: number
  /** Threads that ended while they were needed. */
  readonly threadsLost: number
}

const noOptions: TaskOptions = {}

/** Whoever waits for a task may have nothing of the pool but the promise. */
const poolsWithTasks = new Set<Pool>()
const lostPools = new FinalizationRegistry<readonly [ThreadRoster, ResultWatch]>(([roster, watch]) => {
  watch.close()
  void roster.close()
})

export class Pool implements AsyncDisposable {
  readonly #settings: PoolSettings
  readonly #module: string
  readonly #board: TaskBoard
  readonly #roster: ThreadRoster
  readonly #watch: ResultWatch
  readonly #backlog = new TaskBacklog()
  /** Of each slot, the task that has it; also one that was given up, until its thread reports. */
  readonly #tasks: (PoolTask | undefined)[]
  readonly #freeSlots: number[]
  /** The number of each export of the module; undefined until a thread has loaded it. */
  #functions: ReadonlyMap<string, number> | undefined
  #unfinished = 0
  #succeeded = 0
  #failed = 0
  #threadsLost = 0
  #isClosed = false
  #whenIdle: PromiseWithResolvers<void> | undefined

  /**
   * @param module - URL of the module, as `new URL('./work.ts', import.meta.url)`. Each thread loads it for itself.
   * @throws CardumenError `option-invalid`
   */
  constructor(module: URL | string, options: PoolOptions = {}) {
    this.#settings = settingsOf(options)
    this.#module = String(module)
    const { slots, threadsMax } = this.#settings
    const state = newBoardState(slots, threadsMax)
    this.#board = new TaskBoard(state)
    this.#tasks = Array.from({ length: slots }, () => undefined)
    this.#freeSlots = Array.from({ length: slots }, (_, index) => slots - 1 - index)
    const events = Pool.#eventsFor(new WeakRef(this))
    this.#watch = new ResultWatch(this.#board, events)
    this.#roster = new ThreadRoster(this.#module, this.#settings, state, this.#board, events)
    lostPools.register(this, [this.#roster, this.#watch])
  }

  /** Threads and timers know the pool only so: one that nobody can use any more is collected, and its threads end. */
  static #eventsFor(known: WeakRef<Pool>): RosterEvents & ResultWatchEvents {
    const ask = <Answer>(of: (pool: Pool) => Answer, otherwise: Answer): Answer => {
      const pool = known.deref()
      return pool === undefined ? otherwise : of(pool)
    }
    return {
      onMessage: (thread, message) => ask((pool) => pool.#onMessage(thread, message), undefined),
      onExit: (thread, code, error) => ask((pool) => pool.#onExit(thread, code, error), undefined),
      onStartsInVain: (code, error) => ask((pool) => pool.#onStartsInVain(code, error), undefined),
      unfinished: () => ask((pool) => pool.#unfinished, 0),
      hasTask: (thread) => ask((pool) => pool.#hasTask(thread), false),
      collect: () => ask((pool) => pool.#collect(), 0),
    }
  }

  /**
   * Runs the exported function of that name in a thread, with copies of the arguments (structured clone; SharedArrayBuffers are shared).
   * Fails with the function's error, or with a `CardumenError`, whose `executed` says whether the function may have run.
   */
  run(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#submit(name, args, noOptions)
  }

  /** The same with a deadline, a signal, or what is handed over instead of copied. */
  with(options: TaskOptions): { run(name: string, ...args: readonly unknown[]): Promise<unknown> } {
    return { run: (name, ...args) => this.#submit(name, args, options) }
  }

  /** The module's functions with their own types: `const { double } = pool.functions<typeof import('./work.ts')>()`. */
  functions<Module extends object>(): PoolFunctions<Module> {
    return proxyOf<Module>((name, args, options) => this.#submit(name, args, options ?? noOptions))
  }

  statistics(): PoolStatistics {
    this.#collect()
    const running = this.#tasks.filter(
      (task) => task?.isDone === false && this.#board.takerOf(task.slot) !== nothing,
    ).length
    return {
      threads: this.#roster.size,
      running,
      waiting: this.#unfinished - running,
      succeeded: this.#succeeded,
      failed: this.#failed,
      threadsLost: this.#threadsLost,
    }
  }

  /** Takes no further task, waits for those that there are, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#unfinished > 0) await (this.#whenIdle ??= Promise.withResolvers<void>()).promise
    await this.#roster.close()
    this.#watch.close()
  }

  /** Ends the threads at once; tasks that have not ended fail with `closed`. */
  async terminate(): Promise<void> {
    this.#isClosed = true
    this.#collect()
    for (const task of [...this.#backlog.all(), ...this.#tasks]) {
      if (task?.isDone === false) this.#giveUp(task, 'closed', 'The pool was terminated.')
    }
    await this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #submit(name: string, args: readonly unknown[], options: TaskOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (options !== noOptions) deadlineOf(options)
      const task = new PoolTask(name, args, options, resolve, reject)
      const refusal = this.#isClosed ? closed(this.#settings) : refusalOf(task, this.#settings, this.#unfinished)
      if (refusal !== undefined) return reject(refusal)
      if (this.#unfinished++ === 0) this.#onFirst()
      if (options !== noOptions) this.#watchEnd(task)
      if (this.#functions === undefined || this.#freeSlots.length === 0 || this.#backlog.size > 0)
        this.#backlog.add(task)
      else this.#publish(task, this.#functions)
      if (this.#roster.size < this.#settings.threadsMax) this.#roster.grow()
    })
  }

  #watchEnd(task: PoolTask): void {
    const { timeoutMs, signal } = task.options
    task.watch(
      () => this.#giveUp(task, 'timed-out', `${task.name} gave no result within ${timeoutMs} ms.`),
      () => this.#giveUp(task, 'cancelled', `${task.name} was given up.`, signal?.reason),
    )
  }

  #publish(task: PoolTask, functions: ReadonlyMap<string, number>): void {
    const index = functions.get(task.name)
    if (index === undefined)
      return this.#fail(
        task,
        new CardumenError('function-unknown', `${this.#module} exports no function ${task.name}.`),
      )
    const slot = this.#freeSlots.pop() as number
    try {
      this.#write(task, slot)
    } catch (error) {
      this.#freeSlots.push(slot)
      return this.#fail(task, error as Error)
    }
    task.slot = slot
    this.#tasks[slot] = task
    writeFunction(this.#board, slot, index)
    if (task.packed !== undefined && this.#sendToIdle(task)) return
    this.#board.publish(slot)
    this.#watch.onPublished()
  }

  /** So it begins without our event loop; false where all threads are at work. */
  #sendToIdle(task: PoolTask): boolean {
    const thread = this.#roster.at(this.#board.assign(task.slot))
    if (thread === undefined) return false
    thread.assigned = task
    this.#sendArguments(thread, task.slot)
    this.#watch.onSent()
    return true
  }

  /** @throws CardumenError `cannot-travel` */
  #write(task: PoolTask, slot: number): void {
    const { transfer = [] } = task.options
    if (transfer.length === 0 && writeWords(this.#board, slot, task.values)) return
    const packed = packArguments(task.values, { transfer })
    if (transfer.length === 0 && packed.shared.length === 0 && writeSerialized(this.#board, slot, packed.values)) return
    writeNothing(this.#board, slot)
    task.packed = packed
  }

  #publishBacklog(): void {
    if (this.#functions === undefined) return
    while (this.#freeSlots.length > 0) {
      const task = this.#backlog.take()
      if (task === undefined) return
      this.#publish(task, this.#functions)
    }
  }

  #collect(): number {
    let found = 0
    this.#roster.forEach((thread) => (found += this.#collectFrom(thread)))
    if (found > 0) this.#publishBacklog()
    return found
  }

  #collectFrom(thread: PooledWorker): number {
    const until = this.#board.reportsOf(thread.thread)
    let found = 0
    while (thread.reportsRead !== until) {
      const word = this.#board.readReport(thread.thread, thread.reportsRead)
      thread.reportsRead = (thread.reportsRead + 1) | 0
      found++
      if (kindOf(word) === report.ended) this.#onEnded(slotOf(word))
      else if (kindOf(word) === report.asks) this.#onAsks(thread, slotOf(word))
      else this.#free(slotOf(word))
    }
    return found
  }

  #onEnded(slot: number): void {
    const task = this.#free(slot)
    if (!task.isDone) this.#succeed(task, readValues(this.#board, slot)?.[0])
  }

  #onAsks(thread: PooledWorker, slot: number): void {
    if (thread.hasEnded) return
    this.#sendArguments(thread, slot)
    this.#board.tellMail(thread.thread)
  }

  /** The thread waits for the answer, whatever it is. */
  #sendArguments(thread: PooledWorker, slot: number): void {
    const task = this.#taskOf(slot)
    try {
      if (task.isDone || task.packed === undefined) thread.send({ kind: 'none', slot }, [])
      else thread.send({ kind: 'arguments', slot, packed: task.packed }, task.options.transfer ?? [])
      task.isSent = true
    } catch (error) {
      thread.send({ kind: 'none', slot }, [])
      const message = `An argument of ${task.name}: ${error instanceof Error ? error.message : String(error)}`
      this.#fail(task, new CardumenError('cannot-travel', message, { cause: error }))
    }
  }

  #onMessage(thread: PooledWorker, message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.#functions ??= new Map(message.functions.map((name, index) => [name, index]))
        break
      case 'module-failed':
        this.#roster.end(thread.thread)
        if (this.#functions === undefined) this.#failWaiting(() => unpackError(message.failure))
        return
      case 'result':
      case 'failed': {
        const task = this.#free(message.slot)
        if (task.isDone) break
        if (message.kind === 'result') this.#onResult(task, message.result)
        else this.#fail(task, unpackError(message.failure))
      }
    }
    this.#publishBacklog()
  }

  /** What makes shared things again may have to be loaded first. */
  #onResult(task: PoolTask, result: PackedArguments): void {
    if (result.shared.length === 0) return this.#succeed(task, result.values[0])
    unpackArguments(result).then(
      ([value]) => task.isDone || this.#succeed(task, value),
      (error: Error) => task.isDone || this.#fail(task, error),
    )
  }

  #onExit(thread: PooledWorker, exitCode: number, error: unknown): void {
    this.#collectFrom(thread)
    if (!this.#isClosed && this.#board.stateOf(thread.thread) !== threadState.retired) this.#threadsLost++
    for (const task of [...this.#tasks]) {
      if (task !== undefined && this.#board.takerOf(task.slot) === thread.thread)
        this.#onTakerDied(task, thread, exitCode, error)
    }
    this.#publishBacklog()
  }

  #hasTask(thread: number): boolean {
    return this.#tasks.some((task) => task !== undefined && this.#board.takerOf(task.slot) === thread)
  }

  #onTakerDied(task: PoolTask, thread: PooledWorker, exitCode: number, error: unknown): void {
    const isUnread = task === thread.assigned && this.#board.stateOf(thread.thread) === threadState.assigned
    const isBegun = !isUnread && (task.packed === undefined || task.isSent)
    const isThere = !task.isSent || task.options.transfer === undefined
    if (!isBegun && !task.isDone && isThere) return this.#board.publish(task.slot)
    this.#free(task.slot)
    const executed = isBegun ? 'unknown' : 'no'
    if (!task.isDone)
      this.#fail(task, exited(`Thread "${thread.name}" ended while it ran ${task.name}`, exitCode, error, executed))
  }

  #onStartsInVain(exitCode: number, error: unknown): void {
    this.#failWaiting(() =>
      exited(`No thread of the pool "${this.#settings.name}" comes up: the last one ended`, exitCode, error, 'no'),
    )
  }

  #failWaiting(errorOf: () => Error): void {
    for (const task of this.#backlog.all()) if (this.#backlog.remove(task)) this.#fail(task, errorOf())
    for (const task of this.#tasks) {
      if (task?.isDone === false && this.#board.withdraw(task.slot)) this.#fail(task, errorOf())
    }
  }

  /** If a thread has begun it, that gets a little longer to end it; others wait for the thread, too. */
  #giveUp(task: PoolTask, code: ErrorCode, message: string, cause?: unknown): void {
    this.#collect()
    if (task.isDone) return
    const isWaiting = this.#backlog.remove(task) || (task.slot !== nothing && this.#board.withdraw(task.slot))
    this.#fail(task, new CardumenError(code, message, { executed: isWaiting ? 'no' : 'unknown', cause }))
    if (isWaiting || task.slot === nothing) return
    setTimeout(() => {
      if (this.#tasks[task.slot] === task) this.#roster.end(this.#board.takerOf(task.slot))
    }, overtimeMs).unref()
  }

  #succeed(task: PoolTask, value: unknown): void {
    task.succeed(value)
    this.#succeeded++
    this.#onFinished()
  }

  #fail(task: PoolTask, error: Error): void {
    task.fail(error)
    this.#failed++
    this.#onFinished()
  }

  #onFirst(): void {
    poolsWithTasks.add(this)
    this.#watch.look()
  }

  #onFinished(): void {
    if (--this.#unfinished > 0) return
    poolsWithTasks.delete(this)
    this.#watch.onIdle()
    this.#whenIdle?.resolve()
  }

  #taskOf(slot: number): PoolTask {
    return this.#tasks[slot] as PoolTask
  }

  #free(slot: number): PoolTask {
    const task = this.#taskOf(slot)
    this.#tasks[slot] = undefined
    task.slot = nothing
    this.#freeSlots.push(slot)
    return task
  }
}

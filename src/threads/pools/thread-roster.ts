/**
 * The threads of a pool: how many there are, who starts and who goes.
 *
 * A thread is started where tasks are more than threads can have under way, up to the most; one that has been idle for a
 * while goes, down to the least. One that died is replaced while it is needed. A module that ends every thread before
 * it is loaded would have that go on for ever, so after some starts in vain the pool is told instead.
 */
import type { FromThread } from './pool-messages.ts'
import type { PoolSettings } from './pool-options.ts'
import { PooledWorker } from './pooled-worker.ts'
import { TaskBoard, threadState } from './task-board.ts'
import type { BoardState } from './task-board.ts'

/** Threads that end one after the other before they have loaded the module; then waiting tasks fail. */
const startsInVainMax = 3

export interface RosterEvents {
  onMessage(thread: PooledWorker, message: FromThread): void
  /** What the thread reported has not been looked at; afterwards its number is free. */
  onExit(thread: PooledWorker, exitCode: number, error: unknown): void
  /** No thread comes up: `error` is what the last one ended with. */
  onStartsInVain(exitCode: number, error: unknown): void
  /** Tasks that have not ended. */
  unfinished(): number
  /** It has begun a task that it has not ended, be that given up or not. */
  hasTask(thread: number): boolean
}

export class ThreadRoster {
  readonly #module: string
  readonly #settings: PoolSettings
  readonly #boardState: BoardState
  readonly #board: TaskBoard
  readonly #events: RosterEvents
  readonly #threads: (PooledWorker | undefined)[] = []
  #started = 0
  #startsInVain = 0
  #isClosed = false
  #idleTimer: NodeJS.Timeout | undefined

  constructor(module: string, settings: PoolSettings, boardState: BoardState, board: TaskBoard, events: RosterEvents) {
    this.#module = module
    this.#settings = settings
    this.#boardState = boardState
    this.#board = board
    this.#events = events
    try {
      while (this.size < settings.threadsMin) this.#start()
    } catch (error) {
      void this.close()
      throw error
    }
  }

  size = 0

  forEach(visit: (thread: PooledWorker) => void): void {
    for (const thread of this.#threads) if (thread !== undefined) visit(thread)
  }

  at(number: number): PooledWorker | undefined {
    return this.#threads[number]
  }

  /** As many threads as the unfinished tasks can use. */
  grow(): void {
    const { threadsMin, threadsMax, concurrency } = this.#settings
    const wanted = Math.max(threadsMin, Math.min(threadsMax, Math.ceil(this.#events.unfinished() / concurrency)))
    try {
      while (this.size < wanted && !this.#isClosed) this.#start()
    } catch (error) {
      // The process has no room for a further one; those that there are do the work, if any.
      if (this.size === 0) this.#events.onStartsInVain(0, error)
    }
  }

  end(number: number): void {
    const thread = this.#threads[number]
    if (thread !== undefined) void this.#end(thread)
  }

  /** Ends all threads, whatever they do. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idleTimer)
    await Promise.all(this.#threads.filter((thread) => thread !== undefined).map((thread) => this.#end(thread)))
  }

  #start(): void {
    let number = this.#threads.indexOf(undefined)
    if (number < 0) number = this.#threads.length
    this.#board.resetThread(number)
    const name = `${this.#settings.name} ${++this.#started}`
    this.#threads[number] = new PooledWorker(number, name, this.#module, this.#boardState, this.#settings, {
      onMessage: (thread, message) => this.#onMessage(thread, message),
      onExit: (thread, code, error) => this.#onExit(thread, code, error),
    })
    this.size++
    this.#watchIdleness()
  }

  #onMessage(thread: PooledWorker, message: FromThread): void {
    if (message.kind === 'ready') {
      thread.isReady = true
      this.#startsInVain = 0
    }
    this.#events.onMessage(thread, message)
  }

  #onExit(thread: PooledWorker, code: number, error: unknown): void {
    this.#threads[thread.thread] = undefined
    this.size--
    this.#events.onExit(thread, code, error)
    if (this.#isClosed) return
    if (!thread.isReady && ++this.#startsInVain >= startsInVainMax) {
      this.#startsInVain = 0
      this.#events.onStartsInVain(code, error)
    }
    if (thread.isReady || this.#events.unfinished() > 0) this.grow()
  }

  #watchIdleness(): void {
    if (this.#idleTimer !== undefined || this.size <= this.#settings.threadsMin) return
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined
      this.#shrink()
      this.#watchIdleness()
    }, this.#settings.idleMs).unref()
  }

  /** Takes those out of service that sleep and have done nothing since the last look, and ends them once they have no task. */
  #shrink(): void {
    for (const thread of this.#threads) {
      if (thread === undefined) continue
      if (this.size - this.#leaving() > this.#settings.threadsMin) this.#retireIfIdle(thread)
      const isRetired = this.#board.stateOf(thread.thread) === threadState.retired
      if (isRetired && !this.#events.hasTask(thread.thread)) void this.#end(thread)
    }
  }

  /** Asynchronous functions may be under way in one that sleeps. It takes no task from then on. */
  #retireIfIdle(thread: PooledWorker): void {
    const reports = this.#board.reportsOf(thread.thread)
    const wasIdle = reports === thread.reportsSeen && !this.#events.hasTask(thread.thread)
    thread.reportsSeen = reports
    if (wasIdle) this.#board.rouse(thread.thread, threadState.retired)
  }

  #end(thread: PooledWorker): Promise<void> {
    return thread.end(!this.#events.hasTask(thread.thread))
  }

  #leaving(): number {
    return this.#threads.filter(
      (thread) => thread !== undefined && this.#board.stateOf(thread.thread) === threadState.retired,
    ).length
  }
}

/**
 * Runs work inside one process by priorities: the absolute priority of a piece of work is that of its process here plus its own
 * relative to it, as Chorus has it. Which rule decides is exchangeable.
 *
 * It is cooperative: JavaScript cannot be stopped from outside, so who runs is decided only where the work says that it
 * could stop (`yield`, `await turn.offer()`), waits (`yield promise`, `await turn.wait(promise)`) or ends. A turn that is over
 * ends at the next such point; work that has none keeps everybody waiting, and so does an async function that awaits
 * something without telling: to the scheduler it runs meanwhile. A "process" here is a name with a priority, not one of the
 * operating system.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Schedule } from '../../protocols/scheduling/schedule.ts'
import { nobody, RuleDriver, type RuleOptions } from './rule-driver.ts'
import { type AsyncWork, type GeneratorWork, type Reports, ScheduledJob } from './scheduled-job.ts'

export interface WorkOptions {
  readonly name?: string
  /** Default: `main`. */
  readonly process?: string
  /** Relative to its process; greater is more urgent. Default 0. */
  readonly priority?: number
  /** Its share, by the rules that deal in shares. Default 1. */
  readonly tickets?: number
}

/** A piece of work under the scheduler. */
export interface ScheduledWork<Result> {
  readonly name: string
  readonly result: Promise<Result>
  /** Relative to its process. Counts from the next point at which somebody could stop; nothing where it has ended. */
  setPriority(priority: number): void
}

/** Timers and sockets of the program are looked after at least so often, where the work offers as often. */
const breatheAfterMs = 1

/** Names of processes, which are kept. */
const processesMax = 10_000

/** Of those that have a name here. */
interface Process {
  readonly number: number
  /** Undefined: nothing was said of it. */
  priority: number | undefined
  /** Its work that has not ended. */
  works: number
}

interface StartedJob {
  readonly job: ScheduledJob
  readonly process: Process
}

export class CooperativeScheduler {
  readonly #driver: RuleDriver
  readonly #jobs = new Map<number, StartedJob>()
  readonly #processes = new Map<string, Process>()
  readonly #reports: Reports
  #lastTask = 0
  #isPumpPlanned = false
  #breathedMs = 0

  constructor(options: RuleOptions = {}) {
    this.#driver = new RuleDriver(options)
    this.#reports = {
      onOffer: (task) => this.#goesOn({ kind: 'offer', task }),
      onBegin: (task) => this.#goesOn({ kind: 'begin', task }),
      onWait: (task) => this.#tell({ kind: 'block', task }),
      onWoken: (task) => this.#tell({ kind: 'unblock', task }),
      onEnded: (task) => {
        const process = this.#jobs.get(task)?.process
        if (process !== undefined) process.works--
        this.#jobs.delete(task)
        this.#tell({ kind: 'end', task })
      },
      breath: () => this.#breath(),
    }
  }

  /** Pieces of work that have not ended. */
  get size(): number {
    return this.#jobs.size
  }

  /** Who ran when until now, for `drawSchedule`. Needs `isRecorded`. */
  get schedule(): Schedule {
    return this.#driver.scheduleNow()
  }

  /**
   * With what its work has relative to it from 0 to 255; a process of which nothing was said has 64. It stays so, also where
   * no work of it is left. @throws CardumenError `option-invalid`, `capacity-reached` beyond `processesMax` names.
   */
  setProcessPriority(name: string, priority: number): void {
    const process = this.#process(name)
    this.#tell({ kind: 'adjust-process', process: process.number, priority })
    process.priority = priority
  }

  /** It begins when its turn comes, never at once. @throws CardumenError `option-invalid`, `capacity-reached`. */
  start<Result>(work: GeneratorWork<Result> | AsyncWork<Result>, options: WorkOptions = {}): ScheduledWork<Result> {
    const task = ++this.#lastTask
    const { name = `work ${task}`, process = 'main', priority = 0, tickets = 1 } = options
    const own = this.#process(process)
    // The machine forgets a process with the last of its work.
    if (own.works === 0 && own.priority !== undefined)
      this.#tell({ kind: 'adjust-process', process: own.number, priority: own.priority })
    this.#driver.add(name, { task, process: own.number, priority, tickets })
    own.works++
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    this.#jobs.set(task, { job: new ScheduledJob(task, { work, resolve, reject }, this.#reports), process: own })
    this.#planPump()
    return { name, result: promise, setPriority: (changed) => this.#setPriority(task, changed) }
  }

  #setPriority(task: number, priority: number): void {
    if (this.#jobs.has(task)) this.#tell({ kind: 'adjust', task, priority })
  }

  #goesOn(call: { readonly kind: 'offer' | 'begin'; readonly task: number }): boolean {
    this.#driver.tell(call)
    if (this.#driver.running === call.task) return true
    this.#planPump()
    return false
  }

  #tell(call: Parameters<RuleDriver['tell']>[0]): void {
    this.#driver.tell(call)
    this.#planPump()
  }

  /** Names are kept for as long as the scheduler is: a program has few. */
  #process(name: string): Process {
    const known = this.#processes.get(name)
    if (known !== undefined) return known
    if (this.#processes.size >= processesMax)
      throw new CardumenError('capacity-reached', `A scheduler knows at most ${processesMax} processes by name.`)
    const process: Process = { number: this.#processes.size, priority: undefined, works: 0 }
    this.#processes.set(name, process)
    return process
  }

  #planPump(): void {
    if (this.#isPumpPlanned) return
    this.#isPumpPlanned = true
    queueMicrotask(() => this.#pump())
  }

  /** Lets those run whose turn it is, until none is ready, or an async function has its turn and will come by itself. */
  #pump(isAfterBreath = false): void {
    for (;;) {
      const task = this.#driver.running
      const job = this.#jobs.get(task)?.job
      if (task === nobody || job === undefined || job.isAway) break
      if (this.#isOutOfBreath()) return this.#pumpAfterBreath()
      // Others may have come since it was chosen, and what the event loop took was not its own time.
      if (!job.isInTurn || isAfterBreath) this.#driver.tell({ kind: 'begin', task })
      isAfterBreath = false
      if (this.#driver.running === task) job.resume()
    }
    this.#isPumpPlanned = false
  }

  #isOutOfBreath(): boolean {
    return this.#driver.nowMs - this.#breathedMs > breatheAfterMs
  }

  #pumpAfterBreath(): void {
    setImmediate(() => {
      this.#breathedMs = this.#driver.readMs()
      this.#pump(true)
    })
  }

  /** Undefined: it need not. */
  #breath(): Promise<void> | undefined {
    if (!this.#isOutOfBreath()) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#breathedMs = this.#driver.readMs()
        resolve()
      })
    })
  }
}

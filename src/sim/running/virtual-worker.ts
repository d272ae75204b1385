/**
 * One virtual thread: a queue of jobs, the modules it has loaded, and the answers on their way back.
 *
 * What owner and thread tell each other takes a turn of the clock, and several jobs or answers of one turn travel
 * together, as between real threads. Who has a job, its owner or its thread, is decided at the moment that it begins
 * and can be asked for ever after. The part of a job's cost that lies before its call and the part after it are drawn,
 * so that a crash meets both jobs that have not acted yet and jobs whose answer is lost.
 */
import type { Job, JobRequest, JobStatus, JobWorker, WorkerEvents, WorkerExit } from '../../edges/workers.ts'
import { jobsPerWorkerMax } from '../../edges/workers.ts'
import { assert } from '../../lib/assert.ts'
import { type Signal, type SignalSource, signalSource } from '../../lib/signal.ts'
import { decode } from '../../wire/codec.ts'
import {
  type Answer,
  malformedAnswer,
  messageOf,
  okAnswer,
  thrownAnswer,
  unknownFunctionAnswer,
  unloadedAnswer,
} from './job-replies.ts'
import { PartClock } from './part-clock.ts'
import { listed, registeredUnder } from './registered.ts'
import type { ModuleExports, ModuleSurroundings, VirtualWorkersOptions } from './virtual-workers.ts'

interface ThreadJob {
  readonly id: number
  readonly request: Uint8Array
  claim: 'waiting' | 'begun' | 'withdrawn'
  /** Given up; of its answer nobody wants to know. */
  isOver: boolean
  /** Made when first asked for. */
  source: SignalSource | undefined
}

const nothing = new Uint8Array(0)

export class VirtualWorker implements JobWorker {
  readonly #options: VirtualWorkersOptions
  readonly #events: WorkerEvents
  readonly #clock: PartClock
  readonly #surroundings: ModuleSurroundings
  /** All that are not answered; also after the end, for `withdraw`. */
  readonly #jobs = new Map<number, ThreadJob>()
  #arrived: ThreadJob[] = []
  #cancelled: number[] = []
  readonly #loaded = new Map<string, ModuleExports>()
  #outgoing: (() => void)[] = []
  #current: ThreadJob | undefined
  /** Reasons for which it is deaf at this moment. */
  #computing = 0
  #isReady = false
  #isTurnDue = false
  #isEnded = false

  constructor(name: string, options: VirtualWorkersOptions, events: WorkerEvents) {
    this.#options = options
    this.#events = events
    this.#clock = new PartClock(options.clock, (error) => this.end('failed', messageOf(error)))
    this.#surroundings = {
      clock: this.#clock,
      random: options.random,
      name,
      jobSignal: () => this.#currentSignal(),
      exit: (code) => this.end('exited', `it exited with code ${code}`),
    }
    this.#clock.after(options.startMs ?? 0, () => this.#onStarted(), { background: true })
  }

  submit({ id, request }: Job): void {
    assert(this.#jobs.size < jobsPerWorkerMax, 'a worker is given no more jobs than it has slots')
    const job: ThreadJob = { id, request: request.slice(), claim: 'waiting', isOver: false, source: undefined }
    this.#jobs.set(id, job)
    this.#arrived.push(job)
    this.#turnSoon()
  }

  withdraw(id: number): boolean {
    const job = this.#jobs.get(id)
    if (job?.claim !== 'waiting') return false
    job.claim = 'withdrawn'
    return true
  }

  cancel(id: number): void {
    if (!this.#jobs.has(id)) return
    this.#cancelled.push(id)
    this.#turnSoon()
  }

  terminate(): void {
    this.end('terminated', '')
  }

  /** Its code stops where it next waits; what it has not sent is lost. `onExit` follows. */
  end(reason: WorkerExit, detail: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#clock.end()
    this.#outgoing = []
    this.#options.clock.soon(() => this.#events.onExit(reason, detail))
  }

  #onStarted(): void {
    this.#isReady = true
    this.#events.onReady()
    this.#takeTurn()
  }

  #turnSoon(): void {
    if (this.#isTurnDue || !this.#isReady || this.#computing > 0) return
    this.#isTurnDue = true
    this.#clock.soon(() => this.#takeTurn())
  }

  #takeTurn(): void {
    this.#isTurnDue = false
    // It has gone deaf since the turn was asked for, and takes one as soon as it hears again.
    if (this.#computing > 0) return
    for (const id of this.#cancelled.splice(0)) this.#onCancel(id)
    // What was answered leaves before the next job keeps the thread busy.
    this.#flush()
    while (this.#computing === 0 && !this.#isEnded) {
      const job = this.#arrived.shift()
      if (job === undefined) break
      this.#begin(job)
    }
  }

  #onCancel(id: number): void {
    const job = this.#jobs.get(id)
    if (job?.claim !== 'begun' || job.isOver) return
    job.source?.abort()
    this.#answer(job, 'abandoned', nothing)
  }

  #begin(job: ThreadJob): void {
    if (job.claim === 'withdrawn') return this.#answer(job, 'withdrawn', nothing)
    job.claim = 'begun'
    const costMs = this.#options.drawJobMs?.() ?? 0
    if (costMs <= 0) return this.#run(job, 0)
    const beforeMs = costMs * this.#options.random.next()
    this.#compute(beforeMs, () => this.#run(job, costMs - beforeMs))
  }

  /** The thread hears and says nothing until that time has passed. */
  #compute(durationMs: number, then: () => void): void {
    this.#computing++
    this.#clock.after(durationMs, () => {
      then()
      this.#hearAgain()
    })
  }

  #hearAgain(): void {
    this.#computing--
    if (this.#computing === 0 && !this.#isEnded) this.#takeTurn()
  }

  #run(job: ThreadJob, restMs: number): void {
    try {
      const [url, name, args] = decode(job.request) as JobRequest
      const exports = this.#loaded.get(url)
      if (exports !== undefined) this.#call(job, restMs, url, exports, name, args)
      else void this.#loadThenCall(job, restMs, url, name, args)
    } catch (error) {
      this.#finish(job, malformedAnswer(error))
    }
  }

  /** It is deaf meanwhile, as a module's own code computes. */
  async #loadThenCall(
    job: ThreadJob,
    restMs: number,
    url: string,
    name: string | undefined,
    args: readonly unknown[],
  ): Promise<void> {
    this.#computing++
    try {
      const exports = await this.#load(url)
      if (!this.#isEnded) this.#call(job, restMs, url, exports, name, args)
    } catch (error) {
      this.#finish(job, unloadedAnswer(url, error))
    } finally {
      this.#hearAgain()
    }
  }

  async #load(url: string): Promise<ModuleExports> {
    const { modules } = this.#options
    const factory = registeredUnder(modules, url)
    if (factory === undefined) throw new Error(`The world has no module of this name; ${listed(modules)}.`)
    const exports = await factory(this.#surroundings)
    this.#loaded.set(url, exports)
    this.#send(() => this.#events.onModule(url))
    return exports
  }

  #call(
    job: ThreadJob,
    restMs: number,
    url: string,
    exports: ModuleExports,
    name: string | undefined,
    args: readonly unknown[],
  ): void {
    if (name === undefined) return this.#finish(job, okAnswer(functionsOf(exports)))
    const target = Object.hasOwn(exports, name) ? exports[name] : undefined
    if (typeof target !== 'function') return this.#finish(job, unknownFunctionAnswer(url, name))
    this.#current = job
    try {
      const result: unknown = Reflect.apply(target, undefined, args)
      void this.#finishWith(job, result)
    } catch (error) {
      this.#finish(job, thrownAnswer(error))
    } finally {
      this.#current = undefined
    }
    if (restMs > 0 && !this.#isEnded) this.#compute(restMs, () => undefined)
  }

  async #finishWith(job: ThreadJob, result: unknown): Promise<void> {
    try {
      this.#finish(job, okAnswer(await result))
    } catch (error) {
      this.#finish(job, thrownAnswer(error))
    }
  }

  #finish(job: ThreadJob, { status, reply }: Answer): void {
    if (!job.isOver) this.#answer(job, status, reply)
  }

  #answer(job: ThreadJob, status: JobStatus, reply: Uint8Array): void {
    job.isOver = true
    this.#send(() => {
      this.#jobs.delete(job.id)
      this.#events.onResult(job.id, status, reply)
    })
  }

  #send(one: () => void): void {
    if (this.#isEnded) return
    if (this.#outgoing.push(one) === 1 && this.#computing === 0) this.#turnSoon()
  }

  #flush(): void {
    const outgoing = this.#outgoing
    this.#outgoing = []
    for (const one of outgoing) one()
  }

  #currentSignal(): Signal | undefined {
    if (this.#current === undefined) return undefined
    this.#current.source ??= signalSource()
    return this.#current.source.signal
  }
}

function functionsOf(exports: ModuleExports): readonly string[] {
  return Object.keys(exports).filter((key) => typeof exports[key] === 'function')
}

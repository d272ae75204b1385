/**
 * Worker threads of a simulated world: they call functions of modules that the world knows, in virtual time.
 *
 * A module is a factory, called once in each thread, so that threads share no state that they would not share on a
 * host. Like a thread there, one begins its jobs in the order of their arrival, is deaf while a job computes (which
 * costs what the world says, and no time of its own), and goes on with others while a job waits. Memory is not
 * measured, and a job that never returns nor waits stops the world itself; `endOne` is for threads that are to die.
 */
import type { Clock } from '../../edges/clock.ts'
import type { JobWorker, WorkerEvents, WorkerExit, WorkerOptions, Workers } from '../../edges/workers.ts'
import type { Random } from '../../lib/random.ts'
import type { Signal } from '../../lib/signal.ts'
import { VirtualWorker } from './virtual-worker.ts'

export type ModuleExports = Readonly<Record<string, unknown>>

/** What a module of a virtual thread has instead of a machine. */
export interface ModuleSurroundings {
  /** Ends with the thread. */
  readonly clock: Clock
  readonly random: Random
  /** Of the thread. */
  readonly name: string
  /** What `jobSignal` is on a host, but to be asked before the job's first `await`. */
  readonly jobSignal: () => Signal | undefined
  /** Ends the thread, as `process.exit` does there. */
  readonly exit: (code: number) => void
}

export type ModuleFactory = (surroundings: ModuleSurroundings) => ModuleExports | Promise<ModuleExports>

/** By URL, or by the end of its path. */
export type Modules = Readonly<Record<string, ModuleFactory>>

export interface VirtualWorkersOptions {
  /** Of the member's life: the timers of one that has ended never fire. */
  readonly clock: Clock
  readonly random: Random
  readonly modules: Modules
  /** How long a thread takes to start. Default 0. */
  readonly startMs?: number
  /** Drawn for each job: how long it keeps its thread busy. Default 0. */
  readonly drawJobMs?: () => number
}

export class VirtualWorkers implements Workers {
  readonly #options: VirtualWorkersOptions
  readonly #live = new Set<VirtualWorker>()

  constructor(options: VirtualWorkersOptions) {
    this.#options = options
  }

  get liveCount(): number {
    return this.#live.size
  }

  start({ name }: WorkerOptions, events: WorkerEvents): JobWorker {
    const worker = new VirtualWorker(name, this.#options, {
      onReady: () => events.onReady(),
      onResult: (id, status, reply) => events.onResult(id, status, reply),
      onModule: (url) => events.onModule(url),
      onExit: (reason, detail) => {
        this.#live.delete(worker)
        events.onExit(reason, detail)
      },
    })
    this.#live.add(worker)
    return worker
  }

  /** A fault: ends a drawn thread in the middle of whatever it does. False: there is none. */
  endOne(reason: WorkerExit, detail: string): boolean {
    const worker = [...this.#live][this.#options.random.below(Math.max(1, this.#live.size))]
    worker?.end(reason, detail)
    return worker !== undefined
  }
}

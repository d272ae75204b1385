/**
 * A simulated computer whose tasks compute and wait for devices, as the scheduler's machine says which of them runs.
 *
 * It is what an operating system is to the machine: it carries out `run` and `idle`, knows when a burst is over, and tells the
 * machine what tasks do. Devices serve everybody at once. Switching costs nothing. A burst that ends at the very moment at
 * which its turn does has ended.
 */
import type { Call, Outcome } from '../../protocols/scheduling/messages.ts'
import type { Doing } from '../../protocols/scheduling/schedule.ts'

export interface ComputerParts {
  readonly nowMs: () => number
  submit(call: Call): void
  after(delayMs: number, run: () => void): void
  /** Undefined: it has ended. */
  onDoing(task: number, doing: Doing | undefined, core: number): void
  onRefused(outcome: Extract<Outcome, { readonly kind: 'refused' }>): void
}

export interface ComputerTask {
  readonly task: number
  readonly process: number
  readonly priority: number
  readonly tickets: number
  /** Computing, waiting, computing… */
  readonly bursts: readonly number[]
  /** Whether the scheduler is told how long they are. */
  readonly isLengthKnown: boolean
}

interface Progress {
  readonly task: ComputerTask
  burst: number
  leftMs: number
  /** -1: it does not run. */
  core: number
  sinceMs: number
  /** Grows whenever it is given a core or loses it: what was planned before does not count any more. */
  turn: number
}

/** Times are sums of fractions. */
const slackMs = 1e-6

export class SimulatedComputer {
  readonly #parts: ComputerParts
  readonly #tasks = new Map<number, Progress>()
  readonly #cores = new Map<number, Progress>()

  constructor(parts: ComputerParts) {
    this.#parts = parts
  }

  /** Those that have not ended. */
  get size(): number {
    return this.#tasks.size
  }

  /** At one moment. */
  arrive(tasks: readonly ComputerTask[]): void {
    const added = tasks.map((task) => {
      const progress = { task, burst: 0, leftMs: task.bursts[0] ?? 0, core: -1, sinceMs: 0, turn: 0 }
      this.#tasks.set(task.task, progress)
      this.#parts.onDoing(task.task, 'ready', -1)
      const { process, priority, tickets } = task
      return { task: task.task, process, priority, tickets, ...lengthOf(progress) }
    })
    this.#parts.submit({ kind: 'add', tasks: added })
  }

  onOutcome(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'run':
        return this.#run(outcome.task, outcome.core)
      case 'idle':
        return this.#stop(outcome.core)
      case 'refused':
        return this.#parts.onRefused(outcome)
    }
  }

  #run(task: number, core: number): void {
    this.#stop(core)
    const progress = this.#tasks.get(task)
    if (progress === undefined) return
    progress.core = core
    progress.sinceMs = this.#parts.nowMs()
    this.#cores.set(core, progress)
    this.#parts.onDoing(task, 'running', core)
    this.#endLater(progress, progress.leftMs)
  }

  /** Its core is taken from whoever runs there; it is ready. */
  #stop(core: number): void {
    const progress = this.#cores.get(core)
    if (progress === undefined) return
    this.#release(progress)
    this.#parts.onDoing(progress.task.task, 'ready', -1)
    if (progress.leftMs <= slackMs) this.#endLater(progress, 0)
  }

  #release(progress: Progress): void {
    if (progress.core === -1) return
    progress.leftMs -= this.#parts.nowMs() - progress.sinceMs
    progress.turn++
    this.#cores.delete(progress.core)
    progress.core = -1
  }

  #endLater(progress: Progress, delayMs: number): void {
    const turn = ++progress.turn
    this.#parts.after(Math.max(0, delayMs), () => {
      if (progress.turn === turn) this.#onBurstEnded(progress)
    })
  }

  #onBurstEnded(progress: Progress): void {
    const { task, bursts } = progress.task
    this.#release(progress)
    progress.turn++
    const waitMs = bursts[progress.burst + 1]
    if (waitMs === undefined) {
      this.#tasks.delete(task)
      this.#parts.onDoing(task, undefined, -1)
      return this.#parts.submit({ kind: 'end', task })
    }
    progress.burst += 2
    progress.leftMs = bursts[progress.burst] ?? 0
    this.#parts.onDoing(task, 'blocked', -1)
    this.#parts.submit({ kind: 'block', task })
    this.#parts.after(waitMs, () => {
      this.#parts.onDoing(task, 'ready', -1)
      this.#parts.submit({ kind: 'unblock', task, ...lengthOf(progress) })
    })
  }
}

function lengthOf({ task, leftMs }: Progress): { readonly burstMs?: number } {
  return task.isLengthKnown ? { burstMs: leftMs } : {}
}

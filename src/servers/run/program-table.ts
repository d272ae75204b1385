/**
 * The programs that a member runs for others, each an object with a number.
 *
 * A program belongs to the member that started it and is killed when that is gone, unless it was started detached.
 * What it prints is kept up to a bound and then it waits, as with any pipe, until somebody reads. Programs that ended
 * stay for a while, so that their exit status and the rest of their output can still be had.
 */
import type { Clock } from '../../edges/clock.ts'
import type { ChildProcess, Processes, ProcessSpec } from '../../edges/processes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import { RunningProgram } from './running-program.ts'

export const programsRunningMax = 256
/** Ended programs that are kept; the one that ended first is forgotten first. */
export const programsEndedMax = 64

export interface ProgramSpec extends ProcessSpec {
  readonly owner: Address
  readonly detached: boolean
}

export class ProgramTable {
  readonly #processes: Processes
  readonly #clock: Clock
  readonly #programs = new Map<number, RunningProgram>()
  #ended: number[] = []
  #starting = 0
  #count = 0
  #isClosed = false

  constructor(processes: Processes, clock: Clock) {
    this.#processes = processes
    this.#clock = clock
  }

  /** @throws CardumenError `process-failed`; `try-again` over `programsRunningMax`. */
  async start(spec: ProgramSpec): Promise<{ readonly number: number; readonly program: RunningProgram }> {
    if (this.runningCount >= programsRunningMax)
      throw new CardumenError('try-again', `${programsRunningMax} programs run here already.`)
    const number = ++this.#count
    const program = new RunningProgram(spec, this.#clock.wallMs(), () => this.#onEnded(number))
    this.#starting++
    let child: ChildProcess
    try {
      child = await this.#processes.start(spec, program)
    } finally {
      this.#starting--
    }
    program.begin(child)
    this.#programs.set(number, program)
    if (this.#isClosed) this.release(number)
    else if (program.status !== undefined) this.#onEnded(number)
    return { number, program }
  }

  /** @throws CardumenError `process-unknown`. */
  get(number: number): RunningProgram {
    const program = this.#programs.get(number)
    if (program === undefined)
      throw new CardumenError('process-unknown', 'The process has ended and was forgotten, or never was here.')
    return program
  }

  entries(): readonly (readonly [number: number, program: RunningProgram])[] {
    return [...this.#programs]
  }

  get runningCount(): number {
    return this.#programs.size - this.#ended.length + this.#starting
  }

  release(number: number): void {
    const program = this.#programs.get(number)
    program?.end()
    this.#programs.delete(number)
    this.#ended = this.#ended.filter((each) => each !== number)
  }

  onMemberParted(address: Address): void {
    for (const [number, { spec }] of this.#programs) {
      if (spec.owner === address && !spec.detached) this.release(number)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const number of [...this.#programs.keys()]) this.release(number)
  }

  #onEnded(number: number): void {
    if (!this.#programs.has(number) || this.#ended.includes(number)) return
    this.#ended.push(number)
    const oldest = this.#ended.length > programsEndedMax ? this.#ended[0] : undefined
    if (oldest !== undefined) this.release(oldest)
  }
}

/**
 * The programs that a member runs for others, each an object with a number.
 *
 * A program belongs to the member that started it and is killed when that is gone, unless it was started detached.
 * What it prints is kept up to a bound and then it waits, as with any pipe, until somebody reads. Programs that ended
 * stay for a while, so that their exit status and the rest of their output can still be had: first those go of which
 * nothing is left to read; one that must go with output left fails its reader, who would else take it for the end.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Processes, ProcessSpec } from '../../edges/processes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import { RunningProgram } from './running-program.ts'

export const programsRunningMax = 256
/** Ended programs that are kept though all their output is read; the one that ended first is forgotten first. */
export const programsEndedMax = 64
/** Ended programs that are kept because somebody may still read their output. */
export const programsUnreadMax = 256
/** Output of ended programs that nobody has read, over all of them. */
export const unreadBytesMax = 67_108_864

export interface ProgramSpec extends ProcessSpec {
  readonly owner: Address
  readonly detached: boolean
}

/** A program whose process is about to be. */
interface Beginning {
  readonly spec: ProgramSpec
  isOwnerGone: boolean
}

export class ProgramTable {
  readonly #processes: Processes
  readonly #clock: Clock
  readonly #programs = new Map<number, RunningProgram>()
  #ended: number[] = []
  readonly #beginnings = new Set<Beginning>()
  #count = 0
  #isClosed = false

  constructor(processes: Processes, clock: Clock) {
    this.#processes = processes
    this.#clock = clock
  }

  /**
   * A program that nobody wants any more by the time that it runs is killed.
   * @param signal - of the caller.
   * @throws CardumenError `process-failed`; `try-again` over `programsRunningMax`; `cancelled`; `closed`.
   */
  async start(
    spec: ProgramSpec,
    signal: Signal,
  ): Promise<{ readonly number: number; readonly program: RunningProgram }> {
    if (this.runningCount >= programsRunningMax)
      throw new CardumenError('try-again', `${programsRunningMax} programs run here already.`)
    const number = ++this.#count
    const program = new RunningProgram(spec, this.#clock.wallMs(), () => this.#onEnded(number))
    const isOwnerGone = await this.#begin(spec, program)
    if (this.#isClosed || isOwnerGone || signal.aborted) {
      program.end()
      throw this.#isClosed
        ? new CardumenError('closed', 'The member closed; the program was ended as it began.', { executed: 'yes' })
        : new CardumenError('cancelled', 'The program was given up and ended as it began.', { executed: 'yes' })
    }
    this.#programs.set(number, program)
    if (program.status !== undefined) this.#onEnded(number)
    return { number, program }
  }

  /** @throws CardumenError `process-unknown`. */
  get(number: number): RunningProgram {
    const program = this.#programs.get(number)
    if (program === undefined)
      throw new CardumenError('process-unknown', 'The process has ended and was forgotten, or never was here.')
    return program
  }

  has(number: number): boolean {
    return this.#programs.has(number)
  }

  entries(): readonly (readonly [number: number, program: RunningProgram])[] {
    return [...this.#programs]
  }

  get runningCount(): number {
    return this.#programs.size - this.#ended.length + this.#beginnings.size
  }

  release(number: number): void {
    const program = this.#programs.get(number)
    program?.end()
    this.#programs.delete(number)
    this.#ended = this.#ended.filter((each) => each !== number)
  }

  onMemberParted(address: Address): void {
    for (const beginning of this.#beginnings) if (isLeftBehind(beginning.spec, address)) beginning.isOwnerGone = true
    for (const [number, { spec }] of this.#programs) if (isLeftBehind(spec, address)) this.release(number)
  }

  close(): void {
    this.#isClosed = true
    for (const number of [...this.#programs.keys()]) this.release(number)
  }

  /** True: its owner went meanwhile. */
  async #begin(spec: ProgramSpec, program: RunningProgram): Promise<boolean> {
    const beginning: Beginning = { spec, isOwnerGone: false }
    this.#beginnings.add(beginning)
    try {
      program.begin(await this.#processes.start(spec, program))
    } finally {
      this.#beginnings.delete(beginning)
    }
    return beginning.isOwnerGone
  }

  #onEnded(number: number): void {
    if (!this.#programs.has(number) || this.#ended.includes(number)) return
    this.#ended.push(number)
    for (;;) {
      const dispensable = this.#dispensable()
      if (dispensable === undefined) return
      this.release(dispensable)
    }
  }

  /** The ended program to forget next; undefined while there is room for all. */
  #dispensable(): number | undefined {
    const unread = this.#ended.filter((number) => this.get(number).hasOutputLeft)
    const unreadBytes = unread.reduce((sum, number) => sum + this.get(number).outputBytes, 0)
    if (unread.length > programsUnreadMax || unreadBytes > unreadBytesMax) return unread[0]
    if (this.#ended.length - unread.length <= programsEndedMax) return undefined
    return this.#ended.find((number) => !this.get(number).hasOutputLeft)
  }
}

function isLeftBehind(spec: ProgramSpec, parted: Address): boolean {
  return spec.owner === parted && !spec.detached
}

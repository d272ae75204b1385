/**
 * What the program of a simulation holds: the members, the time, and everything that can be done to them.
 *
 * It is handed to the function that `simulate` is given, which plays the part of the world outside: it lets clients
 * act, orders faults, and checks claims. That function lives in virtual time too, but on no member: nothing crashes
 * it. The members' own programs get a `System` and a `Life` and know nothing of this.
 */
import type { Disk } from '../../edges/disk.ts'
import type { Random } from '../../lib/random.ts'
import type { System } from '../../servers/system.ts'
import type { HistoryRecorder } from '../checkers/history-recorder.ts'
import type { Fault } from '../faults/fault.ts'
import type { Violation } from '../scenario.ts'

export interface World {
  readonly seed: number
  /** Of all members, whether up or not. */
  readonly names: readonly string[]
  /** The script of this run, for claims that depend on what may have happened. */
  readonly faults: readonly Fault[]
  /** How long faults may go on: what the clients' work should last. */
  readonly durationMs: number
  /** Virtual milliseconds since all members were ready for the first time. */
  readonly nowMs: number
  readonly random: Random
  /** The system of the member's present life. @throws CardumenError `member-died` while it is down. */
  system(name: string): System
  isUp(name: string): boolean
  /**
   * Runs something on a member, as a part of its program.
   * @throws CardumenError `member-died`, executed `no` where it was down, `unknown` where that life ends meanwhile.
   */
  on<Result>(name: string, run: (system: System, life: Life) => Promise<Result> | Result): Promise<Result>
  sleep(ms: number): Promise<void>
  /** @throws CardumenError `timed-out` where the condition does not come true. Looks every virtual millisecond. */
  until(condition: () => boolean, options: { readonly withinMs: number; readonly what?: string }): Promise<void>
  /** Until the script's last fault is over and every member is up and ready. @throws CardumenError `timed-out`. */
  calm(options?: { readonly withinMs?: number }): Promise<void>
  /** Puts a fault in force now; what is returned lifts it. Its `atMs` counts from now. */
  inject(fault: Fault): () => void
  crash(name: string, how?: 'process' | 'machine'): void
  /** Resolves when the new life is ready. */
  restart(name: string): Promise<System>
  pause(name: string): void
  resume(name: string): void
  /** No message passes between the two sides, until what is returned is called. */
  partition(side: readonly string[], otherSide: readonly string[]): () => void
  /** A history that checkers understand; its operations count as checked. */
  history(): HistoryRecorder
  /** Notes what a checker found; the run goes on, and fails in the end. */
  check(result: { readonly holds: boolean | undefined } & Partial<Violation>): void
  /** The same for a claim that is checked here. */
  expect(holds: boolean, claim: string, text: string): void
}

/** One life of a member, as its program sees it. */
export interface Life {
  readonly name: string
  /** From 1. */
  readonly number: number
  /** What earlier lives synced is still there. */
  readonly disk: Disk
}

/** Runs at the start of every life, and resolves when the member is ready; what it leaves running is its own affair. */
export type MemberProgram = (system: System, life: Life) => Promise<void> | void

/** The function that acts on the world, and checks it. A rejection fails the run. */
export type Director = (world: World) => Promise<void>

/**
 * A scenario: a system, what its members do, and what must be true of it, which one seed runs in one way only.
 *
 * Machines alone and whole members are run by different worlds; to the search over seeds, the shrinking, the replay
 * and the command line they are all scenarios. A `Plan` decides a run completely: two runs of one plan give the same
 * trace, byte for byte. Types only.
 */
import type { TraceHook } from '../edges/trace.ts'
import type { Fault, FaultKind } from './faults/fault.ts'

export interface Scenario {
  /** kebab-case; how the command line calls it. */
  readonly name: string
  /** One sentence: what runs, and what is checked. */
  readonly about: string
  readonly members: { readonly min: number; readonly usual: number; readonly max: number }
  /** Default m1, m2…; a plan with fewer members takes the first ones. */
  readonly names?: readonly string[]
  /** Virtual; of the work, without the quiet time after it in which progress is checked. */
  readonly durationMs: number
  /** What can be ordered in it; a swarm draws from these. */
  readonly faultKinds: readonly FaultKind[]
  /** Rejects only where the plan cannot be run at all; what goes wrong in it is a violation. */
  run(plan: Plan, surroundings: Surroundings): Promise<Report>
}

export interface Plan {
  readonly seed: number
  readonly members: number
  readonly durationMs: number
  readonly faults: readonly Fault[]
}

/** What a run needs of the real world, and who looks on. */
export interface Surroundings {
  /**
   * Runs `run` once every promise at hand has settled: `setImmediate`, or a message to oneself in a browser. Several are
   * asked for at once; they run in that order, and promises settle between each two of them.
   */
  readonly macrotask: Macrotask
  /** Where programs of users run: they refuse what is of the real world, and remember it. */
  readonly guards?: WorldGuards
  /**
   * Tells of promises of the simulated world that are rejected while nobody waits for them, until what it returns is
   * called; they fail the run. Without it they are the host's affair.
   */
  readonly onStray?: (tell: StrayListener) => () => void
  /** Every step of every machine, and every fault, in the order of the run; costs time. */
  readonly onTrace?: TraceHook
}

/** `label`: of the guards, whose code it was. */
export type StrayListener = (error: unknown, label: string | undefined) => void

export interface WorldGuards {
  /** Runs what belongs to the simulated world; `label` says to whom. */
  run<Result>(label: string, inside: () => Result): Result
  /** Of the code that runs now; undefined outside of the simulated world that these guard. */
  labelNow(): string | undefined
  /** What was refused since `forget`; the first ones, where there are many. */
  readonly touched: readonly Error[]
  /** A run begins: what was refused before it was refused to another. */
  forget(): void
}

export type Macrotask = (run: () => void) => void

export interface Report {
  /** Empty: everything that was checked holds. */
  readonly violations: readonly Violation[]
  readonly virtualMs: number
  readonly events: number
  /** Operations of histories that were checked, or invariants of states. */
  readonly checked: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Of everything that happened, in its order: equal for two runs of one plan. 16 hexadecimal digits. */
  readonly digest: string
}

export interface Violation {
  /** Which claim is broken: `at-most-once`, `linearizable`, `progress`… Shrinking keeps it. */
  readonly claim: string
  /** What happened, for people; may have several lines. */
  readonly text: string
}

/** Names of the members of a plan. */
export function memberNames(count: number, names?: readonly string[]): readonly string[] {
  return names?.slice(0, count) ?? Array.from({ length: count }, (_, index) => `m${index + 1}`)
}

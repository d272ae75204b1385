/**
 * What a scheduling rule decides: in which order ready tasks run, for how long, and who takes a core from whom.
 *
 * The machine around it knows tasks, cores and timers; a rule knows only its order. `rules.ts` has all of them by name.
 * Types only.
 */
import type { Random } from '../../lib/random.ts'
import type { State, Task } from './state.ts'

/** Why a task is ready: it is new, its wait is over, it gave way, its turn is over, or somebody more urgent took its core. */
export type Entry = 'added' | 'woken' | 'yielded' | 'expired' | 'preempted'

export interface Rule {
  /** One sentence: what it does. */
  readonly about: string
  /** One sentence: whether a ready task may wait for ever, and when not. */
  readonly starvation: string
  /** Whoever becomes ready may take the core of whoever runs. */
  readonly isPreemptive: boolean
  /** What a task has used of its turn counts on after it has yielded or blocked. */
  readonly isTurnKept: boolean
  put(state: State, task: Task, why: Entry): void
  peek(state: State): Task | undefined
  take(state: State, random: Random): Task | undefined
  remove(state: State, task: Task): void
  /** How urgent a ready or running task is now; the smaller goes before. Asked only of preemptive rules. */
  rank(task: Task, nowMs: number): number
  /** Infinity: it runs for as long as it likes. */
  quantumMs(state: State, task: Task): number
  /** Its priority or its tickets have changed. A ready one moves where its place depends on them; else it keeps it. */
  onAdjusted(state: State, task: Task): void
  /** How often `age` is to be called; Infinity: never. */
  ageEveryMs(state: State): number
  age(state: State, nowMs: number): void
}

/**
 * What the scheduler of one computer remembers. Plain data: it can be cloned and looked at.
 *
 * Memory is bounded by `tasksMax`. Times are those of `context.now`; the machine measures with them how much of its turn a
 * task has used, and decides nothing else by them.
 */
import type { RuleName } from './messages.ts'
import { emptyLevels, type ReadyLevels } from './ready-levels.ts'

export interface Settings {
  readonly rule: RuleName
  readonly cores: number
  /** A turn, by the rules that slice time. */
  readonly quantumMs: number
  /** Absolute priorities above it are not time-sliced (rule `chorus`). */
  readonly sliceThreshold: number
  /** Of a process of which nothing was said. */
  readonly processPriority: number
  /** Whoever has waited so long goes up by one, and again (rules `priority`, `chorus`). Infinity: nobody ages. */
  readonly ageingMs: number
  /** Queues of the rule `feedback`; the turn doubles from one to the next. */
  readonly feedbackLevels: number
  /** So often everybody goes back to its first queue; Infinity: never. */
  readonly boostMs: number
  /** What a burst is guessed to last where nothing is known of its task. */
  readonly burstGuessMs: number
  /**
   * `at-once`: whoever goes before takes the core, and turns are ended by timers. `at-offers`: a task is stopped only where
   * it offers, as where tasks run in one thread.
   */
  readonly preemption: 'at-once' | 'at-offers'
  /** A further task is refused; so is a further process. */
  readonly tasksMax: number
}

/** The greatest absolute priority. */
export const priorityMax = 255
export const ticketsMax = 1_000_000

export const defaultSettings: Settings = {
  rule: 'chorus',
  cores: 1,
  quantumMs: 10,
  sliceThreshold: 127,
  processPriority: 64,
  ageingMs: Number.POSITIVE_INFINITY,
  feedbackLevels: 4,
  boostMs: 1_000,
  burstGuessMs: 10,
  preemption: 'at-once',
  tasksMax: 100_000,
}

export interface Task {
  readonly id: number
  readonly process: number
  /** Relative to its process. */
  relative: number
  /** Absolute. */
  priority: number
  tickets: number
  status: 'ready' | 'running' | 'blocked'
  /** Where it runs; -1: nowhere. */
  core: number
  /** Grows with each entry among the ready ones: who came first. */
  order: number
  /** Of the rules with levels: the queue that it is in, or was last; 0 goes first. */
  level: number
  /** Of the rules that sort: the smallest goes first. */
  key: number
  /** How long its burst is, or is guessed to be. */
  burstMs: number
  isBurstKnown: boolean
  /** Of its burst. */
  ranMs: number
  /** Of its turn. */
  usedMs: number
  /** By stride: how much of its share it has had. */
  pass: number
  startedMs: number
  readySinceMs: number
}

export interface State {
  readonly settings: Settings
  readonly tasks: Map<number, Task>
  readonly processes: Map<number, { priority: number; tasks: number }>
  /** Who runs on each core. */
  readonly cores: (Task | undefined)[]
  /** The ready ones are in one of the two, as the rule has it. */
  readonly levels: ReadyLevels
  readonly heap: Task[]
  ready: number
  /** Of entries among the ready ones. */
  entries: number
  /** By stride: of whoever was chosen last. */
  pass: number
  isAgeing: boolean
}

export function initialState(given: Partial<Settings> = {}): State {
  const settings = { ...defaultSettings, ...given }
  return {
    settings,
    tasks: new Map(),
    processes: new Map(),
    cores: new Array<Task | undefined>(settings.cores).fill(undefined),
    levels: emptyLevels(levelsOf(settings)),
    heap: [],
    ready: 0,
    entries: 0,
    pass: 0,
    isAgeing: false,
  }
}

function levelsOf({ rule, feedbackLevels }: Settings): number {
  if (rule === 'priority' || rule === 'chorus') return priorityMax + 1
  return rule === 'feedback' ? feedbackLevels : 1
}

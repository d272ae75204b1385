/**
 * A schedule as it was: who ran when and where, who waited, who was blocked. Plain data that any driver of the machine writes
 * down while it runs, that `gantt.ts` draws and `figures.ts` sums up.
 *
 * The sums of each task are kept beside the stretches, so that they stay right where there are more stretches than are
 * kept. Times are the driver's, in milliseconds; they never go back.
 */

export type Doing = 'running' | 'ready' | 'blocked'

export interface Stretch {
  readonly task: number
  readonly doing: Doing
  /** -1: on none. */
  readonly core: number
  readonly fromMs: number
  readonly untilMs: number
}

export interface TaskRecord {
  readonly task: number
  readonly name: string
  readonly arrivedMs: number
  /** Undefined: it has not run yet. */
  firstRanMs: number | undefined
  /** Undefined: it has not ended yet. */
  endedMs: number | undefined
  runningMs: number
  readyMs: number
  blockedMs: number
  /** How often it was given a core. */
  switches: number
  doing: Doing
  core: number
  sinceMs: number
}

export interface Schedule {
  readonly stretchesMax: number
  readonly tasks: Map<number, TaskRecord>
  readonly stretches: Stretch[]
  /** Stretches and tasks that came when the schedule was full. */
  dropped: number
  fromMs: number
  untilMs: number
}

/** Of which a schedule keeps a record. */
export const recordedTasksMax = 10_000
export const stretchesMaxUsual = 100_000

export function emptySchedule(stretchesMax = stretchesMaxUsual): Schedule {
  return { stretchesMax, tasks: new Map(), stretches: [], dropped: 0, fromMs: Number.NaN, untilMs: 0 }
}

/** It is ready from now on. */
export function recordArrival(schedule: Schedule, task: number, name: string, atMs: number): void {
  moveTo(schedule, atMs)
  if (schedule.tasks.size >= recordedTasksMax) {
    schedule.dropped++
    return
  }
  schedule.tasks.set(task, {
    ...{ task, name, arrivedMs: atMs, firstRanMs: undefined, endedMs: undefined },
    ...{ runningMs: 0, readyMs: 0, blockedMs: 0, switches: 0, doing: 'ready', core: -1, sinceMs: atMs },
  })
}

/** Harmless where it does that already, and for a task that is not recorded. */
export function recordDoing(schedule: Schedule, task: number, doing: Doing, core: number, atMs: number): void {
  const record = schedule.tasks.get(task)
  if (record === undefined || record.endedMs !== undefined) return
  if (record.doing === doing && record.core === core) return
  close(schedule, record, atMs)
  if (doing === 'running') {
    record.firstRanMs ??= atMs
    record.switches++
  }
  record.doing = doing
  record.core = core
}

export function recordEnd(schedule: Schedule, task: number, atMs: number): void {
  const record = schedule.tasks.get(task)
  if (record === undefined || record.endedMs !== undefined) return
  close(schedule, record, atMs)
  record.endedMs = atMs
}

/** What goes on now is written down until then. To be called before a schedule is read in the middle of a run. */
export function recordUntil(schedule: Schedule, atMs: number): void {
  moveTo(schedule, atMs)
  for (const record of schedule.tasks.values()) if (record.endedMs === undefined) close(schedule, record, atMs)
}

function close(schedule: Schedule, record: TaskRecord, atMs: number): void {
  moveTo(schedule, atMs)
  const { task, doing, core, sinceMs: fromMs } = record
  record[`${doing}Ms`] += atMs - fromMs
  record.sinceMs = atMs
  if (atMs === fromMs) return
  if (schedule.stretches.length < schedule.stretchesMax)
    schedule.stretches.push({ task, doing, core, fromMs, untilMs: atMs })
  else schedule.dropped++
}

function moveTo(schedule: Schedule, atMs: number): void {
  if (Number.isNaN(schedule.fromMs)) schedule.fromMs = atMs
  schedule.untilMs = Math.max(schedule.untilMs, atMs)
}

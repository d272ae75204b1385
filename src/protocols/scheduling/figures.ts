/**
 * What a schedule was worth: for each task how long it took, waited and was blocked, and the means that textbooks compare.
 *
 * Turnaround is from arrival to end, waiting the time in which it was ready and did not run, response from arrival to the first
 * time that it ran. Means are over the tasks that have ended. Tasks are in
 * the order of their numbers.
 */
import type { Schedule, TaskRecord } from './schedule.ts'

export interface TaskFigures {
  readonly name: string
  readonly arrivedMs: number
  readonly endedMs: number | undefined
  readonly turnaroundMs: number | undefined
  readonly waitingMs: number
  readonly responseMs: number | undefined
  readonly runningMs: number
  readonly blockedMs: number
  readonly switches: number
}

export interface ScheduleFigures {
  readonly tasks: readonly TaskFigures[]
  readonly ended: number
  /** NaN: none has ended. */
  readonly turnaroundMeanMs: number
  readonly waitingMeanMs: number
  readonly responseMeanMs: number
  readonly switches: number
}

export function figuresOf(schedule: Schedule): ScheduleFigures {
  const records = [...schedule.tasks.values()].toSorted((one, other) => one.task - other.task)
  const tasks = records.map(taskFigures)
  const ended = tasks.filter((task) => task.endedMs !== undefined)
  const mean = (of: (task: TaskFigures) => number | undefined): number =>
    ended.reduce((sum, task) => sum + (of(task) ?? 0), 0) / ended.length
  return {
    tasks,
    ended: ended.length,
    turnaroundMeanMs: mean((task) => task.turnaroundMs),
    waitingMeanMs: mean((task) => task.waitingMs),
    responseMeanMs: mean((task) => task.responseMs),
    switches: tasks.reduce((sum, task) => sum + task.switches, 0),
  }
}

function taskFigures(record: TaskRecord): TaskFigures {
  const { name, arrivedMs, endedMs, firstRanMs, readyMs: waitingMs, runningMs, blockedMs, switches } = record
  const turnaroundMs = endedMs === undefined ? undefined : endedMs - arrivedMs
  const responseMs = firstRanMs === undefined ? undefined : firstRanMs - arrivedMs
  return { name, arrivedMs, endedMs, turnaroundMs, waitingMs, responseMs, runningMs, blockedMs, switches }
}

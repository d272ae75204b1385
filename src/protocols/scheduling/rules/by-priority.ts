/**
 * Rules with a queue for each absolute priority, that of the process plus that of the task relative to it.
 *
 * `priority` runs the most urgent one. `chorus` (the kernel of that name; Rozier and others, 1988) does so too, but tells
 * two kinds apart: above a threshold nobody is time-sliced, and below it equals take turns. Whoever is taken the core goes to
 * the front of its queue and has the rest of its turn later. With ageing, whoever waits goes up a level at a time, by `chorus`
 * never above the threshold, and has one turn there; then it is back where it belongs.
 */
import { enterLevel, leaveLevel, peekFirst, takeFirst } from '../ready-levels.ts'
import type { Rule } from '../rule.ts'
import { priorityMax, type State, type Task } from '../state.ts'

const byPriority = {
  isPreemptive: true,
  isTurnKept: false,
  put: (state, task, why) => {
    if (why !== 'preempted') task.level = ownLevel(task)
    enterLevel(state.levels, task, why === 'preempted')
  },
  peek: (state) => peekFirst(state.levels),
  take: (state) => takeFirst(state.levels),
  remove: (state, task) => leaveLevel(state.levels, task),
  rank: (task) => task.level,
  onAdjusted: (state, task) => {
    if (task.level === ownLevel(task)) return
    if (task.status === 'ready') leaveLevel(state.levels, task)
    task.level = ownLevel(task)
    if (task.status === 'ready') enterLevel(state.levels, task, false)
  },
  ageEveryMs: (state) => state.settings.ageingMs,
} satisfies Partial<Rule>

export const fixedPriority: Rule = {
  ...byPriority,
  about: 'the most urgent ready task runs, until it blocks, yields or ends, or somebody more urgent becomes ready',
  starvation:
    'The less urgent may starve for ever; with ageingMs nobody does, unless one of the greatest priority never stops.',
  quantumMs: (state, task) => (isLifted(task) ? state.settings.quantumMs : Number.POSITIVE_INFINITY),
  age: (state, nowMs) => lift(state, nowMs, priorityMax),
}

export const chorus: Rule = {
  ...byPriority,
  about:
    'the most urgent ready task runs; above the threshold it is not time-sliced, below it equals take turns of a quantum',
  starvation:
    'The less urgent may starve for ever; with ageingMs nobody does, unless one above the threshold never stops.',
  quantumMs: (state, task) =>
    task.priority > state.settings.sliceThreshold ? Number.POSITIVE_INFINITY : state.settings.quantumMs,
  age: (state, nowMs) => lift(state, nowMs, state.settings.sliceThreshold),
}

function ownLevel(task: Task): number {
  return priorityMax - task.priority
}

function isLifted(task: Task): boolean {
  return task.level < ownLevel(task)
}

function lift(state: State, nowMs: number, priorityTop: number): void {
  for (const task of state.tasks.values()) {
    if (task.status !== 'ready' || task.priority >= priorityTop) continue
    const steps = Math.floor((nowMs - task.readySinceMs) / state.settings.ageingMs)
    const level = priorityMax - Math.min(priorityTop, task.priority + steps)
    if (level >= task.level) continue
    leaveLevel(state.levels, task)
    task.level = level
    enterLevel(state.levels, task, false)
  }
}

/**
 * The multilevel feedback queue (Corbató and others, 1962): tasks show by what they do where they belong.
 *
 * Everybody begins in the first queue. Whoever has used up the turn of its queue, at once or in pieces, goes down one, where
 * turns are twice as long; so what computes sinks, and what waits for people stays on top. Every `boostMs` all are lifted to
 * the first queue, so that what sank is not forgotten, and what has changed is noticed.
 */
import { enterLevel, leaveLevel, peekFirst, takeFirst } from '../ready-levels.ts'
import type { Rule } from '../rule.ts'
import type { State, Task } from '../state.ts'

export const feedback: Rule = {
  about: 'new tasks are in the first queue; who uses up its turn goes down one, where turns are twice as long',
  starvation: 'Nobody starves: every boostMs all go back to the first queue, where they take turns.',
  isPreemptive: true,
  isTurnKept: true,
  put: (state, task, why) => {
    if (task.usedMs >= turnMs(state, task.level)) {
      task.level = Math.min(task.level + 1, state.settings.feedbackLevels - 1)
      task.usedMs = 0
    }
    enterLevel(state.levels, task, why === 'preempted')
  },
  peek: (state) => peekFirst(state.levels),
  take: (state) => takeFirst(state.levels),
  remove: (state, task) => leaveLevel(state.levels, task),
  rank: (task) => task.level,
  quantumMs: (state, task) => turnMs(state, task.level),
  onAdjusted: () => {},
  ageEveryMs: (state) => state.settings.boostMs,
  age: boost,
}

function turnMs(state: State, level: number): number {
  return state.settings.quantumMs * 2 ** level
}

/** Those of the lower queues come after those that are on top, the higher ones first. */
function boost(state: State, nowMs: number): void {
  const { queues } = state.levels
  for (const task of state.tasks.values()) {
    if (task.status === 'ready' || task.level === 0) continue
    lift(task)
    // What it has run until now was of its old turn.
    if (task.status === 'running') task.usedMs = task.startedMs - nowMs
  }
  for (const queue of queues.slice(1))
    for (let left = queue.count; left > 0; left--) {
      const task = queue.items[queue.head]
      if (task === undefined) break
      leaveLevel(state.levels, task)
      lift(task)
      enterLevel(state.levels, task, false)
    }
}

function lift(task: Task): void {
  if (task.level === 0) return
  task.level = 0
  task.usedMs = 0
}

/**
 * Rules that ask how long the next burst is: shortest job first, which gives the least mean waiting time of all that wait at
 * one moment (Smith, 1956), and shortest remaining time first, which also takes the core from a longer one.
 *
 * Where a length is not known it is guessed by the exponential average of earlier bursts: each new one counts half, and
 * the guess before it the other half.
 */
import { popHeap, pushHeap, removeFromHeap } from '../ready-heap.ts'
import type { Rule } from '../rule.ts'
import type { Task } from '../state.ts'

const byLength = {
  isTurnKept: false,
  starvation: 'Long bursts may starve for ever behind short ones that keep coming.',
  put: (state, task) => {
    task.key = remainingMs(task)
    pushHeap(state.heap, task)
  },
  peek: (state) => state.heap[0],
  take: (state) => popHeap(state.heap),
  remove: (state, task) => removeFromHeap(state.heap, task),
  quantumMs: () => Number.POSITIVE_INFINITY,
  onAdjusted: () => {},
  ageEveryMs: () => Number.POSITIVE_INFINITY,
  age: () => {},
} satisfies Partial<Rule>

export const shortest: Rule = {
  ...byLength,
  about: 'whoever has the shortest burst before it runs, to the end of that burst',
  isPreemptive: false,
  rank: () => 0,
}

export const shortestRemaining: Rule = {
  ...byLength,
  about: 'whoever has least of its burst left runs; one that becomes ready with less takes the core',
  isPreemptive: true,
  rank: (task, nowMs) => remainingMs(task) - (task.status === 'running' ? nowMs - task.startedMs : 0),
}

function remainingMs(task: Task): number {
  return Math.max(0, task.burstMs - task.ranMs)
}

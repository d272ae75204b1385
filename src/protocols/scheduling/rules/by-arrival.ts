/**
 * Rules with one queue: first come, first served; and round-robin (as in the Compatible Time-Sharing System, Corbató and
 * others, 1962), which is the same with turns.
 */
import { enterLevel, leaveLevel, peekFirst, takeFirst } from '../ready-levels.ts'
import type { Rule } from '../rule.ts'

const byArrival = {
  isPreemptive: false,
  isTurnKept: false,
  put: (state, task) => enterLevel(state.levels, task, false),
  peek: (state) => peekFirst(state.levels),
  take: (state) => takeFirst(state.levels),
  remove: (state, task) => leaveLevel(state.levels, task),
  rank: () => 0,
  onAdjusted: () => {},
  ageEveryMs: () => Number.POSITIVE_INFINITY,
  age: () => {},
} satisfies Partial<Rule>

export const firstCome: Rule = {
  ...byArrival,
  about: 'whoever became ready first runs, until it blocks, yields or ends',
  starvation: 'Nobody starves where every task blocks, yields or ends at some time; behind one that does not, all do.',
  quantumMs: () => Number.POSITIVE_INFINITY,
}

export const roundRobin: Rule = {
  ...byArrival,
  about: 'whoever became ready first runs, for one quantum, and goes to the end of the queue',
  starvation: 'Nobody starves: among n tasks a ready one waits at most n - 1 quanta.',
  quantumMs: (state) => state.settings.quantumMs,
}

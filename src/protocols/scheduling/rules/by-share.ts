/**
 * Rules that deal out shares by tickets: the lottery (Waldspurger and Weihl, 1994) and stride (Waldspurger, 1995).
 *
 * The lottery draws a ticket for each turn: shares are right on the average, and it takes no memory. Stride deals the same
 * shares without chance: each task has a pass that grows by what it ran divided by its tickets, and the smallest runs. Who
 * comes, or comes back, begins at the pass of the moment, so nobody saves up turns. Whoever gives up a turn half used is not
 * paid for the rest by the lottery (its authors' compensation tickets are left out).
 */
import type { Random } from '../../../lib/random.ts'
import { popHeap, pushHeap, removeFromHeap } from '../ready-heap.ts'
import { enterLevel, leaveLevel, markLevel, peekFirst } from '../ready-levels.ts'
import { at, type ReadyQueue, removeAt } from '../ready-queue.ts'
import type { Rule } from '../rule.ts'
import type { State, Task } from '../state.ts'

const byShare = {
  isPreemptive: false,
  isTurnKept: false,
  rank: () => 0,
  quantumMs: (state) => state.settings.quantumMs,
  onAdjusted: () => {},
  ageEveryMs: () => Number.POSITIVE_INFINITY,
  age: () => {},
} satisfies Partial<Rule>

export const lottery: Rule = {
  ...byShare,
  about: 'a ticket is drawn for each quantum; whose it is runs',
  starvation: 'Nobody starves but by chance: the longer a task waits, the less likely it is that it waits on.',
  put: (state, task) => enterLevel(state.levels, task, false),
  peek: (state) => peekFirst(state.levels),
  take: draw,
  remove: (state, task) => leaveLevel(state.levels, task),
}

export const stride: Rule = {
  ...byShare,
  about: 'whoever has had least for its tickets runs for one quantum',
  starvation: 'Nobody starves: whoever waits has the smallest pass when all others have had their share.',
  put: (state, task, why) => {
    task.pass = why === 'added' || why === 'woken' ? Math.max(task.pass, state.pass) : task.pass
    task.key = task.pass
    pushHeap(state.heap, task)
  },
  peek: (state) => state.heap[0],
  take: (state) => {
    const task = popHeap(state.heap)
    if (task !== undefined) state.pass = Math.max(state.pass, task.pass)
    return task
  },
  remove: (state, task) => removeFromHeap(state.heap, task),
}

function draw(state: State, random: Random): Task | undefined {
  const queue = state.levels.queues[0]
  if (queue === undefined || queue.count === 0) return undefined
  let ticket = random.below(ticketsOf(queue))
  let index = 0
  for (; index < queue.count - 1; index++) {
    ticket -= at(queue, index)?.tickets ?? 0
    if (ticket < 0) break
  }
  const task = removeAt(queue, index)
  markLevel(state.levels, 0)
  return task
}

function ticketsOf(queue: ReadyQueue): number {
  let sum = 0
  for (let index = 0; index < queue.count; index++) sum += at(queue, index)?.tickets ?? 0
  return sum
}

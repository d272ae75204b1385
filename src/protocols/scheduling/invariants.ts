/**
 * What must hold of the scheduler between two steps. Simulation holds every state against it.
 *
 * A sentence for each thing that does not hold. That the more urgent goes first is a claim of its own rules, and checked here
 * where a rank does not change with time.
 */
import { rules } from './rules.ts'
import type { State } from './state.ts'

export function brokenInvariants(state: State): string[] {
  const { settings, tasks, cores, levels, heap, ready } = state
  const broken: string[] = []
  const expect = (holds: boolean, text: string): void => {
    if (!holds) broken.push(text)
  }
  const queued = levels.queues.reduce((sum, queue) => sum + queue.count, heap.length)
  const all = [...tasks.values()]
  const running = all.filter((task) => task.status === 'running')
  expect(tasks.size <= settings.tasksMax, 'more tasks are known than its bound')
  expect(queued === ready, `${queued} tasks are queued, and ${ready} are counted as ready`)
  expect(all.filter((task) => task.status === 'ready').length === ready, 'a ready task is not queued')
  expect(running.length === cores.filter((task) => task !== undefined).length, 'a task runs twice, or nowhere')
  for (const task of running) expect(cores[task.core] === task, `task ${task.id} is not on the core where it runs`)
  expect(ready === 0 || !cores.includes(undefined), 'a core is idle while a task is ready')
  expect(isOrdered(state), 'a task waits behind one that is less urgent')
  return broken
}

function isOrdered(state: State): boolean {
  const { settings, cores } = state
  const rule = rules[settings.rule]
  const first = rule.peek(state)
  const isRanked = rule.isPreemptive && settings.preemption === 'at-once' && settings.rule !== 'shortest-remaining'
  if (!isRanked || first === undefined) return true
  return cores.every((task) => task === undefined || rule.rank(task, 0) <= rule.rank(first, 0))
}

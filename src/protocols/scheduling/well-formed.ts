/**
 * Which calls the scheduler takes: numbers that make sense, and no more tasks than it has room for.
 */
import type { NewTask, RefusalReason } from './messages.ts'
import { priorityMax, type State, ticketsMax } from './state.ts'

/** Undefined: it can be added. */
export function whyNotAdded(state: State, call: NewTask): RefusalReason | undefined {
  const { settings, tasks, processes } = state
  if (tasks.has(call.task)) return 'task-known'
  if (tasks.size >= settings.tasksMax) return 'too-many-tasks'
  const process = processes.get(call.process)
  if (process === undefined && processes.size >= settings.tasksMax) return 'too-many-processes'
  if (!isPriority((process?.priority ?? settings.processPriority) + (call.priority ?? 0)))
    return 'priority-out-of-range'
  return isLength(call.burstMs) && isTickets(call.tickets) ? undefined : 'number-invalid'
}

export function isPriority(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= priorityMax
}

export function isLength(valueMs: number | undefined): boolean {
  return valueMs === undefined || (Number.isFinite(valueMs) && valueMs >= 0)
}

export function isTickets(value: number | undefined): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 1 && value <= ticketsMax)
}

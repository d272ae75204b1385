/**
 * Work for a computer, as plain data: which tasks arrive when, how long each computes and waits for devices, and by which rule
 * they are scheduled.
 *
 * A task's `bursts` are times of computing and of waiting in turns: `[3, 10, 2]` computes 3 ms, waits 10 ms, computes 2 ms.
 * Files of users have this shape, so everything is checked before it is believed.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type RuleName, ruleNames } from '../../protocols/scheduling/messages.ts'
import { defaultSettings, priorityMax, ticketsMax } from '../../protocols/scheduling/state.ts'

export interface WorkloadTask {
  readonly name: string
  readonly arriveMs: number
  /** Computing first and last; an odd number of them. */
  readonly bursts: readonly number[]
  /** Relative to its process; greater is more urgent. Default 0. */
  readonly priority: number
  /** A name in `processes`, or any other. Default: each task is a process of its own. */
  readonly process: string
  readonly tickets: number
}

export interface Workload {
  readonly rule: RuleName
  readonly cores: number
  readonly quantumMs: number
  readonly ageingMs: number
  readonly boostMs: number
  /** Whether the rules that ask for the length of a burst are told it; else they guess. */
  readonly isLengthKnown: boolean
  readonly processes: Readonly<Record<string, number>>
  readonly tasks: readonly WorkloadTask[]
}

/** More tasks than a chart can show, and no more than a run of seconds can bear. */
export const workloadTasksMax = 1_000
const burstsMax = 1_000
const coresMax = 64
const timeMsMax = 1e9
/** A quantum of nothing would take for ever: all computing may have so many turns. */
const turnsMax = 200_000
/** Ageing and boosts go on while nobody computes: all the time that there are tasks may have so many. */
const liftsMax = 200_000
/** Clocks are fractions of 53 bits: a turn that is shorter, beside the time that it is by then, would not move them. */
const timeInTurnsMax = 2 ** 32
const usual = { rule: 'chorus', cores: 1, quantumMs: 10, ageingMs: Number.POSITIVE_INFINITY, boostMs: 1_000 } as const

type Fields = Readonly<Record<string, unknown>>

/** @throws CardumenError `option-invalid` that says where and why. */
export function checkWorkload(value: unknown): Workload {
  const fields = fieldsOf(value, 'the workload', [...Object.keys(usual), 'isLengthKnown', 'processes', 'tasks'])
  const workload: Workload = {
    rule: ruleOf(fields['rule'] ?? usual.rule),
    cores: numberOf(fields['cores'] ?? usual.cores, 'cores', 1, coresMax, true),
    quantumMs: numberOf(fields['quantumMs'] ?? usual.quantumMs, 'quantumMs', Number.MIN_VALUE, timeMsMax),
    ageingMs: periodOf(fields['ageingMs'], usual.ageingMs, 'ageingMs'),
    boostMs: periodOf(fields['boostMs'], usual.boostMs, 'boostMs'),
    isLengthKnown: booleanOf(fields['isLengthKnown'] ?? true, 'isLengthKnown'),
    processes: processesOf(fields['processes'] ?? {}),
    tasks: tasksOf(fields['tasks']),
  }
  for (const { name, process, priority } of workload.tasks) {
    const absolute = processPriorityOf(workload, process) + priority
    if (absolute < 0 || absolute > priorityMax)
      throw refused(`the priority of "${name}" with that of its process`, `is from 0 to ${priorityMax}`)
  }
  checkTimes(workload)
  return workload
}

/** So that it is played in seconds. */
function checkTimes({ tasks, rule, quantumMs, ageingMs, boostMs }: Workload): void {
  const computingMs = tasks.reduce((sum, task) => sum + computingOf(task), 0)
  if (computingMs / Math.min(quantumMs, ageingMs, boostMs) > turnsMax)
    throw refused('quantumMs', `leaves at most ${turnsMax} turns of all the computing`)
  // No core is idle while a task is ready, so whoever ends last has waited for no more than all the computing.
  const endMs = Math.max(...tasks.map((task) => task.arriveMs + waitingOf(task))) + computingMs
  if (endMs / quantumMs > timeInTurnsMax) throw refused('quantumMs', 'is not so short beside all the time that passes')
  const [period, periodMs] = rule === 'feedback' ? ['boostMs', boostMs] : ['ageingMs', ageingMs]
  if ((endMs - Math.min(...tasks.map((task) => task.arriveMs))) / periodMs > liftsMax)
    throw refused(period, `comes at most ${liftsMax} times in all the time that passes`)
}

export function processPriorityOf({ processes }: Pick<Workload, 'processes'>, process: string): number {
  return Object.hasOwn(processes, process) ? (processes[process] ?? 0) : defaultSettings.processPriority
}

/** All that it computes. */
export function computingOf(task: Pick<WorkloadTask, 'bursts'>): number {
  return task.bursts.reduce((sum, burstMs, index) => sum + (index % 2 === 0 ? burstMs : 0), 0)
}

/** For devices. */
function waitingOf(task: WorkloadTask): number {
  return task.bursts.reduce((sum, burstMs, index) => sum + (index % 2 === 0 ? 0 : burstMs), 0)
}

function tasksOf(value: unknown): WorkloadTask[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > workloadTasksMax)
    throw refused('tasks', `is a list of 1 to ${workloadTasksMax} tasks`)
  const tasks = value.map(taskOf)
  const names = new Set(tasks.map((task) => task.name))
  if (names.size < tasks.length) throw refused('tasks', 'have names that differ')
  return tasks
}

function taskOf(value: unknown, index: number): WorkloadTask {
  const where = `tasks[${index}]`
  const fields = fieldsOf(value, where, ['name', 'arriveMs', 'bursts', 'priority', 'process', 'tickets'])
  const name = textOf(fields['name'] ?? `T${index + 1}`, `${where}.name`)
  return {
    name,
    arriveMs: numberOf(fields['arriveMs'] ?? 0, `${where}.arriveMs`, 0, timeMsMax),
    bursts: burstsOf(fields['bursts'], `${where}.bursts`),
    priority: numberOf(fields['priority'] ?? 0, `${where}.priority`, -priorityMax, priorityMax, true),
    process: textOf(fields['process'] ?? name, `${where}.process`),
    tickets: numberOf(fields['tickets'] ?? 1, `${where}.tickets`, 1, ticketsMax, true),
  }
}

function burstsOf(value: unknown, where: string): number[] {
  if (!Array.isArray(value) || value.length % 2 === 0 || value.length > burstsMax)
    throw refused(where, `is a list of 1, 3, 5… to ${burstsMax} times: computing, waiting, computing…`)
  return value.map((burst, index) => numberOf(burst, `${where}[${index}]`, Number.MIN_VALUE, timeMsMax))
}

function processesOf(value: unknown): Record<string, number> {
  const fields = fieldsOf(value, 'processes')
  if (Object.keys(fields).length > workloadTasksMax)
    throw refused('processes', `has at most ${workloadTasksMax} of them`)
  return Object.fromEntries(
    Object.entries(fields).map(([name, priority]) => [
      name,
      numberOf(priority, `processes.${name}`, 0, priorityMax, true),
    ]),
  )
}

function fieldsOf(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(where, 'is an object')
  const unknown = known === undefined ? undefined : Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw refused(where, `has no field ${JSON.stringify(unknown)}; it has ${known?.join(', ')}`)
  return value as Fields
}

function ruleOf(value: unknown): RuleName {
  const found = ruleNames.find((name) => name === value)
  if (found === undefined) throw refused('rule', `is one of ${ruleNames.join(', ')}`)
  return found
}

function periodOf(value: unknown, usualMs: number, where: string): number {
  return value === undefined || value === null ? usualMs : numberOf(value, where, Number.MIN_VALUE, timeMsMax)
}

function numberOf(value: unknown, where: string, least: number, most: number, isWhole = false): number {
  if (typeof value === 'number' && value >= least && value <= most && (!isWhole || Number.isInteger(value)))
    return value
  const range = least === Number.MIN_VALUE ? `above 0 and at most ${most}` : `from ${least} to ${most}`
  throw refused(where, `is a ${isWhole ? 'whole ' : ''}number ${range}`)
}

function booleanOf(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value
  throw refused(where, 'is true or false')
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 100) return value
  throw refused(where, 'is a text of 1 to 100 letters')
}

function refused(where: string, rule: string): CardumenError {
  return new CardumenError('option-invalid', `In a workload, ${where} ${rule}.`)
}

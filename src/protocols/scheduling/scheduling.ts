/**
 * Which task runs when, on the cores of one computer: the machine around an exchangeable rule.
 *
 * It knows who is ready, running and blocked, hands free cores out, and ends turns; the order is the rule's (`rules.ts`). It
 * never leaves a core idle while somebody is ready. A driver carries the decisions out and tells what tasks do; it need not
 * be able to stop a task by force (`preemption`). The machine does not know locks: a task that waits for one is blocked, and
 * one that holds one has no greater priority for it (no priority inheritance).
 */
import { unreachable } from '../../lib/assert.ts'
import type { Context, Input, Machine } from '../../lib/machine.ts'
import type { Call, Message, NewTask, Outcome, RefusalReason, Sink, Timer } from './messages.ts'
import type { Entry, Rule } from './rule.ts'
import { rules } from './rules.ts'
import type { State, Task } from './state.ts'
import { isLength, isPriority, isTickets, whyNotAdded } from './well-formed.ts'

export type Scheduling = Machine<State, Message, Timer, Call, Outcome>

export const scheduling: Scheduling = { name: 'scheduling', step, inspect }

type Of<Kind extends Call['kind']> = Extract<Call, { readonly kind: Kind }>

const age: Timer = { kind: 'age' }
/** Clocks count in fractions: a turn that lacks less than this is over. */
const turnSlackMs = 1e-6

export function step(state: State, input: Input<Message, Timer, Call>, context: Context, effects: Sink): void {
  switch (input.kind) {
    case 'call':
      return onCall(state, input.call, context, effects)
    case 'timer':
      return input.timer.kind === 'age'
        ? onAge(state, context, effects)
        : onQuantum(state, input.timer.core, context, effects)
    case 'message':
    case 'persisted':
    case 'persist-failed':
    case 'recovered':
      return // It talks to nobody and keeps nothing: the tasks of a computer end with it.
  }
}

function onCall(state: State, call: Call, context: Context, effects: Sink): void {
  switch (call.kind) {
    case 'add':
      return onAdd(state, call, context, effects)
    case 'adjust-process':
      return onAdjustProcess(state, call, context, effects)
    default: {
      const task = state.tasks.get(call.task)
      if (task === undefined) return refuse(call, call.task, 'task-unknown', effects)
      return onTaskCall(state, call, task, context, effects)
    }
  }
}

function onTaskCall(
  state: State,
  call: Exclude<Call, Of<'add'> | Of<'adjust-process'>>,
  task: Task,
  context: Context,
  effects: Sink,
): void {
  switch (call.kind) {
    case 'yield':
      return onYield(state, call, task, context, effects)
    case 'offer':
      return onOffer(state, call, task, context, effects)
    case 'begin':
      return onBegin(state, call, task, context, effects)
    case 'block':
      return onBlock(state, call, task, context, effects)
    case 'unblock':
      return onUnblock(state, call, task, context, effects)
    case 'end':
      return onEnd(state, task, context, effects)
    case 'adjust':
      return onAdjust(state, call, task, context, effects)
    default:
      return unreachable(call)
  }
}

function onAdd(state: State, call: Of<'add'>, context: Context, effects: Sink): void {
  for (const given of call.tasks) {
    const reason = whyNotAdded(state, given)
    if (reason === undefined) addTask(state, given, context.now)
    else refuse(call, given.task, reason, effects)
  }
  startAgeing(state, effects)
  settle(state, context, effects)
}

function addTask(state: State, given: NewTask, nowMs: number): void {
  const { settings, processes } = state
  const process = processes.get(given.process) ?? { priority: settings.processPriority, tasks: 0 }
  processes.set(given.process, process)
  process.tasks++
  const task = newTask(state, given, process.priority, nowMs)
  state.tasks.set(task.id, task)
  const rule = rules[settings.rule]
  rule.onAdjusted(state, task)
  enter(state, rule, task, 'added', nowMs)
}

function newTask(state: State, call: NewTask, processPriority: number, nowMs: number): Task {
  const relative = call.priority ?? 0
  return {
    ...{ id: call.task, process: call.process, relative, priority: processPriority + relative },
    ...{ tickets: call.tickets ?? 1, status: 'blocked', core: -1, order: 0, level: 0, key: 0 },
    ...{ burstMs: call.burstMs ?? state.settings.burstGuessMs, isBurstKnown: call.burstMs !== undefined },
    ...{ ranMs: 0, usedMs: 0, pass: 0, startedMs: nowMs, readySinceMs: nowMs },
  }
}

function onYield(state: State, call: Call, task: Task, context: Context, effects: Sink): void {
  if (task.status !== 'running') return refuse(call, task.id, 'not-running', effects)
  const { core } = task
  stop(state, task, context.now)
  const rule = rules[state.settings.rule]
  if (!rule.isTurnKept) task.usedMs = 0
  if (!task.isBurstKnown) endBurst(task)
  enter(state, rule, task, 'yielded', context.now)
  runNext(state, rule, core, task, context, effects)
}

function onOffer(state: State, call: Call, task: Task, context: Context, effects: Sink): void {
  if (task.status !== 'running') return refuse(call, task.id, 'not-running', effects)
  const rule = rules[state.settings.rule]
  if (leftMs(state, rule, task, context.now) <= turnSlackMs) return expire(state, rule, task, context, effects)
  charge(task, context.now)
  giveWayTo(state, rule, task, context, effects)
}

function onBegin(state: State, call: Call, task: Task, context: Context, effects: Sink): void {
  if (task.status !== 'running') return refuse(call, task.id, 'not-running', effects)
  // What passed since it offered, or was chosen, was not its own.
  task.startedMs = context.now
  giveWayTo(state, rules[state.settings.rule], task, context, effects)
}

/** Whoever is ready and goes before that task. */
function giveWayTo(state: State, rule: Rule, task: Task, context: Context, effects: Sink): void {
  const first = rule.isPreemptive ? rule.peek(state) : undefined
  if (first === undefined || rule.rank(first, context.now) >= rule.rank(task, context.now)) return
  preempt(state, rule, task, context, effects)
}

function onBlock(state: State, call: Call, task: Task, context: Context, effects: Sink): void {
  if (task.status === 'blocked') return refuse(call, task.id, 'already-blocked', effects)
  const { core } = task
  const rule = rules[state.settings.rule]
  leave(state, rule, task, context.now)
  if (!rule.isTurnKept) task.usedMs = 0
  endBurst(task)
  task.status = 'blocked'
  if (core !== -1) runNext(state, rule, core, task, context, effects)
}

function onUnblock(state: State, call: Of<'unblock'>, task: Task, context: Context, effects: Sink): void {
  if (task.status !== 'blocked') return refuse(call, task.id, 'not-blocked', effects)
  if (!isLength(call.burstMs)) return refuse(call, task.id, 'number-invalid', effects)
  task.isBurstKnown = call.burstMs !== undefined
  if (call.burstMs !== undefined) task.burstMs = call.burstMs
  enter(state, rules[state.settings.rule], task, 'woken', context.now)
  settle(state, context, effects)
}

function onEnd(state: State, task: Task, context: Context, effects: Sink): void {
  const { core } = task
  const rule = rules[state.settings.rule]
  if (task.status !== 'blocked') leave(state, rule, task, context.now)
  state.tasks.delete(task.id)
  const process = state.processes.get(task.process)
  if (process !== undefined && --process.tasks === 0) state.processes.delete(task.process)
  if (core !== -1) runNext(state, rule, core, task, context, effects)
}

function onAdjust(state: State, call: Of<'adjust'>, task: Task, context: Context, effects: Sink): void {
  const relative = call.priority ?? task.relative
  if (!isPriority(task.priority - task.relative + relative))
    return refuse(call, task.id, 'priority-out-of-range', effects)
  if (!isTickets(call.tickets)) return refuse(call, task.id, 'number-invalid', effects)
  const processPriority = task.priority - task.relative
  task.relative = relative
  task.priority = processPriority + relative
  task.tickets = call.tickets ?? task.tickets
  rules[state.settings.rule].onAdjusted(state, task)
  giveWay(state, context, effects)
  sliceAnew(state, task, context, effects)
}

function onAdjustProcess(state: State, call: Of<'adjust-process'>, context: Context, effects: Sink): void {
  const known = state.processes.get(call.process)
  if (known === undefined && state.processes.size >= state.settings.tasksMax)
    return refuse(call, call.process, 'too-many-processes', effects)
  const own = [...state.tasks.values()].filter((task) => task.process === call.process)
  if (![0, ...own.map((task) => task.relative)].every((relative) => isPriority(call.priority + relative)))
    return refuse(call, call.process, 'priority-out-of-range', effects)
  state.processes.set(call.process, { priority: call.priority, tasks: own.length })
  for (const task of own) {
    task.priority = call.priority + task.relative
    rules[state.settings.rule].onAdjusted(state, task)
  }
  giveWay(state, context, effects)
  for (const task of own) sliceAnew(state, task, context, effects)
}

function onQuantum(state: State, core: number, context: Context, effects: Sink): void {
  const task = state.cores[core]
  const rule = rules[state.settings.rule]
  if (task === undefined || rule.quantumMs(state, task) === Number.POSITIVE_INFINITY) return
  const left = leftMs(state, rule, task, context.now)
  if (left > turnSlackMs) return effects.setTimer({ kind: 'quantum', core }, left)
  expire(state, rule, task, context, effects)
}

function onAge(state: State, context: Context, effects: Sink): void {
  state.isAgeing = false
  rules[state.settings.rule].age(state, context.now)
  startAgeing(state, effects)
  giveWay(state, context, effects)
}

function startAgeing(state: State, effects: Sink): void {
  if (state.isAgeing || state.tasks.size === 0) return
  const everyMs = rules[state.settings.rule].ageEveryMs(state)
  if (everyMs === Number.POSITIVE_INFINITY) return
  state.isAgeing = true
  effects.setTimer(age, everyMs)
}

function expire(state: State, rule: Rule, task: Task, context: Context, effects: Sink): void {
  const { core } = task
  const turnMs = rule.quantumMs(state, task)
  stop(state, task, context.now)
  task.usedMs = rule.isTurnKept ? Math.max(task.usedMs, turnMs) : 0
  enter(state, rule, task, 'expired', context.now)
  runNext(state, rule, core, task, context, effects)
}

function preempt(state: State, rule: Rule, task: Task, context: Context, effects: Sink): void {
  const { core } = task
  stop(state, task, context.now)
  enter(state, rule, task, 'preempted', context.now)
  runNext(state, rule, core, task, context, effects)
}

/** Somebody has become ready: to idle cores first, then to those of the less urgent. */
function settle(state: State, context: Context, effects: Sink): void {
  const rule = rules[state.settings.rule]
  for (let core = state.cores.indexOf(undefined); core !== -1 && state.ready > 0; core = state.cores.indexOf(undefined))
    runNext(state, rule, core, undefined, context, effects)
  giveWay(state, context, effects)
}

/** Whoever runs and is less urgent than the first of the ready ones makes room, the least urgent first. */
function giveWay(state: State, context: Context, effects: Sink): void {
  const rule = rules[state.settings.rule]
  if (!rule.isPreemptive || state.settings.preemption === 'at-offers') return
  for (let core = 0; core < state.cores.length; core++) {
    const first = rule.peek(state)
    if (first === undefined) return
    const last = leastUrgent(state, rule, context.now)
    if (last === undefined || rule.rank(first, context.now) >= rule.rank(last, context.now)) return
    preempt(state, rule, last, context, effects)
  }
}

function leastUrgent(state: State, rule: Rule, nowMs: number): Task | undefined {
  let last: Task | undefined
  for (const task of state.cores)
    if (task !== undefined && (last === undefined || rule.rank(task, nowMs) > rule.rank(last, nowMs))) last = task
  return last
}

function enter(state: State, rule: Rule, task: Task, why: Entry, nowMs: number): void {
  task.status = 'ready'
  task.readySinceMs = nowMs
  task.order = ++state.entries
  state.ready++
  rule.put(state, task, why)
}

/** It is neither ready nor running after this. */
function leave(state: State, rule: Rule, task: Task, nowMs: number): void {
  if (task.status === 'running') return stop(state, task, nowMs)
  state.ready--
  rule.remove(state, task)
}

function stop(state: State, task: Task, nowMs: number): void {
  charge(task, nowMs)
  state.cores[task.core] = undefined
  task.core = -1
}

/** What it ran until now is written down. */
function charge(task: Task, nowMs: number): void {
  const ranMs = nowMs > task.startedMs ? nowMs - task.startedMs : 0
  task.ranMs += ranMs
  task.usedMs += ranMs
  task.pass += ranMs / task.tickets
  task.startedMs = nowMs
}

/** A free core goes to the next one. `before` ran there until now. */
function runNext(
  state: State,
  rule: Rule,
  core: number,
  before: Task | undefined,
  context: Context,
  effects: Sink,
): void {
  const task = state.ready === 0 ? undefined : rule.take(state, context.random)
  if (task === undefined) {
    if (state.settings.preemption === 'at-once' && before !== undefined) effects.clearTimer({ kind: 'quantum', core })
    return effects.outcome({ kind: 'idle', core })
  }
  state.ready--
  state.cores[core] = task
  task.core = core
  task.status = 'running'
  task.startedMs = context.now
  if (task !== before) effects.outcome({ kind: 'run', task: task.id, core })
  slice(state, rule, task, effects)
}

function slice(state: State, rule: Rule, task: Task, effects: Sink): void {
  if (state.settings.preemption === 'at-offers') return
  const turnMs = rule.quantumMs(state, task)
  const { core } = task
  if (turnMs === Number.POSITIVE_INFINITY) effects.clearTimer({ kind: 'quantum', core })
  else effects.setTimer({ kind: 'quantum', core }, Math.max(0, turnMs - task.usedMs))
}

/** Whether it is time-sliced may have changed while it ran. */
function sliceAnew(state: State, task: Task, context: Context, effects: Sink): void {
  if (task.status !== 'running' || state.settings.preemption === 'at-offers') return
  const rule = rules[state.settings.rule]
  const left = leftMs(state, rule, task, context.now)
  const timer: Timer = { kind: 'quantum', core: task.core }
  if (left === Number.POSITIVE_INFINITY) effects.clearTimer(timer)
  else effects.setTimer(timer, Math.max(0, left))
}

/** Of its turn. */
function leftMs(state: State, rule: Rule, task: Task, nowMs: number): number {
  return rule.quantumMs(state, task) - task.usedMs - (nowMs - task.startedMs)
}

/** What it ran is half of what the next one is guessed to be. */
function endBurst(task: Task): void {
  task.burstMs = (task.burstMs + task.ranMs) / 2
  task.ranMs = 0
}

function refuse(call: Call, subject: number, reason: RefusalReason, effects: Sink): void {
  effects.outcome({ kind: 'refused', call: call.kind, subject, reason })
}

export function inspect(state: State): string {
  const { settings, tasks, cores, ready } = state
  const lines = [`${settings.rule}: ${tasks.size} tasks, ${ready} of them ready`]
  cores.forEach((task, core) => lines.push(`core ${core}: ${task === undefined ? 'idle' : told(task)}`))
  for (const task of [...tasks.values()].slice(0, inspectedMax))
    if (task.status !== 'running') lines.push(`${task.status}: ${told(task)}`)
  if (tasks.size > inspectedMax) lines.push(`… of ${tasks.size}`)
  return lines.join('\n')
}

/** A text for people holds no more. */
const inspectedMax = 100

function told(task: Task): string {
  return `task ${task.id} of process ${task.process}, priority ${task.priority}, level ${task.level}`
}

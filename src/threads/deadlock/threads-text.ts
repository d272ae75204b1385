/**
 * The threads of a process in words: one paragraph for each, and then the deadlocks.
 *
 * Names and stacks may come from another process, so what could steer a terminal is taken out of them.
 */
import { printable } from '../../protocols/deadlock/printable.ts'
import type { HoldReport, ThreadReport, ThreadsReport, WaitReport } from './threads-report.ts'

/** Colours where a terminal has them. */
export type Paint = (what: 'name' | 'bad' | 'aside', text: string) => string

const plain: Paint = (_, text) => text

export function describeThreads(report: ThreadsReport, paint: Paint = plain): string {
  const { pid, command, threads, deadlocks, stopped } = report
  const texts = [
    `${paint('name', `Process ${pid}`)}${command === '' ? '' : paint('aside', `  ${printable(command)}`)}\n${countsOf(threads)}`,
    ...threads.map((thread) => describeThread(thread, pid, paint)),
    ...deadlocks.map(({ summary }) => paint('bad', summary.split('\n').map(printable).join('\n'))),
  ]
  if (stopped.length > 0)
    texts.push(paint('bad', `Stopped for ever without being in a cycle: ${printable(stopped.join(', '))}.`))
  if (deadlocks.length + stopped.length === 0) texts.push('No deadlock.')
  return texts.join('\n\n')
}

/** One line: how many threads there are, and what they do. */
export function countsOf(threads: readonly ThreadReport[]): string {
  const states = ['runs', 'awaits', 'blocked', 'starting'] as const
  const counts = states
    .map((state) => ({ state, count: threads.filter((thread) => thread.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${wordFor(state, count)}`)
  const total = `${threads.length} ${threads.length === 1 ? 'thread' : 'threads'}`
  return counts.length === 0 ? total : `${total}: ${counts.join(', ')}`
}

function wordFor(state: ThreadReport['state'], count: number): string {
  if (state === 'runs') return count === 1 ? 'runs' : 'run'
  if (state === 'awaits') return count === 1 ? 'awaits' : 'await'
  return state === 'starting' ? 'starting' : 'blocked'
}

function describeThread({ name, kind, pid, state, holds, waits }: ThreadReport, own: number, paint: Paint): string {
  const where = pid === own ? '' : ` (process ${pid})`
  const title = kind === 'thread' ? `thread "${printable(name)}"` : printable(name)
  return [
    `${paint('name', title)}${where}  ${state}`,
    ...(holds.length === 0 ? [] : [`  holds ${holds.map(describeHold).join(', ')}`]),
    ...waits.flatMap((wait) => describeWait(wait, paint)),
  ].join('\n')
}

function describeHold({ kind, name, units }: HoldReport): string {
  const text = `${kind} "${printable(name)}"`
  if (kind === 'semaphore' || kind === 'resources')
    return units === 1 ? `a unit of ${text}` : `${units} units of ${text}`
  if (kind === 'once') return `${text}, which it runs`
  if (kind !== 'read-write lock') return text
  return `${text} to ${units >= writerUnitsMin ? 'write' : 'read'}`
}

/** A writer has all units there are, and no reader nearly as many. */
const writerUnitsMin = 0xf_0000

function describeWait(wait: WaitReport, paint: Paint): readonly string[] {
  const { waitsFor, heldBy, isAwaited, hasDeadline, lastsMs, stack } = wait
  const holders = heldBy.length === 0 ? '' : `, held by ${printable(heldBy.join(', '))}`
  const limit = hasDeadline ? ', with a time limit' : ''
  const line = `  ${isAwaited ? 'awaits' : 'waits for'} ${printable(waitsFor)}${holders}, for ${duration(lastsMs)}${limit}`
  const frames = stack === '' ? [] : shortPaths(stack).split('\n')
  return [line, ...frames.map((frame) => paint('aside', `      ${printable(frame.trim())}`))]
}

function shortPaths(text: string): string {
  return text.replaceAll('file://', '')
}

const minuteMs = 60_000
const hourMs = 3_600_000

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < minuteMs) return `${(ms / 1_000).toFixed(1)} s`
  return ms < hourMs ? `${Math.floor(ms / minuteMs)} min` : `${(ms / hourMs).toFixed(1)} h`
}

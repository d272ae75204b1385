/**
 * A process as one number that fits a register, and whether it is certainly dead.
 *
 * A process identifier alone is given out again; with the time at which the process started it is not. What cannot be told
 * for certain (no `/proc`, another namespace) counts as alive: then somebody waits for longer than is needed, and nobody
 * gets in who must not.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'

/** Of the start time, in ticks since the machine started: 248 days until one comes again, and then the pid must too. */
const startTimes = 2 ** 31
const timeNamespaces = 2 ** 20

interface ProcessStat {
  readonly startTime: number
  /** It runs no instruction of its own any more, only its parent has not asked for its end. */
  readonly isOver: boolean
}

/** Never 0. The start time in it is 0 where the machine does not tell: then nobody can call it dead. */
export function ownLife(): number {
  return process.pid * startTimes + (statOf(process.pid)?.startTime ?? 0)
}

export function pidOfLife(life: number): number {
  return Math.floor(life / startTimes)
}

/** What a process writes of itself that others cannot look up: nobody will call it dead. */
export function hiddenLife(): number {
  return process.pid * startTimes
}

/**
 * In which namespaces process identifiers and start times are meant; 0: unknown. Whoever has the same number can look lives
 * up that were written there.
 */
export function lifeNamespace(): number {
  const pids = namespaceOf('pid')
  return pids === 0 ? 0 : pids * timeNamespaces + (namespaceOf('time') % timeNamespaces)
}

/** Its number in the kernel has 32 bits. */
function namespaceOf(kind: 'pid' | 'time'): number {
  try {
    return Number(/\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[0] ?? 0)
  } catch {
    return 0
  }
}

/** `life` was written in these namespaces. */
export function isCertainlyDead(life: number): boolean {
  const startTime = life % startTimes
  if (!Number.isSafeInteger(life) || life <= 0 || startTime === 0) return false
  const pid = pidOfLife(life)
  const stat = statOf(pid)
  if (stat === undefined) return isUnknown(pid)
  return stat.isOver || stat.startTime !== startTime
}

/** A process that `/proc` hides from us answers a signal, or refuses it. */
function isUnknown(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    return parsed(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

/** After the name, which stands in parentheses and may hold anything: state, …, threads (17), …, start time (19). */
function parsed(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const startTime = Number(fields[19])
  if (!Number.isSafeInteger(startTime) || startTime <= 0) return undefined
  const isGone = fields[0] === 'Z' || fields[0] === 'X'
  return { startTime: startTime % startTimes || 1, isOver: isGone && Number(fields[17]) <= 1 }
}

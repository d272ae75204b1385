/**
 * Priorities of processes, as the operating system has them: its *nice* value, from -20 (most urgent) to 19.
 *
 * Nice is what schedules processes against each other; priorities of work inside one process are the cooperative scheduler's. To
 * make a process less urgent is everybody's right over their own processes; to make one more urgent, or to touch those of
 * others, takes a privilege that most users have not. On Windows the value is rounded to one of six classes.
 */
import { getPriority, setPriority as setNice } from 'node:os'
import process from 'node:process'
import { CardumenError } from '../../lib/cardumen-error.ts'

const niceMin = -20
const niceMax = 19

/** The nice value of the process; default: this one. */
export function processPriority(pid: number = process.pid): number {
  return orExplained(pid, () => getPriority(checkedPid(pid)))
}

/**
 * Sets the nice value of this process, or of the process `pid`: `setPriority(10)`, `setPriority(pid, 10)`.
 *
 * @throws CardumenError `option-invalid` where nice is not from -20 to 19, `process-unknown`, and `process-failed` where this
 * user may not.
 */
export function setPriority(nice: number): void
export function setPriority(pid: number, nice: number): void
export function setPriority(...given: readonly [number] | readonly [number, number]): void {
  const [pid, nice] = given.length === 2 ? given : [process.pid, given[0]]
  if (!Number.isInteger(nice) || nice < niceMin || nice > niceMax)
    throw new CardumenError('option-invalid', `A nice value is a whole number from -20 to 19, not ${String(nice)}.`)
  orExplained(pid, () => setNice(checkedPid(pid), nice))
}

function checkedPid(pid: number): number {
  if (Number.isInteger(pid) && pid > 0 && pid < 2 ** 31) return pid
  throw new CardumenError('option-invalid', `A process identifier is a whole number above 0, not ${String(pid)}.`)
}

function orExplained<Result>(pid: number, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ESRCH')
      throw new CardumenError('process-unknown', `No running process has the identifier ${pid}.`, { cause: error })
    if (code === 'EPERM' || code === 'EACCES')
      throw new CardumenError('process-failed', `This user may not set that priority of process ${pid} (${code}).`, {
        cause: error,
        hint: 'A greater nice value is allowed for processes of your own; a smaller one takes a privilege (CAP_SYS_NICE).',
      })
    throw error
  }
}

/** Node wraps the error of the system call in another one, which has its code in `info`. */
function codeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('info' in error)) return undefined
  const { info } = error
  return typeof info === 'object' && info !== null && 'code' in info ? info.code : undefined
}

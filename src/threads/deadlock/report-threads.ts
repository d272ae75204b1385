/**
 * `reportThreads` and `reportOnSignal`: what `cardumen threads PID` prints, from within the process itself.
 */
import { writeSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { askService } from '../running/service.ts'
import { hasService, reportOfThreads, type ThreadsReport } from './threads-report.ts'
import { describeThreads } from './threads-text.ts'

/** A service that is busy; then this thread looks itself, and only misses what others wait for in other processes. */
const serviceMsMax = 1_000
const standardError = 2

/** All threads of this process as text: name, state, what each holds and waits for, since when and where; then the deadlocks. */
export async function reportThreads(): Promise<string> {
  return describeThreads(await currentReport())
}

async function currentReport(): Promise<ThreadsReport> {
  if (!hasService()) return reportOfThreads()
  try {
    return (await askService('report-threads', undefined, { timeoutMs: serviceMsMax })) as ThreadsReport
  } catch {
    return reportOfThreads()
  }
}

/**
 * From now on the process writes that report to standard error whenever the signal comes, such as `SIGQUIT` (Ctrl-\ in a terminal);
 * dispose of what this returns to end it. The main thread must have time to take the signal, which it has while it awaits.
 * While it is in an endless loop no signal gets through to JavaScript: then `cardumen threads PID` still answers.
 * @throws CardumenError `thread-state` in a thread: signals come to the main thread; `option-invalid` for what is no signal
 */
export function reportOnSignal(signal: NodeJS.Signals = 'SIGQUIT'): Disposable {
  if (!isMainThread)
    throw new CardumenError('thread-state', 'Signals come to the main thread of a process.', {
      hint: 'Call reportOnSignal there.',
    })
  if (!Object.hasOwn(constants.signals, signal)) throw noSignal(signal)
  const onSignal = (): void => void reportThreads().then(writeToStandardError, () => undefined)
  try {
    process.on(signal, onSignal)
  } catch (cause) {
    process.off(signal, onSignal)
    throw noSignal(signal, cause)
  }
  return { [Symbol.dispose]: () => void process.off(signal, onSignal) }
}

function noSignal(signal: string, cause?: unknown): CardumenError {
  return new CardumenError('option-invalid', `${signal} is no signal that a process can take.`, { cause })
}

/** At once, also where the process is about to be ended. */
function writeToStandardError(text: string): void {
  try {
    writeSync(standardError, `${text}\n`)
  } catch {
    // Nobody reads it, or not fast enough.
  }
}

/**
 * What is said when a thread ends by an error: at once, and whether or not somebody joins it, as Python does.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { packError, type TravellingError } from '../travel/travelling-error.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { printError } from './standard-error.ts'
import type { ServiceLine } from './service-line.ts'
import type { Outcome, ThreadStart } from './thread-messages.ts'

const patienceMs = 50
/** Of one error's text. */
const printedLengthMax = 262_144
const aboutThreads: ReadonlySet<string> = new Set(['thread-exited', 'function-unknown', 'module-failed'])

/** To those who want to hear of errors; to standard error where there is nobody. Settles when it is said; undefined: nothing is to be said. */
export function reportOutcome(
  { name, id }: ThreadStart,
  outcome: Outcome,
  listeners: Iterable<ServiceLine>,
): Promise<void> | undefined {
  const error = errorOf(name, outcome)
  if (error === undefined) return undefined
  let isTold = false
  for (const line of listeners) {
    line.post({ kind: 'thread-error', name, id, error })
    isTold = true
  }
  return isTold ? undefined : print(name, error)
}

function errorOf(name: string, outcome: Outcome): TravellingError | undefined {
  if (outcome.kind === 'threw' || outcome.kind === 'refused') return outcome.error
  if (outcome.kind === 'returned' || !outcome.isReported) return undefined
  return packError(new CardumenError('thread-exited', `thread "${name}" ${outcome.how}.`))
}

/** For a while only: whoever joins is not to wait for a pipe that nobody reads. */
async function print(name: string, error: TravellingError): Promise<void> {
  const text = textOf(error)
  const cut = text.length > printedLengthMax ? `${text.slice(0, printedLengthMax)}…` : text
  await Promise.race([printError(`cardumen: thread "${name}" ended by an error:\n${cut}\n`), delay(patienceMs)])
}

/** Of one that we made about a thread, the stack leads through this library, and says nothing of where the program stands. */
function textOf(error: TravellingError): string {
  const { code = '', hint, errors = [], cause } = error
  const text = `${error.name}: ${error.message}`
  const own = aboutThreads.has(code) ? `${text} (${code})` : (error.stack ?? text)
  const inner = [...errors.map((each) => `\n  [error]: ${textOf(each)}`)]
  if (cause !== undefined) inner.push(`\n  [cause]: ${textOf(cause)}`)
  return `${own}${hint === undefined ? '' : `\n  ${hint}`}${inner.join('')}`
}

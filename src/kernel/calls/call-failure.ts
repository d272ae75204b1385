/**
 * What the rpc machine reports of a failed call, as the error that its caller gets; and what several tries of one call
 * say together of whether it ran.
 */
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import type { Outcome } from '../../protocols/rpc/messages.ts'

export type Failure = Omit<Extract<Outcome, { kind: 'failed' }>, 'kind' | 'token'>

const happened: Record<Failure['code'], string> = {
  'timed-out': 'no answer in time',
  cancelled: 'given up by its caller',
  'try-again': 'the server had no room until the deadline',
  'address-unknown': 'nobody serves it any more',
  'member-died': 'the member that had the call died',
  unreachable: 'the member cannot be reached',
  'reply-lost': 'it ran, but its reply is no longer kept',
}

const ran = { no: 'it did not run', yes: 'it ran', unknown: 'it may have run' }
const certainty: readonly Executed[] = ['no', 'unknown', 'yes']

/** @param subject - `greeter.hello at m2#7`, for the message. */
export function errorOfFailure(failure: Failure, subject: string, cause?: unknown): CardumenError {
  const { code, executed } = failure
  const message = `${subject}: ${happened[code]}; ${ran[executed]}.`
  return new CardumenError(code, message, cause === undefined ? { executed } : { executed, cause })
}

/** @param name - what was called; undefined: a capability was. */
export function nobodyServes(subject: string, name: string | undefined): CardumenError {
  const code = name === undefined ? 'address-unknown' : 'name-unknown'
  const why = name === undefined ? 'nobody serves it' : `no server has entered the name "${name}"`
  return new CardumenError(code, `${subject}: ${why}; it did not run.`, { executed: 'no' })
}

/** Of two tries of one call: it ran if either did, and may have run if either may have. */
export function eitherExecuted(left: Executed, right: Executed): Executed {
  return certainty[Math.max(certainty.indexOf(left), certainty.indexOf(right))] ?? 'unknown'
}

/** The last try's error, which does not know what earlier ones may have done. */
export function afterEarlierTries(error: CardumenError, earlier: Executed): CardumenError {
  if (earlier === 'no') return error
  const executed = eitherExecuted(earlier, error.executed)
  if (executed === error.executed) return error
  const { code, message, hint, cause } = error
  const told = `${message} An earlier try of the call ${executed === 'yes' ? 'ran' : 'may have run'}.`
  return new CardumenError(code, told, { executed, cause, ...(hint !== undefined && { hint }) })
}

/** The call did not run here, and may be tried elsewhere whatever its semantics. */
export function isSafeElsewhere(failure: Failure): boolean {
  return failure.executed === 'no' && isServerGone(failure)
}

/** The server is no longer there to answer; another may be. */
export function isServerGone(failure: Failure): boolean {
  return failure.code === 'member-died' || failure.code === 'unreachable' || failure.code === 'address-unknown'
}

/**
 * What became of a job, as the error that its caller gets.
 */
import type { JobFailure } from '../../edges/workers.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { isErrorCode } from '../../lib/error-codes.ts'
import type { MemberId } from '../../lib/identifiers.ts'

/** @param subject - the function, or the module, for the message. */
export function errorOfFailure(failure: JobFailure, subject: string, ranAt: MemberId): CardumenError {
  const code = isErrorCode(failure.code) ? failure.code : 'handler-failed'
  const executed = isExecuted(failure.executed) ? failure.executed : 'unknown'
  const message = `${subject} at ${ranAt}: ${String(failure.message)}`
  return new CardumenError(
    code,
    message,
    failure.error instanceof Error ? { executed, cause: failure.error } : { executed },
  )
}

function isExecuted(text: string): text is JobFailure['executed'] {
  return text === 'no' || text === 'yes' || text === 'unknown'
}

/** Whether the same call may be sent again: it did not run, or what became of it is unknown and it may run twice. */
export function mayRunAgain(error: unknown, isIdempotent: boolean): error is CardumenError {
  if (!(error instanceof CardumenError)) return false
  switch (error.code) {
    case 'member-died':
    case 'unreachable':
    case 'address-unknown':
    case 'worker-exited':
    case 'reply-lost':
    case 'try-again':
      return error.executed === 'no' || isIdempotent
    default:
      return false
  }
}

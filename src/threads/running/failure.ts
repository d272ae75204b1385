/**
 * The error that a joiner gets of a thread that ended without a result.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { unpackError } from '../travel/travelling-error.ts'
import type { Outcome } from './thread-messages.ts'

export function failureOf(name: string, outcome: Exclude<Outcome, { kind: 'returned' }>): CardumenError {
  if (outcome.kind === 'exited')
    return new CardumenError('thread-exited', `thread "${name}" ${outcome.how}.`, { executed: 'unknown' })
  const cause = unpackError(outcome.error)
  if (outcome.kind === 'refused' && isCardumenError(cause)) return cause
  return new CardumenError('thread-failed', `thread "${name}" ended by ${cause.name}: ${cause.message}`, {
    executed: 'yes',
    cause,
  })
}

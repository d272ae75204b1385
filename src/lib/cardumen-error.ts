/**
 * The one error that the public functions throw.
 *
 * `code` is stable and documented in `docs/errors.md`; `executed` says truthfully whether the operation ran:
 * `no` (it did not and will not), `yes` (it did, the result is what failed), `unknown` (it may have). Codes are told
 * apart by `code`, never by text. Protocol machines do not throw; they report codes as data and the async edge of
 * the kernel turns them into this.
 */
import type { ErrorCode } from './error-codes.ts'

export type Executed = 'no' | 'yes' | 'unknown'

export interface ErrorDetails {
  readonly executed?: Executed
  readonly cause?: unknown
  /** What to do next, one sentence; the command line prints it. */
  readonly hint?: string
}

export class CardumenError extends Error {
  override readonly name = 'CardumenError'
  readonly code: ErrorCode
  readonly executed: Executed
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.executed = details.executed ?? 'no'
    this.hint = details.hint
  }
}

export function isCardumenError(error: unknown, code?: ErrorCode): error is CardumenError {
  return error instanceof CardumenError && (code === undefined || error.code === code)
}

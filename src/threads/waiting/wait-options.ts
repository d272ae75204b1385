/**
 * How long to wait, and what ends a wait early; checked in one place for all primitives.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

export interface WaitOptions {
  /** Milliseconds; Infinity, the default, is for ever. 0 looks once. Past it the wait fails with `timed-out`. */
  readonly timeoutMs?: number
}

export interface AsyncWaitOptions extends WaitOptions {
  /** Ends the wait with `cancelled`. */
  readonly signal?: AbortSignal
}

/** Of an operation that a home carries out for a thread of another process: how that one waits there. */
export interface ServedWaitOptions extends AsyncWaitOptions {
  readonly elsewhere?: 'blocks' | 'awaits'
}

/** The moment, by `performance.now()`, at which the wait is over. @throws CardumenError `option-invalid` */
export function deadlineOf(options: WaitOptions | undefined): number {
  const timeoutMs = options?.timeoutMs
  if (timeoutMs === undefined) return Infinity
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw new CardumenError(
      'option-invalid',
      `timeoutMs is ${String(timeoutMs)}; it is a number of milliseconds from 0.`,
    )
  return performance.now() + timeoutMs
}

/** @throws CardumenError `option-invalid` */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw new CardumenError('option-invalid', `signal is ${String(signal)}; it is an AbortSignal.`)
}

/**
 * Waiting for a promise with an end to it: a time, or a signal.
 *
 * What is waited for goes on; only the waiting ends.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type AsyncWaitOptions, deadlineOf } from '../waiting/wait-options.ts'

/** Node's timers take no more; a longer wait, of 24 days, has no end in practice. */
const timerMsMax = 2 ** 31 - 1

/**
 * @param what - names what is waited for: `process "A" (pid 12) to end`.
 * @throws CardumenError `timed-out`, `cancelled` or `option-invalid`; else whatever the promise fails with.
 */
export async function within<Result>(
  promise: Promise<Result>,
  what: string,
  options: AsyncWaitOptions,
): Promise<Result> {
  const leftMs = deadlineOf(options) - performance.now()
  const { signal } = options
  if (signal?.aborted === true) throw cancelled(what, signal)
  const ending = Promise.withResolvers<never>()
  const onTime = (): void => ending.reject(timedOut(what, options))
  const timer = leftMs > timerMsMax ? undefined : setTimeout(onTime, Math.ceil(leftMs))
  const onAbort = (): void => ending.reject(cancelled(what, signal))
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promise, ending.promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

export function timedOut(what: string, { timeoutMs }: AsyncWaitOptions): CardumenError {
  return new CardumenError('timed-out', `Waited ${timeoutMs} ms in vain for ${what}.`)
}

export function cancelled(what: string, signal: AbortSignal | undefined): CardumenError {
  return new CardumenError('cancelled', `The wait for ${what} was given up.`, { cause: signal?.reason })
}

/**
 * Waiting on a clock, for `system.sleep`: the same on a host and in a simulation, where no real time may pass.
 *
 * The wait ends early when its signal aborts, and then frees its timer. It does not end when the member leaves: a
 * program that wants that awaits `system.ended` beside it.
 */
import type { Clock } from '../edges/clock.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Signal } from '../lib/signal.ts'

/** What timers of JavaScript take; a longer one would fire at once. */
export const sleepMsMax = 2_147_483_647

/** @throws CardumenError `cancelled`, `option-invalid`. */
export async function sleep(clock: Clock, ms: number, signal: Signal | undefined): Promise<void> {
  if (!(ms >= 0 && ms <= sleepMsMax))
    throw new CardumenError('option-invalid', `sleep: ${ms} is no number of milliseconds from 0 to ${sleepMsMax}.`)
  if (signal?.aborted === true) throw givenUp(signal)
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
      reject(givenUp(signal))
    }
    signal?.addEventListener('abort', onAbort)
  })
}

function givenUp(signal: Signal | undefined): CardumenError {
  return new CardumenError('cancelled', 'The sleep was given up.', { cause: signal?.reason })
}

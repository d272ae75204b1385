/**
 * Progress after faults stop: every operation that was under way when the last fault ended, or was invoked later,
 * completes within a bound. A failure that is told counts as completion; silence does not.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'progress'

export interface Attempt {
  readonly operation: string
  readonly invokedMs: number
  /** Undefined: not until the end of the run. */
  readonly completedMs?: number
}

export interface ProgressBounds {
  readonly faultsEndedMs: number
  readonly withinMs: number
  /** End of the run: what was invoked so late that its bound is not over says nothing. */
  readonly endedMs: number
}

export function checkProgress(
  attempts: readonly Attempt[],
  { faultsEndedMs, withinMs, endedMs }: ProgressBounds,
): CertainVerdict {
  for (const { operation, invokedMs, completedMs } of attempts) {
    const dueMs = Math.max(invokedMs, faultsEndedMs) + withinMs
    if (completedMs !== undefined && completedMs <= dueMs) continue
    if (completedMs === undefined && endedMs < dueMs) continue
    const what = completedMs === undefined ? `had not completed at ${endedMs} ms` : `completed at ${completedMs} ms`
    return violated(
      claim,
      `${operation}, invoked at ${invokedMs} ms, ${what}; faults ended at ${faultsEndedMs} ms, and it was due at ${dueMs} ms.`,
    )
  }
  return held
}

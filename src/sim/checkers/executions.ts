/**
 * What calls promise about executions: at-most-once, at-least-once, maybe; and that errors tell the truth.
 *
 * Under every promise an outcome of `no` means that the call never ran. At-most-once: no more than one execution, and
 * exactly one where the caller was told `yes`. At-least-once: one or more where it was told `yes`. Maybe: no more than
 * one, and nothing is promised about `unknown`. Executions are counted where the effect is, over all lives of servers.
 */
import type { Executed } from '../../lib/cardumen-error.ts'
import { type CertainVerdict, held, violated } from './verdict.ts'

export type ExecutionPromise = 'at-most-once' | 'at-least-once' | 'maybe'

export interface CallRecord {
  readonly call: string
  readonly executions: number
  /** What the caller was told: `yes` of a result, else what the error says. */
  readonly executed: Executed
}

export function checkExecutions(promise: ExecutionPromise, records: readonly CallRecord[]): CertainVerdict {
  for (const { call, executions, executed } of records) {
    const times = executions === 1 ? 'once' : `${executions} times`
    if (executed === 'no' && executions > 0)
      return violated(promise, `${call} ran ${times}, but its caller was told that it did not run.`)
    if (executed === 'yes' && executions === 0)
      return violated(promise, `${call} never ran, but its caller was told that it did.`)
    if (promise !== 'at-least-once' && executions > 1) return violated(promise, `${call} ran ${times}.`)
  }
  return held
}

/**
 * The errors of tasks that their functions know nothing of: refused at the call, or lost with their thread.
 *
 * Each says whether the function may have run (`executed`), so that a caller knows whether to try again.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Executed } from '../../lib/cardumen-error.ts'
import type { PoolSettings } from './pool-options.ts'
import type { PoolTask } from './pool-task.ts'

export function closed({ name }: PoolSettings): CardumenError {
  return new CardumenError('closed', `The pool "${name}" is closed.`)
}

/** Undefined where an open pool, with so many tasks that have not ended, takes it. */
export function refusalOf(
  { name, options }: PoolTask,
  { name: pool, queueMax, threadsMax, concurrency }: PoolSettings,
  unfinished: number,
): CardumenError | undefined {
  if (unfinished >= queueMax + threadsMax * concurrency)
    return new CardumenError('try-again', `${queueMax} tasks wait for the pool "${pool}"; it takes no more.`)
  if (options.signal?.aborted === true)
    return new CardumenError('cancelled', `${name} was given up before it began.`, { cause: options.signal.reason })
  return undefined
}

/** `what` ended, by that error or with that code. */
export function exited(what: string, exitCode: number, error: unknown, executed: Executed): CardumenError {
  const why = error instanceof Error ? error.message : `it exited with code ${exitCode}`
  return new CardumenError('thread-exited', `${what}: ${why}.`, { executed, cause: error })
}

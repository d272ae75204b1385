/**
 * What the code of a job can learn about the job that it belongs to, also after an `await`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export class RunningJob {
  #controller: AbortController | undefined
  #isCancelled = false

  /** Made when first asked for, since most jobs never ask. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isCancelled) this.#controller.abort()
    }
    return this.#controller.signal
  }

  cancel(): void {
    this.#isCancelled = true
    this.#controller?.abort()
  }
}

const current = new AsyncLocalStorage<RunningJob>()

/** Calls `run` with `job` as the current one. */
export function runAsJob<Result>(job: RunningJob, run: () => Result): Result {
  return current.run(job, run)
}

/** Aborts when the caller of the present job has given it up. Undefined outside a job. */
export function jobSignal(): AbortSignal | undefined {
  return current.getStore()?.signal
}

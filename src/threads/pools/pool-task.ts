/**
 * One task of a pool, from `run` to its result: what was asked for, who waits, and what can end the wait early.
 *
 * It ends once, by whatever comes first, and lets go of its timer and signal then. Where it lies, and whether a thread has begun
 * it, is the pool's business.
 */
import type { PackedArguments } from '../travel/arguments.ts'
import type { TaskOptions } from './pool-options.ts'
import { nothing } from './task-board.ts'

/** Node's timers take no more; a longer wait, of 24 days, has no end in practice. */
const timerMsMax = 2 ** 31 - 1

export class PoolTask {
  readonly name: string
  readonly values: readonly unknown[]
  readonly options: TaskOptions
  /** On the board; `nothing` before it was published and after its thread has ended it. */
  slot: number = nothing
  /** Its arguments as a message carries them; without this they lie in the slot, and whoever takes it begins it. */
  packed: PackedArguments | undefined
  /** Its arguments went as a message to the thread that asked for them. */
  isSent = false
  isDone = false
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #onAbort: (() => void) | undefined

  constructor(
    name: string,
    values: readonly unknown[],
    options: TaskOptions,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.name = name
    this.values = values
    this.options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  watch(onTimeout: () => void, onAbort: () => void): void {
    const { timeoutMs, signal } = this.options
    if (timeoutMs !== undefined && timeoutMs <= timerMsMax) this.#timer = setTimeout(onTimeout, timeoutMs)
    if (signal === undefined) return
    this.#onAbort = onAbort
    signal.addEventListener('abort', onAbort)
  }

  succeed(value: unknown): void {
    this.#end()
    this.#resolve(value)
  }

  fail(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.isDone = true
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.options.signal?.removeEventListener('abort', this.#onAbort)
  }
}

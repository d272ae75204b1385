/**
 * Tasks that wait with the pool, in the order in which they came.
 *
 * A set keeps that order and lets go of one in the middle at once (a cancelled task takes no room); one iterator is kept over it, since
 * a new one would step over everything that was taken before.
 */
import type { PoolTask } from './pool-task.ts'

export class TaskBacklog {
  readonly #tasks = new Set<PoolTask>()
  #next = this.#tasks.values()

  get size(): number {
    return this.#tasks.size
  }

  add(task: PoolTask): void {
    this.#tasks.add(task)
  }

  /** The oldest, or undefined. */
  take(): PoolTask | undefined {
    if (this.#tasks.size === 0) return undefined
    let next = this.#next.next()
    if (next.done === true) {
      this.#next = this.#tasks.values()
      next = this.#next.next()
    }
    if (next.done === true) return undefined
    this.#tasks.delete(next.value)
    return next.value
  }

  /** False where it is not among them. */
  remove(task: PoolTask): boolean {
    return this.#tasks.delete(task)
  }

  all(): PoolTask[] {
    return [...this.#tasks]
  }
}

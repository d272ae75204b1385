/**
 * Commits in groups: what waits when a sync begins is on disk when it ends, and is carried out and answered then.
 *
 * So nothing that was answered, or that anybody could read, is lost by a crash. A crash in the middle of a sync leaves
 * the first part of the group on disk, how much is drawn, and answers none of it.
 */
import type { Random } from '../../lib/random.ts'
import { groupTasksMax } from './bounds.ts'
import type { EngineTime } from './engine-world.ts'

export interface CommitTask {
  /** Carries it out: from here on it is durable. */
  commit(): void
  /** Tells who asked, after the whole group was committed. */
  answer(): void
}

export class CommitQueue {
  readonly #time: EngineTime
  readonly #random: Random
  readonly #drawSyncMs: () => number
  readonly #onCommitted: () => void
  #waiting: CommitTask[] = []
  #group: readonly CommitTask[] = []
  #cancelSync: (() => void) | undefined

  constructor(time: EngineTime, random: Random, drawSyncMs: () => number, onCommitted: () => void) {
    this.#time = time
    this.#random = random
    this.#drawSyncMs = drawSyncMs
    this.#onCommitted = onCommitted
  }

  add(task: CommitTask): void {
    this.#waiting.push(task)
    if (this.#cancelSync === undefined) this.#beginSync()
  }

  crash(): void {
    this.#cancelSync?.()
    this.#cancelSync = undefined
    const durable = this.#random.below(this.#group.length + 1)
    for (const task of this.#group.slice(0, durable)) task.commit()
    this.#group = []
    this.#waiting = []
  }

  /** Others may join until the sync begins, at the end of the present moment. */
  #beginSync(): void {
    this.#cancelSync = this.#time.after(0, () => {
      this.#group = this.#waiting.splice(0, groupTasksMax)
      this.#cancelSync = this.#time.after(this.#drawSyncMs(), () => this.#onSynced())
    })
  }

  #onSynced(): void {
    const group = this.#group
    this.#group = []
    this.#cancelSync = undefined
    for (const task of group) task.commit()
    for (const task of group) task.answer()
    this.#onCommitted()
    if (this.#waiting.length > 0 && this.#cancelSync === undefined) this.#beginSync()
  }
}

/**
 * Numbers for new directories: each is given once, over all servers there ever are, without asking anybody.
 *
 * They are counted from a revision of the engine that is this server's alone, first that of its port's row, later that
 * of something it wrote. A capability of a directory that was destroyed so never opens another one.
 */
import type { Condition } from '../../edges/engine.ts'
import { assert } from '../../lib/assert.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'

const perRevision = 2 ** 20

export class ObjectNumbers {
  #base: number
  #next = 0
  #latest: number

  /** @param fence - of the serving, with the revision of the port's row. */
  constructor(fence: readonly Condition[]) {
    const row = fence.find((condition) => condition.kind === 'revision')
    this.#base = row?.kind === 'revision' ? row.equals : 0
    this.#latest = this.#base
    assert(this.#base > 0, 'a kept identity has a row of its port')
  }

  /** A transaction of this server was committed with this revision. */
  onWritten(revision: number): void {
    this.#latest = Math.max(this.#latest, revision)
  }

  /** @throws CardumenError `try-again` after a million that came to nothing. */
  next(): number {
    if (this.#next === perRevision && this.#latest > this.#base) {
      this.#base = this.#latest
      this.#next = 0
    }
    if (this.#next === perRevision)
      throw new CardumenError('try-again', 'No directory can be made before the engine has committed something.')
    return this.#base * perRevision + this.#next++
  }
}

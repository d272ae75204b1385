/**
 * What was served, is not any more where it was, and is worth waiting for: a kept identity moves, or starts again.
 *
 * Within the grace time a call that finds nobody waits and looks again instead of failing. The time begins when the
 * first one finds it gone, so who calls something that stays away hears so at once afterwards. Being found again where
 * it had just been missed ends nothing: the row of a server that has lost its lease may stand for a while.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Address, Instant } from '../../lib/identifiers.ts'

/** How long what has vanished is looked for. */
export const graceMs = 2_000
/** What is missed again after so long has vanished anew. */
const anewMs = 10_000
const vanishedMax = 4_096

export class Vanished<Key> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #gone = new Map<Key, { readonly since: Instant; readonly from: Address }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  note(key: Key, from: Address): void {
    const since = this.#clock.now()
    const before = this.#gone.get(key)
    if (before !== undefined && before.from === from && since - before.since < anewMs) return
    if (this.#gone.size >= vanishedMax) this.#gone.clear()
    this.#gone.set(key, { since, from })
  }

  found(key: Key, at: Address): void {
    if (this.#gone.size > 0 && this.#gone.get(key)?.from !== at) this.#gone.delete(key)
  }

  isAwaited(key: Key): boolean {
    const since = this.#gone.get(key)?.since
    return since !== undefined && this.#clock.now() - since < graceMs
  }
}

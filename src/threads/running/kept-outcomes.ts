/**
 * Which outcomes of threads that have ended are still kept: who may yet ask for them is not always known.
 *
 * An outcome is kept while somebody may ask for it: until the object of whoever started the thread is collected, or its thread
 * has ended, unless the object was handed on. Then, as nobody knows who still has one, it is kept until newer ones need the room.
 */

/** Threads that have ended, and whose outcomes are kept. */
export const outcomesMax = 1_024

interface Claim {
  /** The object was handed on. */
  isKept: boolean
  /** The object of whoever started it is gone. */
  isReleased: boolean
  hasEnded: boolean
}

export class KeptOutcomes {
  readonly #claims = new Map<number, Claim>()
  /** In the order in which they ended. */
  readonly #ended = new Set<number>()
  readonly #forget: (thread: number) => void

  /** `forget` is called for each thread once nobody can ask for its outcome any more, or newer ones need the room. */
  constructor(forget: (thread: number) => void) {
    this.#forget = forget
  }

  onStart(thread: number): void {
    this.#claims.set(thread, { isKept: false, isReleased: false, hasEnded: false })
  }

  keep(thread: number): void {
    const claim = this.#claims.get(thread)
    if (claim !== undefined) claim.isKept = true
  }

  release(thread: number): void {
    const claim = this.#claims.get(thread)
    if (claim === undefined || claim.isKept) return
    claim.isReleased = true
    if (claim.hasEnded) this.#drop(thread)
  }

  onEnd(thread: number): void {
    const claim = this.#claims.get(thread)
    if (claim === undefined) return
    claim.hasEnded = true
    if (claim.isReleased) return this.#drop(thread)
    this.#ended.add(thread)
    const [oldest] = this.#ended
    if (this.#ended.size > outcomesMax && oldest !== undefined) this.#drop(oldest)
  }

  #drop(thread: number): void {
    this.#ended.delete(thread)
    this.#claims.delete(thread)
    this.#forget(thread)
  }
}

/**
 * A counter in a store that entries of the token ring read and write, with their fencing tokens: what exclusion is for.
 *
 * The store refuses each access with a token older than one that it has met. Each visit adds one to what it has read,
 * so two that overlap with effect lose an addition. Requests to it may be late, and outlive whoever made them.
 */
import type { FencingToken } from '../../protocols/mutex/messages.ts'

export class GuardedStore {
  /** Writes that were accepted; equal to the value as long as none was lost. */
  accepted = 0
  refused = 0
  value = 0
  readonly #isFenced: boolean
  #newest: FencingToken = [0, 0]

  /** @param isFenced - false only to see that a check finds it. */
  constructor(isFenced = true) {
    this.#isFenced = isFenced
  }

  /** The greatest that it has met: it refuses what is less. */
  get newest(): FencingToken {
    return this.#newest
  }

  /** Undefined: refused. */
  read(token: FencingToken): number | undefined {
    return this.#admits(token) ? this.value : undefined
  }

  /** False: refused. */
  write(token: FencingToken, value: number): boolean {
    if (!this.#admits(token)) return false
    this.value = value
    this.accepted++
    return true
  }

  #admits(token: FencingToken): boolean {
    const isStale = isOlder(token, this.#newest)
    if (isStale) this.refused++
    else this.#newest = token
    return !isStale || !this.#isFenced
  }
}

export function isOlder(left: FencingToken, right: FencingToken): boolean {
  return left[0] < right[0] || (left[0] === right[0] && left[1] < right[1])
}

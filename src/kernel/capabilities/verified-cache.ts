/**
 * What was verified already, by the bytes that were shown: most calls are for the same few.
 *
 * Found again by a number made of the bytes, then compared whole and in constant time, so that nothing passes for
 * another. When there are too many the oldest goes. It does not know what makes an entry stale: whoever revokes drops
 * the object's, and what depends on clock or caller is checked at every use.
 */
import { equalBytes } from '../../lib/bytes.ts'
import { keyOfSelector } from '../calls/selector.ts'

/** Of one service; each takes some 500 bytes. */
const verifiedMax = 16_384

export interface Verified {
  readonly selector: Uint8Array
  readonly object: number
}

export class VerifiedCache<Entry extends Verified> {
  readonly #entries = new Map<number, Entry>()

  find(selector: Uint8Array): Entry | undefined {
    const entry = this.#entries.get(keyOfSelector(selector))
    return entry !== undefined && equalBytes(entry.selector, selector) ? entry : undefined
  }

  add(entry: Entry): void {
    const key = keyOfSelector(entry.selector)
    if (this.#entries.size >= verifiedMax && !this.#entries.has(key)) this.#forgetOldest()
    this.#entries.set(key, entry)
  }

  drop(object: number): void {
    for (const [key, entry] of this.#entries) if (entry.object === object) this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }

  #forgetOldest(): void {
    for (const [oldest] of this.#entries) {
      this.#entries.delete(oldest)
      return
    }
  }
}

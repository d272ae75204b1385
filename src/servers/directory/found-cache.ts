/**
 * What was looked up in one directory, for those to whom an answer of some age will do.
 *
 * It holds promises, so that an answer costs nothing but finding it. Bounded: over it, what was looked up longest ago
 * goes. It is not told of changes; the age that the asker allows is its only promise.
 */
import type { Found } from './changes.ts'

export const foundKeptMax = 4_096

interface Kept {
  readonly found: Promise<Found>
  /** When it was asked for: it is at least as new. */
  readonly askedAt: number
}

export class FoundCache {
  readonly #kept = new Map<string, Kept>()
  /** Answers that were asked for before the last change of ours are not kept: they may be older. */
  #changes = 0

  /** To be taken before asking, and given to `keep`. */
  get epoch(): number {
    return this.#changes
  }

  /** Undefined where it holds none that was asked for at `notBefore` or later. */
  find(path: string, notBefore: number): Promise<Found> | undefined {
    const kept = this.#kept.get(path)
    return kept !== undefined && kept.askedAt >= notBefore ? kept.found : undefined
  }

  keep(path: string, found: Found, askedAt: number, epoch: number): void {
    if (epoch !== this.#changes) return
    this.#kept.delete(path)
    if (this.#kept.size >= foundKeptMax) {
      const [oldest] = this.#kept.keys()
      if (oldest !== undefined) this.#kept.delete(oldest)
    }
    this.#kept.set(path, { found: Promise.resolve(found), askedAt })
  }

  /** After a change of ours, so that we do not miss our own. */
  clear(): void {
    this.#changes++
    this.#kept.clear()
  }
}

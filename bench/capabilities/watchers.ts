/**
 * The watchers of one process, and when the last of them saw each change.
 */
import type { System } from '../../src/cardumen.ts'
import { monotonicMs } from '../harness/monotonic.ts'

interface Seen {
  watchers: number
  lastAtMs: number
}

export class Watchers {
  readonly #root: System['directory']
  readonly #seen = new Map<number, Seen>()
  /** By the change that somebody waits for. */
  readonly #awaited = new Map<number, PromiseWithResolvers<number>>()
  #failure: Error | undefined
  #count = 0

  constructor(root: System['directory']) {
    this.#root = root
  }

  /** They watch for as long as the process lives. */
  start(directory: string, count: number, from: number): void {
    this.#count += count
    for (let watcher = 0; watcher < count; watcher++) {
      this.#watch(directory, from).catch((cause: unknown) => this.#fail(new Error('a watcher ended', { cause })))
    }
  }

  /** Once all of them have seen it. The asker's own deadline ends the wait. */
  async lastSeenAtMs(sequence: number): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure
    const seen = this.#seen.get(sequence)
    if (seen?.watchers === this.#count) return seen.lastAtMs
    const awaited = Promise.withResolvers<number>()
    this.#awaited.set(sequence, awaited)
    return awaited.promise
  }

  async #watch(directory: string, from: number): Promise<void> {
    for await (const { sequence } of this.#root.watch(directory, { from })) {
      const seen = this.#seen.get(sequence) ?? { watchers: 0, lastAtMs: 0 }
      seen.watchers++
      seen.lastAtMs = monotonicMs()
      this.#seen.set(sequence, seen)
      if (seen.watchers === this.#count) this.#awaited.get(sequence)?.resolve(seen.lastAtMs)
    }
  }

  #fail(error: Error): void {
    this.#failure = error
    for (const { reject } of this.#awaited.values()) reject(error)
  }
}

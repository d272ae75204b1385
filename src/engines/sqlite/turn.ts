/**
 * Whose turn it is to write, among the processes of one machine.
 *
 * SQLite's write lock has no queue: who asks at the right moment gets it, and a busy writer asks all the time. So
 * whoever has waited longest leaves a mark in a small file, and the others let it go first, like people in a bakery who
 * all see the number on the wall. The mark is advice only: SQLite's lock alone keeps writers apart. A lost, torn or
 * stale mark costs fairness for a moment and nothing else, so the file needs no lock and no sync.
 *
 * The mark: since when its writer waits (monotonic ms), when it was last refreshed, and who it is.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { waitingMarkMsMax } from './bounds.ts'
import { monotonicMs } from './monotonic.ts'

const sinceAt = 0
const seenAt = 8
const nameAt = 16
const markBytes = 24

export class Turn {
  readonly #handle: number
  readonly #name: bigint
  readonly #mark = Buffer.alloc(markBytes)
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4))

  constructor(path: string) {
    this.#handle = openSync(path, 'r+')
    this.#name = randomBytes(8).readBigUInt64LE()
  }

  /**
   * Tries again and again until it succeeds, after those that came earlier.
   * False: not within `waitMsMax`. Blocks the thread.
   */
  take(tryIt: () => boolean, waitMsMax: number): boolean {
    const since = monotonicMs()
    for (let now = since; now - since <= waitMsMax; now = monotonicMs()) {
      const standing = this.#standing(now)
      const isOthers = standing !== undefined && standing.name !== this.#name
      if (!isOthers || standing.since >= since) {
        if (tryIt()) {
          if (standing?.name === this.#name) this.#clear()
          return true
        }
        this.#leave(since, now)
      }
      this.#sleepBriefly()
    }
    return false
  }

  close(): void {
    closeSync(this.#handle)
  }

  #standing(now: number): { since: number; name: bigint } | undefined {
    if (readSync(this.#handle, this.#mark, 0, markBytes, 0) < markBytes) return undefined
    const seen = this.#mark.readDoubleLE(seenAt)
    if (!(seen <= now && now - seen <= waitingMarkMsMax)) return undefined
    return { since: this.#mark.readDoubleLE(sinceAt), name: this.#mark.readBigUInt64LE(nameAt) }
  }

  #leave(since: number, now: number): void {
    this.#mark.writeDoubleLE(since, sinceAt)
    this.#mark.writeDoubleLE(now, seenAt)
    this.#mark.writeBigUInt64LE(this.#name, nameAt)
    this.#write()
  }

  #clear(): void {
    this.#mark.fill(0)
    this.#write()
  }

  #write(): void {
    try {
      writeSync(this.#handle, this.#mark, 0, markBytes, 0)
    } catch {
      // A full disk, at worst: without a mark there is no order among the waiting, but they still get the lock.
    }
  }

  /** Between 0.1 and 0.3 ms, at random, so that two processes do not ask in step. */
  #sleepBriefly(): void {
    Atomics.wait(this.#sleeper, 0, 0, 0.1 + Math.random() * 0.2)
  }
}

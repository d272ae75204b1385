/**
 * The log of changes that watches read, each from its own place: bounded by changes and by bytes.
 *
 * One row a transaction that wrote. Rows have consecutive revisions, so a place in the log is a revision. Only what
 * was committed is here.
 */
import type { Change, WatchBatch } from '../../edges/engine.ts'
import type { Revision } from '../../lib/identifiers.ts'
import { changeBytesKeptMax, changesKeptMax } from './bounds.ts'

interface Row extends WatchBatch {
  readonly sizeBytes: number
}

export interface Pull {
  readonly batch: WatchBatch | undefined
  /** Where to go on. */
  readonly next: number
}

export class ChangeLog {
  #rows: Row[] = []
  /** Rows before it were forgotten. */
  #first = 0
  #changes = 0
  #bytes = 0
  #compacted = 0

  /** Of the last transaction that was forgotten; 0: none was. */
  get compactedRevision(): number {
    return this.#compacted
  }

  append(revision: Revision, changes: readonly Change[]): void {
    const sizeBytes = changes.reduce((sum, change) => sum + sizeOf(change), 0)
    this.#rows.push({ revision, changes, sizeBytes })
    this.#changes += changes.length
    this.#bytes += sizeBytes
    while (this.#changes > changesKeptMax || this.#bytes > changeBytesKeptMax) this.#forgetFirst()
    this.#sweep()
  }

  /** Forgets all. */
  compact(): void {
    while (this.#first < this.#rows.length) this.#forgetFirst()
    this.#sweep()
  }

  /** False where something at or after `from` may have been forgotten. */
  reaches(from: number): boolean {
    return this.#compacted === 0 || from > this.#compacted
  }

  /** The first transaction from `from` to `last` with a change under the prefix. */
  pull(prefix: string, from: number, last: number): Pull {
    const start = this.#rows[this.#first]?.revision ?? 0
    let next = Math.max(from, start)
    for (; next <= last; next++) {
      const row = this.#rows[this.#first + next - start]
      if (row === undefined) break
      const changes = row.changes.filter((change) => change.key.startsWith(prefix))
      if (changes.length > 0) return { batch: { revision: row.revision, changes }, next: next + 1 }
    }
    return { batch: undefined, next: Math.max(from, next) }
  }

  #forgetFirst(): void {
    const row = this.#rows[this.#first]
    if (row === undefined) return
    this.#first++
    this.#changes -= row.changes.length
    this.#bytes -= row.sizeBytes
    this.#compacted = row.revision
  }

  #sweep(): void {
    if (this.#first <= 64 || this.#first * 2 < this.#rows.length) return
    this.#rows = this.#rows.slice(this.#first)
    this.#first = 0
  }
}

function sizeOf(change: Change): number {
  return change.key.length + (change.kind === 'put' ? change.value.length : 0)
}

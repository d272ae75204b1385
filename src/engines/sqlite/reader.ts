/**
 * Reads, on the main thread, from a connection of its own: SQLite's log file lets readers and a writer work at once.
 *
 * A read takes a few microseconds, less than asking another thread would. It sees whatever was committed before it
 * began, by any process; since a write is acknowledged after its commit, a process always reads its own writes.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Change, Entry, LeaseId, Listing, ListOptions, WatchBatch } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { revision as revisionOf, type Revision } from '../../lib/identifiers.ts'
import { passedChangesMax, pulledBytesMax, pulledChangesMax } from './bounds.ts'
import { prefixRange, type KeyRange } from './key-range.ts'
import { openForReading } from './schema.ts'
import { errorOf, failureOf, isBusy } from './sqlite-failure.ts'
import { entryOf, selectEntry } from './store.ts'

/** Another process repairs the file after a crash for a few milliseconds; nothing else makes a reader wait. */
const attemptsMax = 50
const attemptDelayMs = 1

export interface Pull {
  readonly batches: readonly WatchBatch[]
  /** Where to go on. */
  readonly next: number
  /** Nothing more is there at this moment. */
  readonly atEnd: boolean
}

export class Reader {
  readonly #database: DatabaseSync
  readonly #select: StatementSync
  readonly #list: StatementSync
  readonly #counters: StatementSync
  readonly #firstOf: StatementSync
  readonly #changes: StatementSync
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4))

  constructor(path: string) {
    this.#database = openForReading(path)
    // The first one reads the schema; the others find it in memory.
    this.#select = this.#patiently(() => this.#database.prepare(selectEntry))
    this.#list = this.#database.prepare(
      'SELECT key, value, revision, created_revision AS createdRevision, lease FROM kv WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    )
    this.#counters = this.#database.prepare(
      'SELECT revision, sequence, compacted_revision AS compactedRevision, compacted_sequence AS compactedSequence FROM counters',
    )
    this.#firstOf = this.#database.prepare(
      'SELECT sequence FROM changes WHERE sequence >= ? AND revision >= ? ORDER BY sequence LIMIT 1',
    )
    this.#changes = this.#database.prepare(
      `SELECT sequence, revision, size, key, lease, value FROM changes
       WHERE sequence >= ? AND sequence < ? AND key >= ? AND key < ? ORDER BY sequence`,
    )
  }

  get(key: string): Entry | undefined {
    return this.#patiently(() => entryOf(this.#select.get(key)))
  }

  list(prefix: string, options: ListOptions): Listing {
    const { low, high } = prefixRange(prefix, options.after)
    const countMax = options.entriesMax ?? Number.MAX_SAFE_INTEGER - 1
    return this.#patiently(() =>
      this.#atOneMoment(() => {
        const rows = this.#list.all(low, high, countMax + 1)
        const more = rows.length > countMax
        if (more) rows.pop()
        return { entries: rows.map((row) => entryOf(row) as Entry), revision: this.#readCounters().revision, more }
      }),
    )
  }

  /** The sequence number of the last change, whatever its key. */
  lastSequence(): number {
    return this.#patiently(() => this.#readCounters().sequence)
  }

  /**
   * The sequence number from which on a watch has to read, for all changes of a revision >= `from`.
   * @throws CardumenError `compacted`.
   */
  sequenceOf(from: Revision): number {
    return this.#patiently(() =>
      this.#atOneMoment(() => {
        const counters = this.#readCounters()
        if (from > counters.revision) return counters.sequence + 1
        if (counters.compactedRevision > 0 && from <= counters.compactedRevision) throw compacted()
        return this.#searchFirst(from, counters.compactedSequence + 1, counters.sequence + 1)
      }),
    )
  }

  /**
   * The next changes of keys in `range`, whole transactions only.
   * @throws CardumenError `compacted`.
   */
  pull(from: number, range: KeyRange): Pull {
    return this.#patiently(() =>
      this.#atOneMoment(() => {
        const counters = this.#readCounters()
        if (from <= counters.compactedSequence) throw compacted()
        const end = this.#endOfSpan(from, counters.sequence)
        const { batches, stoppedAt } = this.#collect(from, end, range)
        const next = stoppedAt ?? end
        return { batches, next, atEnd: next > counters.sequence }
      }),
    )
  }

  close(): void {
    this.#database.close()
  }

  /** Exclusive; never in the middle of a transaction. */
  #endOfSpan(from: number, last: number): number {
    const far = from + passedChangesMax
    if (far > last) return last + 1
    const atEnd = this.#revisionAt(far - 1)
    return this.#firstAtLeast(far, atEnd + 1) ?? last + 1
  }

  #collect(
    from: number,
    end: number,
    range: KeyRange,
  ): { batches: readonly WatchBatch[]; stoppedAt: number | undefined } {
    const batches: { revision: Revision; changes: Change[] }[] = []
    let count = 0
    let bytes = 0
    for (const row of this.#changes.iterate(from, end, range.low, range.high)) {
      const revision = row['revision'] as Revision
      let batch = batches.at(-1)
      if (batch?.revision !== revision) {
        if (count >= pulledChangesMax || bytes >= pulledBytesMax)
          return { batches, stoppedAt: row['sequence'] as number }
        batch = { revision, changes: [] }
        batches.push(batch)
      }
      batch.changes.push(changeOf(row))
      count++
      bytes += row['size'] as number
    }
    return { batches, stoppedAt: undefined }
  }

  /** Sequence numbers have no gaps and revisions only grow along them, so halving finds the place. */
  #searchFirst(from: Revision, low: number, high: number): number {
    let first = low
    let end = high
    while (first < end) {
      const middle = Math.floor((first + end) / 2)
      if (this.#revisionAt(middle) < from) first = middle + 1
      else end = middle
    }
    return first
  }

  #revisionAt(sequence: number): number {
    const found = this.#changes.get(sequence, sequence + 1, '', new Uint8Array(0))?.['revision']
    if (found === undefined) throw new CardumenError('engine-failed', `change ${sequence} is missing from the log`)
    return found as number
  }

  #firstAtLeast(sequence: number, revision: number): number | undefined {
    return this.#firstOf.get(sequence, revision)?.['sequence'] as number | undefined
  }

  #readCounters(): { revision: Revision; sequence: number; compactedRevision: number; compactedSequence: number } {
    const row = this.#counters.get() ?? {}
    return {
      revision: revisionOf(Number(row['revision'])),
      sequence: Number(row['sequence']),
      compactedRevision: Number(row['compactedRevision']),
      compactedSequence: Number(row['compactedSequence']),
    }
  }

  #atOneMoment<Result>(read: () => Result): Result {
    this.#database.exec('BEGIN')
    try {
      return read()
    } finally {
      this.#database.exec('COMMIT')
    }
  }

  #patiently<Result>(read: () => Result): Result {
    for (let attempt = 1; ; attempt++) {
      try {
        return read()
      } catch (error) {
        if (!isBusy(error) || attempt === attemptsMax) throw errorOf(failureOf(error, 'no'))
      }
      Atomics.wait(this.#sleeper, 0, 0, attemptDelayMs)
    }
  }
}

function changeOf(row: Record<string, unknown>): Change {
  const key = row['key'] as string
  const value = row['value'] as Uint8Array | null
  if (value === null) return { kind: 'delete', key }
  return { kind: 'put', key, value, lease: (row['lease'] as LeaseId | null) ?? undefined }
}

function compacted(): CardumenError {
  return new CardumenError('compacted', 'the engine no longer keeps the changes since that revision', {
    hint: 'List the keys and watch from the revision of the listing plus one.',
  })
}

/**
 * The tables as the writer uses them: one instance, one connection, inside one SQLite transaction at a time.
 *
 * `begin` reads the counters and `finish` writes them back, once for all the transactions that share a commit. In
 * between every change of a key goes into `kv` and, under the next sequence number, into the log for the watches.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Entry, LeaseId } from '../../edges/engine.ts'
import { revision as revisionOf, type Revision } from '../../lib/identifiers.ts'
import { changeBytesKeptMax, changesKeptMax, trimmedBytesMax, trimmedChangesMax } from './bounds.ts'

interface Counters {
  revision: number
  sequence: number
  compactedRevision: number
  compactedSequence: number
  logBytes: number
}

export class Store {
  #counters: Counters = { revision: 0, sequence: 0, compactedRevision: 0, compactedSequence: 0, logBytes: 0 }
  /** The revision that the next change of the open transaction gets. */
  #writing = 0
  readonly #readCounters: StatementSync
  readonly #writeCounters: StatementSync
  readonly #select: StatementSync
  readonly #upsert: StatementSync
  readonly #remove: StatementSync
  readonly #removeLeased: StatementSync
  readonly #append: StatementSync
  readonly #oldest: StatementSync
  readonly #trim: StatementSync

  constructor(database: DatabaseSync) {
    this.#readCounters = database.prepare(
      `SELECT revision, sequence, compacted_revision AS compactedRevision, compacted_sequence AS compactedSequence, log_bytes AS logBytes FROM counters`,
    )
    this.#writeCounters = database.prepare(
      'UPDATE counters SET revision = ?, sequence = ?, compacted_revision = ?, compacted_sequence = ?, log_bytes = ?',
    )
    this.#select = database.prepare(selectEntry)
    this.#upsert = database.prepare(
      `INSERT INTO kv (key, value, revision, created_revision, lease) VALUES (?1, ?2, ?3, ?3, ?4)
       ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3, lease = ?4`,
    )
    this.#remove = database.prepare('DELETE FROM kv WHERE key = ?')
    this.#removeLeased = database.prepare('DELETE FROM kv WHERE lease = ? RETURNING key')
    this.#append = database.prepare(
      'INSERT INTO changes (sequence, revision, size, key, lease, value) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#oldest = database.prepare('SELECT sequence, revision, size FROM changes ORDER BY sequence LIMIT ?')
    this.#trim = database.prepare('DELETE FROM changes WHERE sequence <= ?')
  }

  /** After BEGIN: nothing that an earlier, rolled back attempt left behind counts. */
  begin(): void {
    const row = this.#readCounters.get()
    if (row === undefined) throw new Error('the counters are gone')
    this.#counters = { ...(row as unknown as Counters) }
    this.#writing = this.#counters.revision + 1
  }

  /** Before COMMIT. True where anything changed. */
  finish(): boolean {
    const counters = this.#counters
    const changed = this.#writing !== counters.revision + 1
    if (!changed) return false
    counters.revision = this.#writing - 1
    this.#trimLog()
    this.#writeCounters.run(
      counters.revision,
      counters.sequence,
      counters.compactedRevision,
      counters.compactedSequence,
      counters.logBytes,
    )
    return true
  }

  /** Of the last transaction that wrote. */
  get revision(): Revision {
    return revisionOf(this.#writing - 1)
  }

  /** Ends a transaction that wrote: the next one gets the next revision. */
  advance(): Revision {
    return revisionOf(this.#writing++)
  }

  get(key: string): Entry | undefined {
    return entryOf(this.#select.get(key))
  }

  put(key: string, value: Uint8Array, lease: LeaseId | undefined): void {
    this.#upsert.run(key, value, this.#writing, lease ?? null)
    this.#log(key, lease, value)
  }

  /** False where the key was absent. */
  delete(key: string): boolean {
    if (this.#remove.run(key).changes === 0) return false
    this.#log(key, undefined, undefined)
    return true
  }

  /** How many keys went with the lease. */
  deleteLeased(lease: LeaseId): number {
    const rows = this.#removeLeased.all(lease)
    for (const row of rows) this.#log(String(row['key']), undefined, undefined)
    return rows.length
  }

  #log(key: string, lease: LeaseId | undefined, value: Uint8Array | undefined): void {
    const size = key.length + (value?.length ?? 0)
    this.#counters.sequence++
    this.#counters.logBytes += size
    this.#append.run(this.#counters.sequence, this.#writing, size, key, lease ?? null, value ?? null)
  }

  #isLogTooLong(): boolean {
    const counters = this.#counters
    return counters.sequence - counters.compactedSequence > changesKeptMax || counters.logBytes > changeBytesKeptMax
  }

  /** In small bites, so that no commit takes long; each bite may be larger than what one commit adds. */
  #trimLog(): void {
    if (!this.#isLogTooLong()) return
    const counters = this.#counters
    let trimmedBytes = 0
    for (const row of this.#oldest.all(trimmedChangesMax)) {
      counters.compactedSequence = Number(row['sequence'])
      counters.compactedRevision = Number(row['revision'])
      counters.logBytes -= Number(row['size'])
      trimmedBytes += Number(row['size'])
      if (trimmedBytes >= trimmedBytesMax || !this.#isLogTooLong()) break
    }
    this.#trim.run(counters.compactedSequence)
  }
}

export const selectEntry =
  'SELECT key, value, revision, created_revision AS createdRevision, lease FROM kv WHERE key = ?'

export function entryOf(row: Record<string, unknown> | undefined): Entry | undefined {
  if (row === undefined) return undefined
  return {
    key: row['key'] as string,
    value: row['value'] as Uint8Array,
    revision: row['revision'] as Revision,
    createdRevision: row['createdRevision'] as Revision,
    lease: (row['lease'] as LeaseId | null) ?? undefined,
  }
}

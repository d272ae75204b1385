/**
 * SQLite's write-ahead log file, kept from growing without end and from filling a disk for nothing.
 *
 * SQLite empties it by itself as long as readers and other writers leave it a moment; when they do not, or when the
 * disk is full, it needs help.
 */
import { statSync, truncateSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { walBytesMax } from './bounds.ts'

/** Of the file and of each frame in it; see https://sqlite.org/fileformat2.html#the_write_ahead_log */
const fileHeaderBytes = 32
const frameHeaderBytes = 24

export class LogFile {
  readonly #database: DatabaseSync
  readonly #databasePath: string
  readonly #path: string
  readonly #pageBytes: number

  constructor(database: DatabaseSync, databasePath: string) {
    this.#database = database
    this.#databasePath = databasePath
    this.#path = `${databasePath}-wal`
    this.#pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size'])
  }

  isTooLong(): boolean {
    return this.#sizeBytes() > walBytesMax
  }

  /** Copies it into the state file. False: others use it; try again. */
  tryEmpty(): boolean {
    return this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  }

  /**
   * Cuts off what a commit that did not fit has left behind its end: a tail without meaning, but it may take up all
   * the room there is, even that which SQLite needs to empty the file. Call it under the write lock.
   */
  cutTail(): void {
    const second = new DatabaseSync(this.#databasePath, { timeout: 0 })
    try {
      const frames = Number(second.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log'])
      const endBytes = frames > 0 ? fileHeaderBytes + frames * (frameHeaderBytes + this.#pageBytes) : 0
      if (frames >= 0 && this.#sizeBytes() > endBytes) truncateSync(this.#path, endBytes)
    } finally {
      second.close()
    }
  }

  #sizeBytes(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
  }
}

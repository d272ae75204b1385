/**
 * The floor of the suite `engine`: bare node:sqlite in WAL mode with full sync, on the calling thread.
 *
 * All puts of a tick share one commit. It has no revisions, leases or watches; it blocks its thread while the disk
 * syncs; and between processes it waits as SQLite's own busy handler does, which is not fair. It shows what the disk and
 * SQLite allow, and what an engine must do better.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { EngineAdapter } from './bench-engine.ts'

const BUSY_TIMEOUT_MS = 30_000

interface Queued {
  readonly key: string
  readonly value: Uint8Array
  readonly resolve: () => void
}

export const adapter: EngineAdapter = {
  async open(folder) {
    const database = new DatabaseSync(join(folder, 'bare.db'), { timeout: BUSY_TIMEOUT_MS })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID')
    const insert = database.prepare('INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)')
    const select = database.prepare('SELECT value FROM entries WHERE key = ?')
    let queue: Queued[] = []
    const commit = (): void => {
      const batch = queue
      queue = []
      database.exec('BEGIN IMMEDIATE')
      for (const { key, value } of batch) insert.run(key, value)
      database.exec('COMMIT')
      for (const { resolve } of batch) resolve()
    }
    return {
      put: (key, value) =>
        new Promise<void>((resolve) => {
          if (queue.length === 0) setImmediate(commit)
          queue.push({ key, value, resolve })
        }),
      get: async (key) => select.get(key),
      close: async () => database.close(),
    }
  },
}

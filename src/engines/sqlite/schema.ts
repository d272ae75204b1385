/**
 * The tables of the state file, and the opening of it by the writer.
 *
 * `kv` holds what is, `changes` what happened lately (for watches), `leases` who holds what until when, `counters` one
 * row with the revision and the ends of the log. `changes.sequence` has no gaps, so that a watch can find its place.
 * The number of the format is SQLite's own `user_version`. Nothing is written to a file before it was recognised.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { walPagesCopied } from './bounds.ts'

export const formatVersion = 1
/** SQLite's `application_id`: "Cdmn". */
const applicationId = 0x43_64_6d_6e

const tables = `
  CREATE TABLE kv (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, created_revision INTEGER NOT NULL, lease TEXT
  ) WITHOUT ROWID;
  CREATE INDEX kv_by_lease ON kv (lease) WHERE lease IS NOT NULL;
  CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY, revision INTEGER NOT NULL, size INTEGER NOT NULL, key TEXT NOT NULL, lease TEXT, value BLOB
  );
  CREATE TABLE leases (
    id TEXT PRIMARY KEY, ttl_ms REAL NOT NULL, expires_ms REAL NOT NULL,
    pid INTEGER NOT NULL, start_time TEXT NOT NULL, pid_namespace TEXT NOT NULL, boot_id TEXT NOT NULL,
    life_handle INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE counters (
    system_id TEXT NOT NULL, revision INTEGER NOT NULL, sequence INTEGER NOT NULL,
    compacted_revision INTEGER NOT NULL, compacted_sequence INTEGER NOT NULL, log_bytes INTEGER NOT NULL
  );`

/**
 * Opens the file for writing and makes its tables where there are none. Several processes may do so at once.
 * @throws SQLite's busy error: try again. CardumenError `state-newer`, `state-damaged`.
 */
export function openForWriting(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    if (!isRecognised(database, path)) create(database, path)
    database.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${walPagesCopied}; PRAGMA cache_size = -4000`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

export function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 0 })
}

export function readSystemId(database: DatabaseSync): string {
  return String(database.prepare('SELECT system_id FROM counters').get()?.['system_id'])
}

/** False where the file is empty. */
function isRecognised(database: DatabaseSync, path: string): boolean {
  const found = identify(database)
  if (found.application === applicationId) {
    if (found.version > formatVersion) throw newerFormat(path, found.version)
    return true
  }
  if (found.application !== 0 || found.version !== 0 || found.objects !== 0) {
    throw new CardumenError('state-damaged', `${path} is a database of another program`)
  }
  return false
}

/** All of one moment, since another process may be creating the tables meanwhile. */
function identify(database: DatabaseSync): { application: number; version: number; objects: number } {
  const outer = database.isTransaction
  if (!outer) database.exec('BEGIN')
  try {
    return {
      application: numberOf(database, 'PRAGMA application_id'),
      version: numberOf(database, 'PRAGMA user_version'),
      objects: numberOf(database, 'SELECT count(*) FROM sqlite_schema'),
    }
  } finally {
    if (!outer) database.exec('COMMIT')
  }
}

function create(database: DatabaseSync, path: string): void {
  // SQLite gives its other files the permissions of this one.
  chmodSync(path, 0o600)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
  try {
    // Another process may have been faster.
    if (!isRecognised(database, path)) {
      database.exec(tables)
      database.prepare('INSERT INTO counters VALUES (?, 0, 0, 0, 0, 0)').run(randomBytes(16).toString('hex'))
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function newerFormat(path: string, version: number): CardumenError {
  return new CardumenError(
    'state-newer',
    `${path} has format ${version}; this version of cardumen knows ${formatVersion}`,
    {
      hint: 'Upgrade cardumen, or choose another state folder.',
    },
  )
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0])
}

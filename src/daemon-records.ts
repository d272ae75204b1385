/**
 * What is written down about each daemon of this machine: one small file, which its process leaves behind if it dies.
 *
 * The engine says who is a member; this says which processes there are. The two differ when a daemon was stopped
 * (SIGSTOP) for longer than its lease: it is no member any more, and must still be found to be ended. A process is
 * known by its number and the moment it started, so nobody else is ever taken for it.
 */
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Holder, HolderProbe, type Liveness, ownHolder } from './engines/sqlite/holder-liveness.ts'

export interface DaemonRecord {
  readonly name: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedMs: number
  readonly holder: Holder
}

const recordsMax = 4_096

/** For a daemon, about itself. Returns what removes the record. */
export function writeDaemonRecord(stateFolder: string, name: string): () => void {
  const record: DaemonRecord = { name, pid: process.pid, startedMs: Date.now(), holder: ownHolder() }
  mkdirSync(folderOf(stateFolder), { recursive: true, mode: 0o700 })
  const path = join(folderOf(stateFolder), `${name}.${process.pid}.json`)
  writeFileSync(path, JSON.stringify(record), { mode: 0o600 })
  return () => removeQuietly(path)
}

/** The daemons whose process is there, stopped ones too. Removes what the dead left behind. */
export function livingDaemons(stateFolder: string): readonly DaemonRecord[] {
  const living: DaemonRecord[] = []
  for (const file of recordFiles(stateFolder).slice(0, recordsMax)) {
    const path = join(folderOf(stateFolder), file)
    const record = readRecord(path)
    if (record === undefined) continue
    if (livenessOf(record) === 'dead') removeQuietly(path)
    else living.push(record)
  }
  return living
}

export function livenessOf(record: DaemonRecord): Liveness {
  const probe = new HolderProbe(record.holder, ownHolder())
  try {
    return probe.look()
  } finally {
    probe.close()
  }
}

function folderOf(stateFolder: string): string {
  return join(stateFolder, 'daemons')
}

function recordFiles(stateFolder: string): readonly string[] {
  try {
    return readdirSync(folderOf(stateFolder)).filter((file) => file.endsWith('.json'))
  } catch {
    return [] // No daemon was ever started here.
  }
}

/** Undefined where it is only half written. */
function readRecord(path: string): DaemonRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<DaemonRecord> | null
    return typeof record?.name === 'string' && typeof record.holder === 'object' ? (record as DaemonRecord) : undefined
  } catch {
    return undefined
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Another one was quicker.
  }
}

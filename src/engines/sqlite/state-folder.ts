/**
 * The state folder: who makes it, and what lies in it.
 *
 * A folder that is made here can be entered by its user only, and is on disk before anything in it is acknowledged.
 * `state.db` must never be opened by other means than SQLite while this process has it open: closing any handle of a
 * file drops all POSIX locks that the process holds on it.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CardumenError } from '../../lib/cardumen-error.ts'

export interface StateFiles {
  readonly folder: string
  readonly database: string
  /** Written to after each commit, so that other processes wake up. */
  readonly bell: string
  /** Written to after a lease was granted or ended. */
  readonly leaseBell: string
  /** Takes up room, to be given up on a full disk. */
  readonly ballast: string
  /** Who has waited longest for the write lock. */
  readonly turn: string
}

export function stateFiles(folder: string): StateFiles {
  const absolute = resolve(folder)
  const at = (name: string): string => join(absolute, name)
  return {
    folder: absolute,
    database: at('state.db'),
    bell: at('state.bell'),
    leaseBell: at('state.lease-bell'),
    ballast: at('state.ballast'),
    turn: at('state.turn'),
  }
}

/** @throws CardumenError `state-unwritable`. */
export function makeStateFolder(files: StateFiles): void {
  try {
    const firstMade = mkdirSync(files.folder, { recursive: true, mode: 0o700 })
    if (firstMade !== undefined) syncFoldersUpTo(files.folder, dirname(firstMade))
    for (const path of [files.bell, files.leaseBell, files.turn]) closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    throw new CardumenError('state-unwritable', `the state folder ${files.folder} cannot be created or written`, {
      cause,
      hint: 'Choose another folder with the option or with CARDUMEN_HOME.',
    })
  }
}

function syncFoldersUpTo(folder: string, last: string): void {
  if (process.platform === 'win32') return // A folder cannot be opened there; the file system journals it.
  for (let at = folder; ; at = dirname(at)) {
    const handle = openSync(at, 'r')
    fsyncSync(handle)
    closeSync(handle)
    if (at === last || at === dirname(at)) return
  }
}

/**
 * What SQLite's result codes mean to a caller.
 *
 * A failure crosses from the writer's thread as plain data and becomes a CardumenError on the main thread. `executed`
 * is 'no' unless SQLite failed in the commit itself for another reason than a full disk: then the commit may be on disk.
 */
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly executed: Executed
  readonly hint?: string | undefined
}

const busyCodes = new Set([5, 15]) // SQLITE_BUSY, SQLITE_PROTOCOL: another process is in the way for a moment.
const diskFullCode = 13
const damagedCodes = new Set([11, 26]) // SQLITE_CORRUPT, SQLITE_NOTADB
const unopenableCodes = new Set([8, 14, 23]) // SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH
const inputOutputCode = 10

export function isBusy(error: unknown): boolean {
  return busyCodes.has(sqliteCode(error))
}

export function isDiskFull(error: unknown): boolean {
  return sqliteCode(error) === diskFullCode
}

/** Any failure of the disk; with no space left it means a full disk, whatever SQLite calls it. */
export function isInputOutput(error: unknown): boolean {
  return sqliteCode(error) === inputOutputCode
}

export function failureOf(error: unknown, executed: Executed): Failure {
  if (error instanceof CardumenError)
    return { code: error.code, message: error.message, executed: error.executed, hint: error.hint }
  if (isDiskFull(error)) return diskFull()
  return { code: 'engine-failed', message: `the state file: ${messageOf(error)}`, executed }
}

/** The same, while the file is being opened: what fails then is about the folder. */
export function openFailureOf(error: unknown, path: string): Failure {
  const code = sqliteCode(error)
  if (damagedCodes.has(code))
    return {
      code: 'state-damaged',
      message: `${path} is no state file of cardumen: ${messageOf(error)}`,
      executed: 'no',
    }
  if (unopenableCodes.has(code))
    return { code: 'state-unwritable', message: `${path} cannot be opened: ${messageOf(error)}`, executed: 'no' }
  if (isBusy(error)) return { code: 'timed-out', message: `${path} is kept locked by another process`, executed: 'no' }
  return failureOf(error, 'no')
}

export function diskFull(): Failure {
  return { code: 'disk-full', message: 'the disk of the state folder is full', executed: 'no' }
}

export function errorOf(failure: Failure): CardumenError {
  const { code, message, executed, hint } = failure
  return new CardumenError(code, message, hint === undefined ? { executed } : { executed, hint })
}

/** The primary result code; extended codes keep theirs in the upper bits. */
function sqliteCode(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 0
  return error.errcode & 0xff
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * What the command ends with; `docs/command-line.md` has the table for users.
 *
 * A program that `run` ran ends it with its own code instead, and a signal with 128 and its number, as in a shell.
 */
import { constants } from 'node:os'
import { type CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import type { ErrorCode } from '../lib/error-codes.ts'

export const exitCode = { ok: 0, failed: 1, usage: 2, nothingRunning: 3 } as const

/** What was typed is at fault, so typing it differently helps. */
const usageCodes: readonly ErrorCode[] = ['option-invalid', 'name-invalid', 'capability-invalid', 'history-invalid']

export function exitCodeOf(error: unknown): number {
  if (!isCardumenError(error)) return exitCode.failed
  if (error.code === 'system-absent') return exitCode.nothingRunning
  return isUsage(error) ? exitCode.usage : exitCode.failed
}

export function signalExitCode(signal: string): number {
  return 128 + ((constants.signals as Readonly<Record<string, number>>)[signal] ?? 0)
}

function isUsage(error: CardumenError): boolean {
  return usageCodes.includes(error.code)
}

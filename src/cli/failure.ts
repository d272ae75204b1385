/**
 * How an error is told: its code, what happened, and what to do next. A stack is for those who ask with CARDUMEN_DEBUG.
 */
import process from 'node:process'
import { inspect } from 'node:util'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { nextStepOf } from './next-step.ts'
import { note, styledError } from './terminal.ts'

export function tellFailure(error: unknown): void {
  if (isCardumenError(error)) {
    tell(error.code, error.message, nextStepOf(error))
    if (error.code === 'handler-failed') tellCause(error.cause)
  } else if (isSystemError(error)) {
    tell(error.code.toLowerCase(), error.message, undefined)
  } else {
    tell(
      'unexpected',
      error instanceof Error ? error.message : String(error),
      'Run it again with CARDUMEN_DEBUG=1, and report what it prints.',
    )
  }
  if (process.env['CARDUMEN_DEBUG']) note(inspect(error))
}

export function tellUsage(message: string, help: string): void {
  tell('usage', message, help)
}

function tell(code: string, message: string, next: string | undefined): void {
  note(`${styledError('red', `error [${code}]:`)} ${message}`)
  if (next !== undefined) note(`${styledError('dim', 'next:')} ${next}`)
}

/** The user's own code failed elsewhere, and its stack is what the user needs. */
function tellCause(cause: unknown): void {
  if (cause instanceof Error && cause.stack !== undefined) note(cause.stack)
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}

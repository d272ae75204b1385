/**
 * Errors as bodies of failed replies, and back.
 *
 * The kernel's own refusals keep their code. What a handler throws becomes `handler-failed`, with its name, code,
 * message and stack as the cause, so that the caller sees where it happened; also where it is an error of ours, from
 * a call that the handler made: what that says of itself is not true of the handler. What arrives is checked field by
 * field: a peer cannot invent codes or types.
 */
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import { isErrorCode } from '../../lib/error-codes.ts'
import { decode, encode } from '../../wire/codec.ts'
import { stackReceived, stackToSend } from '../../wire/error-stacks.ts'

const stackCharactersMax = 16_384
const messageCharactersMax = 8_192
const causesMax = 8

interface CauseOnTheWire {
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly code?: string
  readonly cause?: CauseOnTheWire
}

/** What the kernel refused, or a server that says truthfully of its own errors whether the operation ran. */
export function encodeError(error: unknown): Uint8Array {
  if (!(error instanceof CardumenError)) return encodeThrown(error)
  const { code, message, executed, hint, cause } = error
  return encode({
    code,
    message: cut(message),
    executed,
    ...(hint && { hint }),
    ...(cause !== undefined && { cause: causeOf(cause, 0) }),
  })
}

/** What a handler threw, whatever it is. */
export function encodeThrown(error: unknown): Uint8Array {
  const cause = causeOf(error, 0)
  return encode({ code: 'handler-failed', message: cut(`${cause.name}: ${cause.message}`), executed: 'yes', cause })
}

export function decodeError(body: Uint8Array): CardumenError {
  const fields = fieldsOf(body)
  const code = textOf(fields['code'])
  const executed = textOf(fields['executed'])
  const hint = textOf(fields['hint'])
  const cause = errorOf(fields['cause'], 0)
  return new CardumenError(isErrorCode(code) ? code : 'handler-failed', textOf(fields['message']), {
    executed: isExecuted(executed) ? executed : 'unknown',
    ...(hint !== '' && { hint }),
    ...(cause !== undefined && { cause }),
  })
}

function causeOf(error: unknown, depth: number): CauseOnTheWire {
  try {
    return readCause(error, depth)
  } catch {
    return { name: 'Error', message: 'something was thrown that cannot be read', stack: '' }
  }
}

function readCause(error: unknown, depth: number): CauseOnTheWire {
  if (!(error instanceof Error)) return { name: 'Error', message: cut(String(error)), stack: '' }
  const { stack, cause } = error
  const [name, message] = [cut(String(error.name)), cut(String(error.message))]
  const code = 'code' in error && typeof error.code === 'string' ? { code: cut(error.code) } : {}
  const deeper = cause === undefined || depth >= causesMax ? {} : { cause: causeOf(cause, depth + 1) }
  return {
    ...{ name, message },
    stack: stackToSend(name, message, String(stack ?? '').slice(0, stackCharactersMax)),
    ...code,
    ...deeper,
  }
}

function errorOf(fields: unknown, depth: number): Error | undefined {
  if (typeof fields !== 'object' || fields === null || depth > causesMax) return undefined
  const { name, message, stack, code, cause } = fields as Record<string, unknown>
  const deeper = errorOf(cause, depth + 1)
  const error = new Error(textOf(message), deeper && { cause: deeper })
  error.name = textOf(name) || 'Error'
  const known = stackReceived(error.name, error.message, textOf(stack))
  if (known !== '') error.stack = known
  return textOf(code) === '' ? error : Object.assign(error, { code: textOf(code) })
}

function fieldsOf(body: Uint8Array): Record<string, unknown> {
  try {
    const value = decode(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return { message: 'the server sent an error that cannot be read' }
  }
}

function isExecuted(text: string): text is Executed {
  return text === 'no' || text === 'yes' || text === 'unknown'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function cut(text: string): string {
  return text.length <= messageCharactersMax ? text : `${text.slice(0, messageCharactersMax)}…`
}

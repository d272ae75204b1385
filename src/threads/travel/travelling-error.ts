/**
 * An error on its way to another thread or process, and what is made of it there.
 *
 * Structured clone keeps of an error its text and its stack, but neither our codes nor its class. So it travels as plain
 * data: one of ours arrives as one of ours, any other as an `Error` with the name, the code and the stack that it had.
 */
import { inspect, types } from 'node:util'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Executed } from '../../lib/cardumen-error.ts'
import { errorCodes } from '../../lib/error-codes.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'

export interface TravellingError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: string | undefined
  readonly executed: Executed | undefined
  readonly hint: string | undefined
  readonly cause: TravellingError | undefined
  /** Of an AggregateError. */
  readonly errors: readonly TravellingError[] | undefined
}

/** An error, its causes, and what an AggregateError holds: so many travel along, and so deep. */
const errorsMax = 32
const depthMax = 8

/** Of whatever was thrown, also where it does not want to be read. */
export function packError(thrown: unknown): TravellingError {
  return packWithin(thrown, { errorsLeft: errorsMax }, depthMax)
}

function packWithin(thrown: unknown, budget: { errorsLeft: number }, depthLeft: number): TravellingError {
  budget.errorsLeft--
  const error = isError(thrown) ? thrown : new Error(`a value that is no Error was thrown: ${textOf(thrown)}`)
  const own = error instanceof CardumenError ? error : undefined
  const inner = (each: unknown): TravellingError | undefined =>
    depthLeft === 0 || budget.errorsLeft <= 0 ? undefined : packWithin(each, budget, depthLeft - 1)
  const cause = read(error, 'cause')
  const stack = read(error, 'stack')
  const code = read(error, 'code')
  return {
    name: textOf(read(error, 'name') ?? 'Error'),
    message: textOf(read(error, 'message') ?? ''),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' ? code : undefined,
    executed: own?.executed,
    hint: own?.hint,
    cause: cause === undefined ? undefined : inner(cause),
    errors: heldErrors(error)?.flatMap((each) => inner(each) ?? []),
  }
}

/** Also of another realm, such as a `vm` context. */
function isError(thrown: unknown): thrown is Error {
  try {
    return types.isNativeError(thrown) || thrown instanceof Error
  } catch {
    // A proxy that lets nobody look at it.
    return false
  }
}

function heldErrors(error: Error): readonly unknown[] | undefined {
  const errors = read(error, 'errors')
  return error instanceof AggregateError && Array.isArray(errors) ? errors : undefined
}

/** Undefined also where reading it throws. */
function read(error: Error, key: string): unknown {
  try {
    return Reflect.get(error, key)
  } catch {
    return undefined
  }
}

export function unpackError(packed: TravellingError): Error {
  const cause = packed.cause === undefined ? undefined : unpackError(packed.cause)
  const error = isOurs(packed) ? ours(packed, cause) : other(packed, cause)
  if (packed.stack !== undefined) Object.defineProperty(error, 'stack', { value: packed.stack, configurable: true })
  return error
}

function isOurs({ name, code }: TravellingError): boolean {
  return name === 'CardumenError' && code !== undefined && Object.hasOwn(errorCodes, code)
}

function ours({ code, message, executed, hint }: TravellingError, cause: Error | undefined): Error {
  return new CardumenError(code as ErrorCode, message, {
    ...(executed === undefined ? {} : { executed }),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  })
}

function other({ name, message, code, errors }: TravellingError, cause: Error | undefined): Error {
  const options = cause === undefined ? undefined : { cause }
  const error =
    errors === undefined ? new Error(message, options) : new AggregateError(errors.map(unpackError), message, options)
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  return code === undefined ? error : Object.assign(error, { code })
}

const shortly = { depth: 1, maxArrayLength: 16, maxStringLength: 256 }

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === 'object' ? inspect(thrown, shortly) : String(thrown)
  } catch {
    return 'one that has no text'
  }
}

/**
 * Checking a value against a Standard Schema, without a promise where the schema needs none.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CardumenError, type Executed } from '../lib/cardumen-error.ts'

export interface Refusal {
  readonly code: 'input-refused' | 'output-refused'
  readonly executed: Executed
  /** `operation` of `service`, for the message. */
  readonly subject: string
}

/**
 * Gives the checked value to `next`, at once or when the schema has decided.
 * @throws CardumenError with the refusal's code, also where the schema itself fails; where it is asynchronous the
 * promise rejects with it. What `next` throws is passed on as it is.
 */
export function checked<Result>(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  refusal: Refusal,
  next: (value: unknown) => Result,
): Result | Promise<Awaited<Result>> {
  if (schema === undefined) return next(value)
  const result = validated(schema, value, refusal)
  if (!(result instanceof Promise)) return next(accepted(result, refusal))
  const settled = result.catch((cause: unknown) => {
    throw refused(refusal, 'its schema failed', cause)
  })
  return settled.then((each) => next(accepted(each, refusal))) as Promise<Awaited<Result>>
}

export function refused({ code, executed, subject }: Refusal, why: string, cause?: unknown): CardumenError {
  const side = code === 'input-refused' ? 'argument' : 'result'
  return new CardumenError(code, `The ${side} of ${subject} is refused: ${why}.`, { executed, cause })
}

function validated(
  schema: StandardSchemaV1,
  value: unknown,
  refusal: Refusal,
): ReturnType<StandardSchemaV1['~standard']['validate']> {
  try {
    return schema['~standard'].validate(value)
  } catch (cause) {
    throw refused(refusal, 'its schema failed', cause)
  }
}

function accepted(result: StandardSchemaV1.Result<unknown>, refusal: Refusal): unknown {
  if (result.issues === undefined) return result.value
  const issues = result.issues.slice(0, 5).map((issue) => `${pathOf(issue)}${issue.message}`)
  throw refused(refusal, `it does not fit its schema: ${issues.join('; ')}`)
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  if (issue.path === undefined || issue.path.length === 0) return ''
  return `${issue.path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')}: `
}

/**
 * What a virtual thread answers for a job: the same codes and words as a thread of a host.
 */
import type { JobReply } from '../../edges/workers.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { encode } from '../../wire/codec.ts'

/** An encoded `JobReply` with its status. */
export interface Answer {
  readonly status: 'ok' | 'failed'
  readonly reply: Uint8Array
}

export function okAnswer(value: unknown): Answer {
  try {
    const reply: JobReply = [0, value]
    return { status: 'ok', reply: encode(reply) }
  } catch (error) {
    const message =
      error instanceof CardumenError ? `The result: ${error.message.replace('$[1]', '$')}` : messageOf(error)
    return failed({ code: 'cannot-travel', executed: 'yes', message })
  }
}

export function thrownAnswer(thrown: unknown): Answer {
  return failed({ code: 'handler-failed', executed: 'yes', message: messageOf(thrown), error: asError(thrown) })
}

export function malformedAnswer(error: unknown): Answer {
  return failed({
    code: 'input-refused',
    executed: 'no',
    message: 'The request of a job is malformed.',
    error: asError(error),
  })
}

export function unloadedAnswer(url: string, thrown: unknown): Answer {
  const message = `${url} could not be loaded: ${messageOf(thrown)}`
  return failed({ code: 'module-failed', executed: 'no', message, error: asError(thrown) })
}

export function unknownFunctionAnswer(url: string, name: string): Answer {
  return failed({ code: 'function-unknown', executed: 'no', message: `${url} exports no function ${name}.` })
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function failed(failure: (JobReply & readonly [1, unknown])[1]): Answer {
  const reply: JobReply = [1, failure]
  return { status: 'failed', reply: encode(reply) }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a value that is no Error was thrown: ${String(thrown)}`)
}

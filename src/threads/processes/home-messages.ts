/**
 * What processes say to the home of a primitive that they use, over a Unix socket.
 *
 * user  ──[ secret, 64 letters ]─────▶ home     the first bytes; anything else ends the connection
 * user  ──[ hello ]──────────────────▶ home     who is speaking
 * user  ──[ ask ]────────────────────▶ home     an operation, on behalf of one of its threads
 * user  ◀──[ answer ]────────────────  home     once for each ask, in any order
 * user  ──[ give-up ]────────────────▶ home     nobody waits for that answer any more
 * user  ──[ stack ]──────────────────▶ home     where the one who asked stands, when the answer is long in coming
 * user  ──[ ended ]──────────────────▶ home     one of its threads is gone
 *
 * A connection that closes is a process that died. After the secret, messages are framed as in `process-messages.ts`.
 */
import type { TravellingError } from '../travel/travelling-error.ts'

/** Arguments and results of operations; a channel's message is the largest. */
export const homeFrameBytesMax = 32 * 1_048_576
export const secretLetters = 64

export type ToHome =
  | { readonly kind: 'hello'; readonly pid: number }
  | Ask
  | { readonly kind: 'give-up'; readonly id: number }
  | { readonly kind: 'stack'; readonly id: number; readonly stack: string }
  | { readonly kind: 'ended'; readonly thread: number }
  /** What `cardumen threads` prints. */
  | { readonly kind: 'report'; readonly id: number }

/** The operation that waits until all that its thread has given up has come to an end. Any primitive's. */
export const settledOperation = 'settled'

export interface Ask {
  readonly kind: 'ask'
  readonly id: number
  /** Node's number of the asking thread, and how messages name it. */
  readonly thread: number
  readonly threadName: string
  /** Of the primitive. */
  readonly number: number
  readonly operation: string
  readonly argument: unknown
  readonly timeoutMs: number | undefined
  /** It does nothing else meanwhile; otherwise it awaits. */
  readonly isBlocking: boolean
}

export type FromHome =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: TravellingError }

/** Where a primitive lives, as it travels to those who are to use it. */
export interface HomeReference {
  readonly pid: number
  readonly socketPath: string
  readonly secret: string
}

/** Undefined: no message that a process of ours sends. */
export function asToHome(message: unknown): ToHome | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return undefined
  const fields = message as Readonly<Record<string, unknown>>
  const kind = String(fields['kind'])
  const shape = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined
  const isFine = shape?.every(([key, type]) => typeof fields[key] === type) === true && isTimeout(fields['timeoutMs'])
  return isFine ? (message as ToHome) : undefined
}

const shapes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  hello: [['pid', 'number']],
  ask: [
    ['id', 'number'],
    ['thread', 'number'],
    ['threadName', 'string'],
    ['number', 'number'],
    ['operation', 'string'],
  ],
  'give-up': [['id', 'number']],
  stack: [
    ['id', 'number'],
    ['stack', 'string'],
  ],
  ended: [['thread', 'number']],
  report: [['id', 'number']],
}

function isTimeout(timeoutMs: unknown): boolean {
  return timeoutMs === undefined || (typeof timeoutMs === 'number' && timeoutMs >= 0)
}

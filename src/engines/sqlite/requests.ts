/**
 * What passes between the main thread and the writer's thread.
 *
 *     main   ── Request[] ──────────────►  writer     in the order of the calls
 *     main   ◄── answers ────────────────  writer     one per task, in the same order
 *     main   ◄── ready | open-failed | news | lease-ended | failed | closed ──  writer
 *
 * Plain data that structured cloning copies. The values of a request were copied when the call was made.
 */
import type { Done } from '../../edges/carried-out.ts'
import type { LeaseId, Transaction } from '../../edges/engine.ts'
import type { Failure } from './sqlite-failure.ts'

/** `suspect` and `close` are no tasks: the first gets no answer, the second the report `closed`. */
export type Request = RequestedTask | { readonly kind: 'suspect'; readonly id: LeaseId } | { readonly kind: 'close' }

export type RequestedTask =
  | { readonly kind: 'transact'; readonly transaction: Transaction; readonly sizeBytes: number }
  /** `deadline` is one BigInt64: the monotonic microsecond until which the lease is held; 0 once it ended. */
  | { readonly kind: 'grant-lease'; readonly id: LeaseId; readonly ttlMs: number; readonly deadline: SharedArrayBuffer }
  | { readonly kind: 'revoke-lease'; readonly id: LeaseId }

export type Answer = Done | { readonly kind: 'failed'; readonly failure: Failure }

export type Report =
  | { readonly kind: 'ready'; readonly systemId: string }
  | { readonly kind: 'open-failed'; readonly failure: Failure }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  /** Other processes have committed. */
  | { readonly kind: 'news' }
  | { readonly kind: 'lease-ended'; readonly id: LeaseId }
  /** The thread gives up: nothing can be done with its file any more. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'closed' }

export interface WriterData {
  readonly folder: string
  readonly openWaitMs: number
}

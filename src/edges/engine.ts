/**
 * The engine: the one place where the members of a system agree. SQLite on one machine, etcd on several.
 *
 * Keys are strings, values bytes. Every committed transaction gets the next revision; a revision is never given twice
 * and only grows, whatever crashes. Everything acknowledged is on disk. Each engine passes the same conformance suite
 * (`test/conformance/engine.ts`). All methods fail with a CardumenError: `closed`, `engine-failed`, `disk-full`, and
 * what is named below. An error of a write says `executed`: 'unknown' where it may have been committed.
 */
import type { CardumenError } from '../lib/cardumen-error.ts'
import type { Revision } from '../lib/identifiers.ts'
import type { Signal } from '../lib/signal.ts'

export const operationsPerTransactionMax = 128
export const valueBytesMax = 1_048_576
export const keyBytesMax = 4_096
export const leaseTtlMsMin = 100
export const leaseTtlMsMax = 86_400_000

export interface Engine {
  /** Unguessable, drawn when the system began; the same for every process that opens it. */
  readonly systemId: string
  /**
   * Why this engine object is of no more use, with its leases ended and its watches failed: its thread died, or its
   * state was removed (`state-damaged`). Undefined while it works, and after `close`.
   */
  readonly failure: CardumenError | undefined
  /** Reads what was committed last, by whichever process. */
  get(key: string): Promise<Entry | undefined>
  /** In the order of the keys' UTF-8 bytes. All entries of one listing are of one moment, `revision`. */
  list(prefix: string, options?: ListOptions): Promise<Listing>
  /**
   * All conditions hold: does `then`; else does `otherwise`. Atomic, durable, one revision.
   * Transactions of one engine object are carried out in the order of the calls, so one that depends on an earlier
   * one may be sent before that is acknowledged (guard it with a condition on an epoch key).
   * @throws CardumenError `transaction-too-large`, `value-too-large`, `lease-lost` (a put names an ended lease).
   */
  transact(transaction: Transaction): Promise<TransactionResult>
  put(key: string, value: Uint8Array, options?: { readonly lease?: LeaseId }): Promise<Revision>
  /** Resolves to the revision of the deletion, or undefined where the key was absent. */
  delete(key: string): Promise<Revision | undefined>
  /**
   * Every change of keys under `prefix` with a revision >= `from` (default: after the call), each transaction's changes together,
   * in order, none lost, none twice. Ends when `signal` aborts or the engine closes.
   * @throws CardumenError `compacted` when `from` is older than the engine keeps: list again and watch from there.
   */
  watch(prefix: string, options?: WatchOptions): AsyncIterable<WatchBatch>
  /**
   * A lease that ends when this process dies (at once on the embedded engine), when it is revoked, or when it was not
   * renewed for `ttlMs`. The engine renews it by itself, off the main thread. Keys put under it are deleted with it.
   */
  grantLease(options: { readonly ttlMs: number }): Promise<Lease>
  /** A hint that the lease's holder may have died: the engine looks at once instead of at its next round. */
  suspect(lease: LeaseId): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type LeaseId = string

export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The transaction that last wrote the key: the fencing token of what the value says. */
  readonly revision: Revision
  /** The transaction that created the key since it was last absent. */
  readonly createdRevision: Revision
  readonly lease: LeaseId | undefined
}

export interface ListOptions {
  /** Only keys greater than this one: to go on from an earlier listing. */
  readonly after?: string
  readonly entriesMax?: number
}

export interface Listing {
  readonly entries: readonly Entry[]
  readonly revision: Revision
  /** More entries than `entriesMax`. */
  readonly more: boolean
}

export type Condition =
  | { readonly kind: 'absent'; readonly key: string }
  | { readonly kind: 'present'; readonly key: string }
  | { readonly kind: 'revision'; readonly key: string; readonly equals: Revision }
  | { readonly kind: 'value'; readonly key: string; readonly equals: Uint8Array }

export type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly lease?: LeaseId }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string }

export interface Transaction {
  readonly conditions?: readonly Condition[]
  readonly then: readonly Operation[]
  readonly otherwise?: readonly Operation[]
}

export interface TransactionResult {
  /** Whether the conditions held. */
  readonly succeeded: boolean
  /** Of this transaction if it wrote, else of the last one that did. */
  readonly revision: Revision
  /** One per `get` of the branch taken, in order. */
  readonly reads: readonly (Entry | undefined)[]
}

export interface WatchOptions {
  readonly from?: Revision
  readonly signal?: Signal
}

export interface WatchBatch {
  readonly revision: Revision
  readonly changes: readonly Change[]
}

export type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly lease: LeaseId | undefined }
  | { readonly kind: 'delete'; readonly key: string }

/**
 * As its holder sees it. The object belongs to the life of the process that was granted it, and to its engine object:
 * to a program of another life it is of no use, which may wait on it in vain. Others name a lease by its `id`.
 */
export interface Lease {
  readonly id: LeaseId
  /** Resolves when the lease has ended for whatever reason; never rejects. */
  readonly ended: Promise<void>
  /**
   * False from the moment at which it may have ended elsewhere, judged by the monotonic clock; for ever, once it has
   * ended. Where nobody has ended it by then, a late renewal may still be granted: then it is true again, and the engine
   * has said with the renewal that the lease, and what was put under it, stood all the while. No lease that has ended,
   * or whose end is decided, is ever renewed.
   */
  isLive(): boolean
  /**
   * Ends it, with the keys put under it; resolves also where it has ended already. Fails as a write does. Then it may
   * still stand, is renewed as before, and `isLive` goes on telling the truth of it: revoke it again until that
   * resolves, or close the engine, which gives all of its leases up.
   */
  revoke(): Promise<void>
}

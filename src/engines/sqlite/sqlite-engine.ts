/**
 * The embedded engine: one SQLite file that every process of the machine opens. Nothing to start, nothing to elect.
 *
 * This is the face of it, on the main thread. Reads go straight to the file (`reader.ts`); writes go to a thread
 * (`writer-link.ts`, `writer-thread.ts`) which commits them in groups, renews leases, and notices the death of other
 * processes. An open engine keeps its process alive: close it.
 */
import { randomBytes } from 'node:crypto'
import type {
  Engine,
  Entry,
  Lease,
  LeaseId,
  Listing,
  ListOptions,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from '../../edges/engine.ts'
import type { Done } from '../../edges/carried-out.ts'
import {
  checkKey,
  checkLeaseTtl,
  checkOperation,
  checkTransaction,
  type CheckedTransaction,
} from '../../edges/checked-transaction.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { revision as toRevision, type Revision } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import { openWaitMsDefault } from './bounds.ts'
import { HeldLease } from './held-lease.ts'
import { prefixRange } from './key-range.ts'
import { Reader } from './reader.ts'
import { errorOf, openFailureOf } from './sqlite-failure.ts'
import { stateFiles, type StateFiles } from './state-folder.ts'
import { Watches, type WatchStart } from './watches.ts'
import { WriterLink } from './writer-link.ts'

/** Before all. */
const noRevision = toRevision(0)

export interface OpenOptions {
  /** The state folder; it is made, for this user only, where it does not exist. */
  readonly folder: string
  readonly signal?: Signal
  readonly openTimeoutMs?: number
}

/**
 * Opens the state folder's engine, and begins a system where there is none yet.
 * @throws CardumenError `state-unwritable`, `state-newer`, `state-damaged`, `disk-full`, `cancelled`, `timed-out`.
 */
export async function openSqliteEngine(options: OpenOptions): Promise<SqliteEngine> {
  const files = stateFiles(options.folder)
  const openWaitMs = options.openTimeoutMs ?? openWaitMsDefault
  if (options.signal?.aborted === true) throw cancelled()
  const link = new WriterLink({ folder: files.folder, openWaitMs })
  try {
    const systemId = await withinTime(link.opened(), openWaitMs, options.signal)
    return new SqliteEngine(systemId, files, link)
  } catch (error) {
    await link.abandon()
    throw error instanceof CardumenError ? error : errorOf(openFailureOf(error, files.database))
  }
}

export class SqliteEngine implements Engine {
  readonly systemId: string
  readonly #link: WriterLink
  readonly #reader: Reader
  readonly #watches: Watches
  readonly #leases = new Map<LeaseId, HeldLease>()
  #failure: CardumenError | undefined
  #isClosed = false
  #closing: Promise<void> | undefined

  /** Use `openSqliteEngine`. */
  constructor(systemId: string, files: StateFiles, link: WriterLink) {
    this.systemId = systemId
    this.#link = link
    this.#reader = new Reader(files.database)
    this.#watches = new Watches(this.#reader, files.bell)
    link.handle({
      onCommitted: () => this.#watches.onRing(),
      onLeaseEnded: (id) => this.#onLeaseEnded(id),
      onFailed: (error) => this.#onFailed(error),
    })
  }

  get failure(): CardumenError | undefined {
    return this.#failure
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    checkKey(key)
    return this.#reader.get(key)
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    this.#checkOpen()
    return this.#reader.list(prefix, options)
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.#write(() => checkTransaction(transaction), resultOf)
  }

  put(key: string, value: Uint8Array, options: { readonly lease?: LeaseId } = {}): Promise<Revision> {
    const { lease } = options
    return this.#write(
      () => checkOperation(lease === undefined ? { kind: 'put', key, value } : { kind: 'put', key, value, lease }),
      revisionOf,
    )
  }

  delete(key: string): Promise<Revision | undefined> {
    return this.#write(() => checkOperation({ kind: 'delete', key }), revisionIfWritten)
  }

  watch(prefix: string, options: WatchOptions = {}): AsyncIterable<WatchBatch> {
    const { from, signal } = options
    const locate = (): WatchStart => {
      this.#checkOpen()
      const isFromNow = from === undefined
      return {
        sequence: isFromNow ? this.#reader.lastSequence() + 1 : this.#reader.sequenceOf(from),
        revision: from ?? noRevision,
      }
    }
    return this.#watches.open(locate, prefixRange(prefix), signal)
  }

  async grantLease({ ttlMs }: { readonly ttlMs: number }): Promise<Lease> {
    this.#checkOpen()
    checkLeaseTtl(ttlMs)
    const id = randomBytes(16).toString('hex')
    const deadline = new SharedArrayBuffer(8)
    const lease = new HeldLease(
      id,
      deadline,
      async () => void (await this.#link.ask({ kind: 'revoke-lease', id }, 0, revisionOf)),
    )
    // Entered first: the lease may end before the answer to this is read.
    this.#leases.set(id, lease)
    try {
      await this.#link.ask({ kind: 'grant-lease', id, ttlMs, deadline }, 0, revisionOf)
    } catch (error) {
      this.#leases.delete(id)
      throw error
    }
    return lease
  }

  /**
   * Looks at once whether the process that holds this lease still lives, and ends its leases if not. For whoever
   * sees a sign of death earlier than the engine does: a broken link. A wrong suspicion does no harm.
   */
  suspect(lease: LeaseId): void {
    if (!this.#isClosed) this.#link.tell({ kind: 'suspect', id: lease })
  }

  /** Carries out what was asked for, revokes the leases that this engine holds, and ends the watches. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#watches.close()
    // Before the writer's connection: the last one to close clears up behind itself, which a reader cannot.
    this.#reader.close()
    await this.#link.close()
    for (const id of [...this.#leases.keys()]) this.#onLeaseEnded(id)
  }

  /** One promise a write and no more: at tens of thousands a second the garbage would show in pauses. */
  #write<Result>(check: () => CheckedTransaction, resultOf: (done: Done) => Result): Promise<Result> {
    try {
      this.#checkOpen()
      const { transaction, sizeBytes } = check()
      return this.#link.ask({ kind: 'transact', transaction, sizeBytes }, sizeBytes, resultOf)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new CardumenError('closed', 'the engine was closed')
  }

  #onLeaseEnded(id: LeaseId): void {
    this.#leases.get(id)?.end()
    this.#leases.delete(id)
  }

  /** Nobody renews the leases any more, so they count as ended. */
  #onFailed(error: CardumenError): void {
    if (!this.#isClosed) this.#failure = error
    for (const id of [...this.#leases.keys()]) this.#onLeaseEnded(id)
    if (!this.#isClosed) this.#watches.close(error)
  }
}

function resultOf({ succeeded, revision, reads = [] }: Done): TransactionResult {
  return { succeeded, revision, reads }
}

function revisionOf({ revision }: Done): Revision {
  return revision
}

function revisionIfWritten({ wrote, revision }: Done): Revision | undefined {
  return wrote ? revision : undefined
}

async function withinTime<Result>(
  work: Promise<Result>,
  timeoutMs: number,
  signal: Signal | undefined,
): Promise<Result> {
  const { promise: given, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new CardumenError('timed-out', `the state folder did not open within ${timeoutMs} ms`)),
    timeoutMs + 1_000,
  )
  const onAbort = (): void => reject(cancelled())
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work, given])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function cancelled(): CardumenError {
  return new CardumenError('cancelled', 'opening the state folder was given up')
}

/**
 * The engine of one life of one member: the same interface as every engine, over a connection in virtual time.
 *
 * It has no state of its own but its watches and leases. What it gives out are copies: members share no memory.
 * Made by `VirtualEngineStore.connect`.
 */
import type { Done } from '../../edges/carried-out.ts'
import {
  checkKey,
  checkLeaseTtl,
  checkOperation,
  checkTransaction,
  type CheckedTransaction,
} from '../../edges/checked-transaction.ts'
import type {
  Change,
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
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Revision } from '../../lib/identifiers.ts'
import { Connection } from './connection.ts'
import type { EngineServer } from './engine-server.ts'
import type { EngineClient } from './engine-world.ts'
import { VirtualLease, LeaseRecord } from './lease-record.ts'
import { VirtualWatches } from './virtual-watches.ts'

export class VirtualEngine implements Engine {
  readonly systemId: string
  /** The virtual engine comes back after every failure. */
  readonly failure = undefined
  readonly connection: Connection
  readonly watches: VirtualWatches
  readonly #server: EngineServer
  readonly #onClosed: () => void
  #isClosed = false
  #closing: Promise<void> | undefined

  constructor(client: EngineClient, server: EngineServer, onClosed: () => void) {
    this.systemId = server.systemId
    this.#server = server
    this.#onClosed = onClosed
    this.watches = new VirtualWatches(server.state.log)
    this.connection = new Connection(client, server, (error) => this.watches.fail(error))
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    checkKey(key)
    return this.connection.ask(false, key.length, (reply) => {
      const entry = this.#server.state.get(key)
      reply(() => entry && copyOf(entry))
    })
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    this.#checkOpen()
    return this.connection.ask(false, prefix.length, (reply) => {
      const listing = this.#server.state.list(prefix, options)
      reply(() => ({ ...listing, entries: listing.entries.map(copyOf) }))
    })
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    return this.#write(checkTransaction, transaction, ({ succeeded, revision, reads = [] }) => ({
      succeeded,
      revision,
      reads: reads.map((entry) => entry && copyOf(entry)),
    }))
  }

  async put(key: string, value: Uint8Array, options: { readonly lease?: LeaseId } = {}): Promise<Revision> {
    const { lease } = options
    const operation = { kind: 'put' as const, key, value, ...(lease !== undefined && { lease }) }
    return this.#write(checkOperation, operation, ({ revision }) => revision)
  }

  async delete(key: string): Promise<Revision | undefined> {
    return this.#write(checkOperation, { kind: 'delete' as const, key }, ({ wrote, revision }) =>
      wrote ? revision : undefined,
    )
  }

  watch(prefix: string, options: WatchOptions = {}): AsyncIterable<WatchBatch> {
    const { from = this.#server.state.revision + 1, signal } = options
    const watch = this.watches.open(prefix, from, signal)
    if (this.#isClosed) watch.fail(closed())
    else if (!watch.isEnded) this.#announceWatch(watch)
    const copies = {
      next: async () => copyOfResult(await watch.next()),
      return: () => watch.return(),
    }
    return { [Symbol.asyncIterator]: () => copies }
  }

  async grantLease({ ttlMs }: { readonly ttlMs: number }): Promise<Lease> {
    this.#checkOpen()
    checkLeaseTtl(ttlMs)
    const { connection } = this
    const { leases } = this.#server
    const record = new LeaseRecord(this.#server.drawIdentifier(), ttlMs, connection.client)
    const lease = new VirtualLease(record, () => this.#revoke(record))
    record.onEnded = () => lease.end()
    const sending = leases.sending(connection)
    const onGranted = (): void => leases.onGranted(record, connection, sending)
    await connection.ask<void>(true, 0, (reply) => this.#server.grantLease(record, connection, reply, onGranted))
    onGranted()
    return lease
  }

  suspect(lease: LeaseId): void {
    if (this.#isClosed) return
    this.connection
      .ask<void>(false, 0, (reply) => {
        this.#server.leases.suspect(lease)
        reply(() => undefined)
      })
      .catch(() => undefined) // Only a hint.
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Up to here everything was committed. */
  tellNews(): void {
    const { revision } = this.#server.state
    this.connection.tell(() => this.watches.onNews(revision))
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.watches.end()
    const { connection } = this
    try {
      await connection.ask<void>(true, 0, (reply) => this.#server.release(connection, reply))
    } catch {
      // Out of reach: its leases end by time.
    }
    connection.end ??= 'silent'
    this.#server.leases.cut(connection)
    for (const record of connection.held) record.onEnded()
    connection.held.clear()
    this.#onClosed()
  }

  async #revoke(record: LeaseRecord): Promise<void> {
    this.#checkOpen()
    await this.connection.ask<void>(true, 0, (reply) => this.#server.revokeLease(record, reply))
    this.connection.held.delete(record)
    record.onEnded()
  }

  #write<Given, Result>(
    check: (given: Given) => CheckedTransaction,
    given: Given,
    resultOf: (done: Done) => Result,
  ): Promise<Result> {
    this.#checkOpen()
    const { transaction, sizeBytes } = check(given)
    return this.connection.ask<Result>(true, sizeBytes, (reply) =>
      this.#server.transact(transaction, this.connection, reply, resultOf),
    )
  }

  /** From the answer on the engine tells the member what was committed, and what was until then. */
  #announceWatch(watch: { fail(error: CardumenError): void }): void {
    this.connection
      .ask<number>(false, 0, (reply) => {
        const { revision } = this.#server.state
        reply(() => revision)
      })
      .then(
        (revision) => this.watches.onNews(revision),
        (error: CardumenError) => watch.fail(error),
      )
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed()
  }
}

function closed(): CardumenError {
  return new CardumenError('closed', 'the engine was closed')
}

function copyOf(entry: Entry): Entry {
  return { ...entry, value: new Uint8Array(entry.value) }
}

function copyOfResult(result: IteratorResult<WatchBatch, undefined>): IteratorResult<WatchBatch, undefined> {
  if (result.done === true) return result
  const { revision, changes } = result.value
  return { value: { revision, changes: changes.map(copyOfChange) } }
}

function copyOfChange(change: Change): Change {
  return change.kind === 'put' ? { ...change, value: new Uint8Array(change.value) } : change
}

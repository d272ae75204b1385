/**
 * What is on the virtual engine's disk: entries, the revision, and the log of changes.
 *
 * It is changed only by commits, after their sync, so all that can be read here survives a crash. Which keys stand
 * under a lease is kept as well; whether the lease still exists is not known here.
 */
import type { TransactionTable } from '../../edges/carried-out.ts'
import type { Change, Entry, LeaseId, Listing, ListOptions } from '../../edges/engine.ts'
import { revision as revisionOf, type Revision } from '../../lib/identifiers.ts'
import { ChangeLog } from './change-log.ts'
import { OrderedKeys } from './ordered-keys.ts'

export class CommittedState implements TransactionTable {
  readonly log = new ChangeLog()
  readonly #entries = new Map<string, Entry>()
  readonly #keys = new OrderedKeys()
  readonly #keysOfLease = new Map<LeaseId, Set<string>>()
  #revision = 0
  /** Of the transaction that is being carried out. */
  #changes: Change[] = []

  get revision(): Revision {
    return revisionOf(this.#revision)
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  list(prefix: string, { after, entriesMax = Number.MAX_SAFE_INTEGER - 1 }: ListOptions): Listing {
    const keys = this.#keys.under(prefix, after, entriesMax + 1)
    const entries = keys.slice(0, entriesMax).flatMap((key) => this.#entries.get(key) ?? [])
    return { entries, revision: this.revision, more: keys.length > entriesMax }
  }

  put(key: string, value: Uint8Array, lease: LeaseId | undefined): void {
    const old = this.#entries.get(key)
    const revision = revisionOf(this.#revision + 1)
    if (old === undefined) this.#keys.add(key)
    else this.#unbind(old)
    this.#entries.set(key, { key, value, revision, createdRevision: old?.createdRevision ?? revision, lease })
    if (lease !== undefined) this.#bind(key, lease)
    this.#changes.push({ kind: 'put', key, value, lease })
  }

  delete(key: string): boolean {
    const old = this.#entries.get(key)
    if (old === undefined) return false
    this.#unbind(old)
    this.#entries.delete(key)
    this.#keys.remove(key)
    this.#changes.push({ kind: 'delete', key })
    return true
  }

  /** One transaction; none where no key stands under the lease. */
  deleteLeased(lease: LeaseId): void {
    const keys = [...(this.#keysOfLease.get(lease) ?? [])]
    for (const key of keys) this.delete(key)
    if (keys.length > 0) this.advance()
  }

  advance(): Revision {
    this.#revision++
    this.log.append(this.revision, this.#changes)
    this.#changes = []
    return this.revision
  }

  #bind(key: string, lease: LeaseId): void {
    const keys = this.#keysOfLease.get(lease)
    if (keys === undefined) this.#keysOfLease.set(lease, new Set([key]))
    else keys.add(key)
  }

  #unbind({ key, lease }: Entry): void {
    const keys = lease === undefined ? undefined : this.#keysOfLease.get(lease)
    if (lease === undefined || keys === undefined) return
    keys.delete(key)
    if (keys.size === 0) this.#keysOfLease.delete(lease)
  }
}

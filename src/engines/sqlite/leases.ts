/**
 * Leases, as the writer's thread keeps them: its own ones renewed, other processes' ones ended.
 *
 * The row in the table is the truth: a lease exists until a transaction deletes the row, and its keys with it. The
 * time in the row says from when on others may do that. So a holder that was held up may still renew late where nobody
 * has ended its lease, while its own `isLive()`, which goes by the clock, has said no meanwhile.
 * Times are of the monotonic clock of one boot; a row of another boot is dead at once.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LeaseId } from '../../edges/engine.ts'
import { expiryHoldMs, leasesMax } from './bounds.ts'
import type { WatchedHolder } from './death-watch.ts'
import { isSameHolder } from './holder-liveness.ts'
import type { Store } from './store.ts'

export interface LeaseRow extends WatchedHolder {
  readonly id: LeaseId
  readonly ttlMs: number
  readonly expiresMs: number
}

/** A lease is renewed when this part of its time is left. */
const renewalShare = 2 / 3

interface OwnLease {
  readonly ttlMs: number
  readonly deadline: BigInt64Array
  expiresMs: number
  isRenewalAsked: boolean
}

export class Leases {
  readonly own: WatchedHolder
  readonly #held = new Map<LeaseId, OwnLease>()
  readonly #onEnded: (id: LeaseId) => void
  #noExpiryBeforeMs = 0
  readonly #count: StatementSync
  readonly #insert: StatementSync
  readonly #renew: StatementSync
  readonly #select: StatementSync
  readonly #selectAll: StatementSync
  readonly #remove: StatementSync

  constructor(database: DatabaseSync, own: WatchedHolder, onEnded: (id: LeaseId) => void) {
    this.own = own
    this.#onEnded = onEnded
    const columns = `id, ttl_ms AS ttlMs, expires_ms AS expiresMs, pid, start_time AS startTime, pid_namespace AS pidNamespace,
      boot_id AS bootId, life_handle AS lifeHandle`
    this.#count = database.prepare('SELECT count(*) AS count FROM leases')
    this.#insert = database.prepare('INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#renew = database.prepare('UPDATE leases SET expires_ms = ? WHERE id = ?')
    this.#select = database.prepare(`SELECT ${columns} FROM leases WHERE id = ?`)
    this.#selectAll = database.prepare(`SELECT ${columns} FROM leases`)
    this.#remove = database.prepare('DELETE FROM leases WHERE id = ?')
  }

  get heldIds(): readonly LeaseId[] {
    return [...this.#held.keys()]
  }

  rows(): readonly LeaseRow[] {
    return this.#selectAll.all() as unknown as LeaseRow[]
  }

  row(id: LeaseId): LeaseRow | undefined {
    return this.#select.get(id) as unknown as LeaseRow | undefined
  }

  /** Inside the writer's transaction, like all that follows down to `end`. False: the system has too many. */
  grant(id: LeaseId, ttlMs: number, nowMs: number): boolean {
    if (Number(this.#count.get()?.['count']) >= leasesMax) return false
    const { pid, startTime, pidNamespace, bootId, lifeHandle } = this.own
    this.#insert.run(id, ttlMs, nowMs + ttlMs, pid, startTime, pidNamespace, bootId, lifeHandle)
    return true
  }

  /** False where the lease has ended. */
  renew(id: LeaseId, nowMs: number): boolean {
    const lease = this.#held.get(id)
    return lease !== undefined && this.#renew.run(nowMs + lease.ttlMs, id).changes === 1
  }

  /** Deletes the lease and its keys, as a transaction of its own. */
  end(id: LeaseId, store: Store): void {
    if (this.#remove.run(id).changes === 1 && store.deleteLeased(id) > 0) store.advance()
  }

  /** Still so inside the transaction: the holder may just have renewed it. */
  mayExpire(row: LeaseRow, nowMs: number): boolean {
    if (row.bootId !== this.own.bootId) return true
    // Further ahead than its own time to live: written before the clock began anew.
    return nowMs >= this.#noExpiryBeforeMs && (row.expiresMs <= nowMs || row.expiresMs > nowMs + row.ttlMs + 1)
  }

  /** After the commit. */
  onGranted(id: LeaseId, ttlMs: number, grantedMs: number, deadline: SharedArrayBuffer): void {
    this.#held.set(id, { ttlMs, deadline: new BigInt64Array(deadline), expiresMs: 0, isRenewalAsked: false })
    this.onRenewed(id, grantedMs)
  }

  onRenewed(id: LeaseId, renewedMs: number): void {
    const lease = this.#held.get(id)
    if (lease === undefined) return
    lease.expiresMs = renewedMs + lease.ttlMs
    lease.isRenewalAsked = false
    Atomics.store(lease.deadline, 0, BigInt(Math.floor(lease.expiresMs * 1_000)))
  }

  onRenewalFailed(id: LeaseId): void {
    const lease = this.#held.get(id)
    if (lease !== undefined) lease.isRenewalAsked = false
  }

  /** A lease of this engine is no more, whoever ended it. */
  onEnded(id: LeaseId): void {
    const lease = this.#held.get(id)
    if (lease === undefined) return
    Atomics.store(lease.deadline, 0, 0n)
    this.#held.delete(id)
    this.#onEnded(id)
  }

  isHeld(id: LeaseId): boolean {
    return this.#held.has(id)
  }

  /** When the next renewal is due; infinity where nothing is held. */
  nextRenewalMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const lease of this.#held.values()) next = Math.min(next, lease.expiresMs - renewalShare * lease.ttlMs)
    return next
  }

  /** Which of the own leases are due. Each is named once until it is answered. */
  takeDue(nowMs: number): readonly LeaseId[] {
    const due: LeaseId[] = []
    for (const [id, lease] of this.#held) {
      if (lease.isRenewalAsked || lease.expiresMs - nowMs > lease.ttlMs * renewalShare) continue
      lease.isRenewalAsked = true
      due.push(id)
    }
    return due
  }

  /** This process, or the disk, stood still: others may have stood still with it, and get time to renew. */
  onHeldUp(nowMs: number): void {
    this.#noExpiryBeforeMs = nowMs + expiryHoldMs
  }

  isOwn(row: LeaseRow): boolean {
    return isSameHolder(row, this.own)
  }
}

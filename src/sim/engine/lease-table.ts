/**
 * The leases of the virtual engine: who holds them, until when, and why they end.
 *
 * A lease ends by a commit that deletes its keys with it. It ends because its holder revokes it, because its process
 * is seen to be dead, or because nothing was heard of the holder for `ttlMs`. As long as renewals go through nothing is
 * scheduled for them. A slow engine answers renewals late but ends no lease for it. After a crash of the engine every
 * lease has its whole time to live again.
 */
import type { LeaseId } from '../../edges/engine.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { CommittedState } from './committed-state.ts'
import type { Connection, EnginePlace } from './connection.ts'
import type { EngineEvents } from './engine-world.ts'
import { LeaseRecord } from './lease-record.ts'

/** When a request left, by the clocks of all, and what had cut the holder off until then. */
export interface Sending {
  readonly sentMs: number
  readonly sentMonotonicMs: number
  readonly epoch: number
}

interface Row {
  readonly record: LeaseRecord
  readonly connection: Connection
}

export class LeaseTable {
  readonly #place: EnginePlace
  readonly #state: CommittedState
  readonly #commits: CommitQueue
  readonly #deathNoticeMs: number
  readonly #onEvent: EngineEvents | undefined
  readonly #rows = new Map<LeaseId, Row>()

  constructor(
    place: EnginePlace,
    state: CommittedState,
    commits: CommitQueue,
    options: { readonly deathNoticeMs: number; readonly onEvent?: EngineEvents | undefined },
  ) {
    this.#place = place
    this.#state = state
    this.#commits = commits
    this.#deathNoticeMs = options.deathNoticeMs
    this.#onEvent = options.onEvent
  }

  get size(): number {
    return this.#rows.size
  }

  has(id: LeaseId): boolean {
    return this.#rows.has(id)
  }

  sending({ client, renewalEpoch }: Connection): Sending {
    return { sentMs: this.#place.time.nowMs, sentMonotonicMs: client.monotonicNow(), epoch: renewalEpoch }
  }

  /** At the engine, in a commit. */
  grant(record: LeaseRecord, connection: Connection): void {
    this.#rows.set(record.id, { record, connection })
    this.#setExpiry(record, this.#place.time.nowMs)
    if (connection.end === 'noticed') this.#noticeDeath(record)
  }

  /** At the holder; harmless when repeated. */
  onGranted(record: LeaseRecord, connection: Connection, sending: Sending): void {
    if (record.isHeld) return
    record.isHeld = true
    connection.held.add(record)
    record.onRenewed(sending.sentMonotonicMs)
    if (sending.epoch === connection.renewalEpoch) record.becomeSteady(sending.sentMs)
    else this.mend(connection)
  }

  /** At the engine, in a commit; false where it had ended before. */
  remove(id: LeaseId, why: string): boolean {
    const row = this.#rows.get(id)
    if (row === undefined) return false
    const { record, connection } = row
    this.#rows.delete(id)
    record.cancelExpiry()
    record.isEnded = true
    this.#state.deleteLeased(id)
    this.#onEvent?.('lease-ended', { lease: id, why, revision: this.#state.revision }, connection.client.name)
    return true
  }

  idsOf(connection: Connection): readonly LeaseId[] {
    return [...this.#rows.values()].filter((row) => row.connection === connection).map((row) => row.record.id)
  }

  /** Ends it as soon as that can be committed, and tells its holder. */
  end(id: LeaseId, why: string): void {
    const row = this.#rows.get(id)
    if (row === undefined || row.record.isEnding || !this.#place.isUp) return
    row.record.isEnding = true
    this.#commits.add({
      commit: () => void this.remove(id, why),
      answer: () => row.connection.tell(() => this.#onEnded(row)),
    })
  }

  suspect(id: LeaseId): void {
    if (this.#rows.get(id)?.connection.end === 'noticed') this.end(id, 'died')
  }

  /** From now on no renewal of this holder goes through. */
  cut(connection: Connection): void {
    const { nowMs } = this.#place.time
    connection.renewalEpoch++
    for (const record of connection.held) {
      const heardMs = record.becomeUnsteady(nowMs)
      if (heardMs !== undefined && !record.isEnded) this.#setExpiry(record, heardMs)
    }
  }

  /** Renewals may go through again: the first one leaves at once. */
  mend(connection: Connection): void {
    if (connection.held.size === 0 || !this.#canRenew(connection)) return
    const { time } = this.#place
    const asked = [...connection.held]
    const sending = this.sending(connection)
    time.after(this.#place.drawOneWayMs(), () => {
      if (!this.#isConnected(connection)) return
      // One whose end is on its way to the disk is renewed no more.
      const renewed = new Set(asked.filter((record) => !record.isEnded && !record.isEnding))
      for (const record of renewed) this.#setExpiry(record, time.nowMs)
      time.after(this.#place.drawOneWayMs(), () => this.#onRenewed(connection, asked, renewed, sending))
    })
  }

  /** The holder's clock is about to jump: until the next renewal it judges its leases by the last one. */
  beforeClockJump(connection: Connection): void {
    const { time } = this.#place
    const leftMs = [...connection.held].map((record) => record.periodMs - record.sinceRenewalMs(time.nowMs))
    this.cut(connection)
    if (leftMs.length > 0) time.after(Math.min(...leftMs), () => this.mend(connection))
  }

  onDeath(connection: Connection): void {
    this.cut(connection)
    if (connection.end !== 'noticed') return
    for (const id of this.idsOf(connection)) this.#noticeDeath(this.#rows.get(id)?.record)
  }

  onCrash(): void {
    for (const { record } of this.#rows.values()) {
      record.cancelExpiry()
      record.isEnding = false
    }
  }

  onRestart(): void {
    for (const { record, connection } of this.#rows.values()) {
      this.#setExpiry(record, this.#place.time.nowMs)
      if (connection.end === 'noticed') this.#noticeDeath(record)
    }
  }

  #noticeDeath(record: LeaseRecord | undefined): void {
    if (record !== undefined) this.#place.time.after(this.#deathNoticeMs, () => this.end(record.id, 'died'))
  }

  #setExpiry(record: LeaseRecord, heardMs: number): void {
    if (!this.#place.isUp) return
    const { time } = this.#place
    const leftMs = Math.max(0, heardMs + record.ttlMs - time.nowMs)
    record.setExpiry(time.after(leftMs, () => this.end(record.id, 'expired')))
  }

  /** The answer of a renewal, at the holder. */
  #onRenewed(
    connection: Connection,
    asked: readonly LeaseRecord[],
    renewed: ReadonlySet<LeaseRecord>,
    sending: Sending,
  ): void {
    if (!this.#isConnected(connection) || !this.#canRenew(connection)) return
    for (const record of asked) {
      if (record.isEnded) connection.client.deliver(() => this.#onEnded({ record, connection }))
      else if (renewed.has(record)) {
        record.onRenewed(sending.sentMonotonicMs)
        if (sending.epoch === connection.renewalEpoch && !record.isEnding) record.becomeSteady(sending.sentMs)
      }
    }
  }

  #onEnded({ record, connection }: Row): void {
    connection.held.delete(record)
    record.onEnded()
  }

  #isConnected(connection: Connection): boolean {
    return this.#place.isUp && this.#place.isReachable(connection.client.name)
  }

  #canRenew({ client, end }: Connection): boolean {
    return end === undefined && client.isLive() && !client.isStopped()
  }
}

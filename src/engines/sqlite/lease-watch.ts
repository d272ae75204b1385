/**
 * What the writer's thread does about leases of its own accord: renew its own, notice which of them others have ended,
 * and end those whose holders are dead or have not renewed in time.
 *
 * The table is read again only when another process has committed something (SQLite's `data_version`) or this one has
 * changed leases, so an idle tick costs next to nothing. Ending is left to the writer, which looks again under its lock.
 * While another process repairs the file after a crash it cannot be read: that is no news, and a reason to look again soon.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LeaseId } from '../../edges/engine.ts'
import { heldUpMs, lookingTickMs, tickMs, tickMsMin } from './bounds.ts'
import { DeathWatch } from './death-watch.ts'
import { HolderProbe } from './holder-liveness.ts'
import type { LeaseRow, Leases } from './leases.ts'
import { monotonicMs } from './monotonic.ts'
import { isBusy } from './sqlite-failure.ts'
import type { Task } from './writer.ts'

/** A process whose link just broke may take a moment to be gone. */
const suspicionDelaysMs = [0, 1, 3, 8, 20, 40]

export class LeaseWatch {
  readonly #leases: Leases
  readonly #deaths: DeathWatch
  readonly #dataVersion: StatementSync
  #seenVersion: unknown
  #isInTheWay = false
  #rows: readonly LeaseRow[] = []
  #expectedMs = monotonicMs()
  readonly #timers = new Set<NodeJS.Timeout>()

  /** `onSign`: a process may have died; tick now. */
  constructor(database: DatabaseSync, leases: Leases, onSign: () => void) {
    this.#leases = leases
    this.#deaths = new DeathWatch(leases.own, onSign)
    this.#dataVersion = database.prepare('PRAGMA data_version')
  }

  /** True where other processes have committed since the last time that this said so. */
  hasNews(): boolean {
    return this.#unlessBusy(() => this.#look()) ?? false
  }

  /** Call after this engine changed the table itself. */
  invalidate(): void {
    this.#seenVersion = undefined
  }

  /** The leases that need renewing now. */
  dueRenewals(): readonly LeaseId[] {
    return this.#leases.takeDue(monotonicMs())
  }

  /** What is to be done to the leases of others. */
  dueEndings(): readonly Task[] {
    const nowMs = monotonicMs()
    if (nowMs - this.#expectedMs > heldUpMs) this.#leases.onHeldUp(nowMs)
    const expired = this.#rows.filter((row) => !this.#leases.isHeld(row.id) && this.#leases.mayExpire(row, nowMs))
    const dead = this.#deaths.findDead()
    return [
      ...dead.map((holder): Task => ({ kind: 'bury-holder', holder })),
      ...expired.map((row): Task => ({ kind: 'expire-lease', id: row.id })),
    ]
  }

  /** In how many milliseconds to tick again. */
  nextTickMs(): number {
    const nowMs = monotonicMs()
    const calmMs = this.#isInTheWay ? tickMsMin : this.#deaths.needsLooking ? lookingTickMs : tickMs
    const dueMs = Math.min(this.#leases.nextRenewalMs(), this.#nextExpiryMs()) - nowMs
    // Not at once even where something is overdue: it has just failed, then.
    const delayMs = Math.max(tickMsMin, Math.min(calmMs, dueMs))
    this.#expectedMs = nowMs + delayMs
    return delayMs
  }

  /** Of the leases of others, as the table said last; they may have been renewed since. */
  #nextExpiryMs(): number {
    return Math.min(...this.#rows.filter((row) => !this.#leases.isHeld(row.id)).map((row) => row.expiresMs))
  }

  /** Looks at the holder of one lease at once, and a few times more in the next moments, until it is seen to be dead. */
  suspect(id: LeaseId, onDead: (task: Task) => void): void {
    // A lease never changes hands, so an old row will do.
    const row = this.#unlessBusy(() => this.#leases.row(id)) ?? this.#rows.find((known) => known.id === id)
    if (row !== undefined && !this.#leases.isOwn(row))
      this.#suspectAgain(new HolderProbe(row, this.#leases.own), 0, onDead)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#deaths.close()
  }

  #suspectAgain(probe: HolderProbe, attempt: number, onDead: (task: Task) => void): void {
    const isDead = probe.look() === 'dead'
    const delayMs = suspicionDelaysMs[attempt + 1]
    if (isDead) onDead({ kind: 'bury-holder', holder: probe.holder })
    if (isDead || delayMs === undefined) return probe.close()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#suspectAgain(probe, attempt + 1, onDead)
    }, delayMs)
    this.#timers.add(timer)
  }

  #look(): boolean {
    const version = this.#dataVersion.get()?.['data_version']
    const isNews = version !== this.#seenVersion
    if (isNews) this.#readTable()
    this.#seenVersion = version
    return isNews
  }

  /** Undefined while another process is in the way. */
  #unlessBusy<Result>(read: () => Result): Result | undefined {
    try {
      const result = read()
      this.#isInTheWay = false
      return result
    } catch (error) {
      if (!isBusy(error)) throw error
      this.#isInTheWay = true
      return undefined
    }
  }

  #readTable(): void {
    this.#rows = this.#leases.rows()
    this.#deaths.setHolders(this.#rows)
    const existing = new Set(this.#rows.map((row) => row.id))
    for (const id of this.#leases.heldIds) if (!existing.has(id)) this.#leases.onEnded(id)
  }
}

/**
 * The only one in this process that writes to the state file; it runs on the writer's thread.
 *
 * It takes all tasks that are at hand into one SQLite transaction, each with its own revision, and commits once with
 * full sync: that is what makes many durable writes a second possible. A task is answered after the commit that holds
 * it, never before. When the commit fails, nothing of it happened, and every task in it is told so.
 */
import type { DatabaseSync } from 'node:sqlite'
import { carryOut, putsAnything } from '../../edges/carried-out.ts'
import type { LeaseId } from '../../edges/engine.ts'
import { heldUpMs, lockWaitMsMax, logFileWaitMsMax } from './bounds.ts'
import { isSameHolder, type Holder } from './holder-liveness.ts'
import type { Leases } from './leases.ts'
import { LogFile } from './log-file.ts'
import { monotonicMs } from './monotonic.ts'
import type { Answer, RequestedTask } from './requests.ts'
import { diskFull, failureOf, isBusy, isInputOutput, type Failure } from './sqlite-failure.ts'
import { Room } from './room.ts'
import type { StateFiles } from './state-folder.ts'
import { Store } from './store.ts'
import type { Turn } from './turn.ts'

/** What a group consists of: the requests of the main thread, and what the thread does of its own accord. */
export type Task =
  | RequestedTask
  | { readonly kind: 'renew-lease'; readonly id: LeaseId }
  | { readonly kind: 'expire-lease'; readonly id: LeaseId }
  | { readonly kind: 'bury-holder'; readonly holder: Holder }

/** SQLite's names. NORMAL in WAL: nothing is synced by a commit. */
type Synchronous = 'FULL' | 'NORMAL'

export interface Committed {
  /** One per task. */
  readonly answers: readonly Answer[]
  /** Whether keys changed. */
  readonly changed: boolean
}

export class Writer {
  readonly #database: DatabaseSync
  readonly #store: Store
  readonly #leases: Leases
  readonly #turn: Turn
  readonly #room: Room
  readonly #logFile: LogFile
  /** How the connection commits; undefined where that is not known. */
  #synchronous: Synchronous | undefined

  constructor(database: DatabaseSync, leases: Leases, turn: Turn, files: StateFiles) {
    this.#database = database
    this.#store = new Store(database)
    this.#leases = leases
    this.#turn = turn
    this.#room = new Room(files.folder, files.ballast)
    this.#logFile = new LogFile(database, files.database)
  }

  /** Blocks until the commit is on disk. Never throws. `more` gives tasks that came while the lock was awaited. */
  commit(first: readonly Task[], more: () => readonly Task[]): Committed {
    return this.#commit(first, more, 'FULL')
  }

  /**
   * The same without sync: a renewal means nothing after a restart of the machine, and takes no revision.
   * The next synced commit carries it to the disk.
   */
  renew(ids: readonly LeaseId[]): void {
    this.#commit(
      ids.map((id): Task => ({ kind: 'renew-lease', id })),
      () => [],
      'NORMAL',
    )
  }

  #commit(first: readonly Task[], more: () => readonly Task[], synchronous: Synchronous): Committed {
    const startedMs = monotonicMs()
    const tasks = [...first]
    let outcome = this.#attempt(tasks, more, synchronous)
    if ('code' in outcome && outcome.code === 'disk-full' && this.#room.dropBallast())
      outcome = this.#attempt(tasks, () => [], synchronous)
    const endedMs = monotonicMs()
    if (endedMs - startedMs > heldUpMs) this.#leases.onHeldUp(endedMs)
    return 'code' in outcome ? this.#fail(tasks, outcome) : outcome
  }

  /** Adds what `more` gives to `tasks`. */
  #attempt(tasks: Task[], more: () => readonly Task[], synchronous: Synchronous): Committed | Failure {
    try {
      this.#become(synchronous)
      if (!this.#turn.take(() => this.#tryBegin(), lockWaitMsMax)) return lockHeld()
      tasks.push(...more())
      return this.#carryOutAll(tasks)
    } catch (error) {
      const failure = this.#explain(error, 'no')
      this.#rollBack(failure)
      return failure
    }
  }

  /** Before each commit that needs it, so that none is ever made in the other way, whatever failed before. */
  #become(synchronous: Synchronous): void {
    if (this.#synchronous === synchronous) return
    this.#synchronous = undefined
    this.#database.exec(`PRAGMA synchronous = ${synchronous}`)
    this.#synchronous = synchronous
  }

  #carryOutAll(tasks: readonly Task[]): Committed | Failure {
    const nowMs = monotonicMs()
    const hasRoom = this.#room.isEnough()
    this.#store.begin()
    const answers = tasks.map((task) => this.#carryOut(task, nowMs, hasRoom))
    const changed = this.#store.finish()
    const failure = this.#commitNow()
    if (failure !== undefined) return failure
    tasks.forEach((task, index) => this.#onCommitted(task, answers[index], nowMs))
    if (changed) this.#shortenLogFile()
    return { answers, changed }
  }

  /** What fails here is not the commit's: that is on disk already. */
  #shortenLogFile(): void {
    try {
      if (this.#logFile.isTooLong()) this.#turn.take(() => this.#logFile.tryEmpty(), logFileWaitMsMax)
    } catch {
      // After the next commit it is tried again.
    }
  }

  #carryOut(task: Task, nowMs: number, hasRoom: boolean): Answer {
    const store = this.#store
    switch (task.kind) {
      case 'transact':
        if (!hasRoom && putsAnything(task.transaction)) return { kind: 'failed', failure: diskFull() }
        return carryOut(task.transaction, store, (id) => this.#leases.row(id) !== undefined)
      case 'grant-lease':
        return this.#leases.grant(task.id, task.ttlMs, nowMs)
          ? this.#done()
          : { kind: 'failed', failure: tooManyLeases() }
      case 'renew-lease':
        return this.#leases.renew(task.id, nowMs) ? this.#done() : { kind: 'failed', failure: leaseLost() }
      case 'revoke-lease':
        this.#leases.end(task.id, store)
        return this.#done()
      case 'expire-lease': {
        const row = this.#leases.row(task.id)
        if (row !== undefined && this.#leases.mayExpire(row, nowMs)) this.#leases.end(task.id, store)
        return this.#done()
      }
      case 'bury-holder':
        for (const row of this.#leases.rows()) if (isSameHolder(row, task.holder)) this.#leases.end(row.id, store)
        return this.#done()
    }
  }

  #onCommitted(task: Task, answer: Answer | undefined, nowMs: number): void {
    const isDone = answer?.kind === 'done'
    if (task.kind === 'grant-lease' && isDone) this.#leases.onGranted(task.id, task.ttlMs, nowMs, task.deadline)
    if (task.kind === 'renew-lease' && isDone) this.#leases.onRenewed(task.id, nowMs)
    if (task.kind === 'renew-lease' && !isDone) this.#leases.onEnded(task.id)
    if (task.kind === 'revoke-lease') this.#leases.onEnded(task.id)
  }

  #done(): Answer {
    return { kind: 'done', succeeded: true, wrote: false, revision: this.#store.revision }
  }

  #fail(tasks: readonly Task[], failure: Failure): Committed {
    for (const task of tasks) if (task.kind === 'renew-lease') this.#leases.onRenewalFailed(task.id)
    return { answers: tasks.map(() => ({ kind: 'failed', failure })), changed: false }
  }

  #tryBegin(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      if (isBusy(error)) return false
      throw error
    }
  }

  #commitNow(): Failure | undefined {
    try {
      this.#database.exec('COMMIT')
      return undefined
    } catch (error) {
      const failure = this.#explain(error, 'unknown')
      this.#rollBack(failure)
      return failure
    }
  }

  #rollBack(failure: Failure): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (failure.code === 'disk-full' && this.#tryBegin()) this.#freeLogFile()
    } catch {
      // The failure that led here is the one to tell.
    }
  }

  #freeLogFile(): void {
    try {
      this.#logFile.cutTail()
    } finally {
      this.#database.exec('ROLLBACK')
    }
    this.#logFile.tryEmpty()
  }

  #explain(error: unknown, executed: 'no' | 'unknown'): Failure {
    return isInputOutput(error) && this.#room.isNone() ? diskFull() : failureOf(error, executed)
  }
}

function lockHeld(): Failure {
  return {
    code: 'engine-failed',
    message: `another process held the state file for over ${lockWaitMsMax} ms`,
    executed: 'no',
  }
}

function tooManyLeases(): Failure {
  return { code: 'try-again', message: 'the system has too many leases', executed: 'no' }
}

function leaseLost(): Failure {
  return { code: 'lease-lost', message: 'the lease has ended', executed: 'no' }
}

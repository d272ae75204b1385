/**
 * `FileLock`: a lock between any processes of this host that name the same file, and between their threads.
 *
 * The lock is SQLite's exclusive transaction on a small database at that path, on which nothing is ever written: so it is the
 * operating system's own file lock underneath, which is free again when its holder dies, whatever it dies of, and SQLite keeps
 * apart two holders in one process, which the operating system does not. SQLite's own waiting starves; so each attempt returns
 * at once and is repeated after a short pause. There is no queue: who comes at the right moment has it.
 *
 * A holder notes itself in a file beside the lock (`<path>.holder`) and wipes that out when it releases. Who acquires and
 * finds a note, knows that the one before died in the middle.
 * A process that itself opens and closes the lock's file gives its own locks on it away (POSIX); leave it alone.
 */
import { resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { isMainThread, threadId } from 'node:worker_threads'
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { currentProcess } from './current-process.ts'
import { cancelled, timedOut } from './deadline.ts'
import { HolderNote } from './holder-note.ts'

/** So many attempts follow each other at once: mostly a lock is held for an instant only. */
const attemptsAtOnce = 16
/** Then between two attempts an eighth of what the wait has lasted, within these bounds. */
const pauseMsMin = 0.25
const pauseMsMax = 8
/** SQLite's codes where somebody else has the lock, and where the file is something else; further bits say more. */
const code = { busy: 5, corrupt: 11, notDatabase: 26 } as const
const codeBits = 0xff

export class FileLock implements Shareable {
  /** Absolute, so that it names the same file wherever this goes. */
  readonly path: string
  readonly #database: DatabaseSync
  readonly #take: StatementSync
  readonly #give: StatementSync
  readonly #note: HolderNote
  readonly #guard: Disposable
  #isHeld = false
  #isPrepared = false

  /**
   * Makes the file where it is not there yet; its folder must be.
   * @throws CardumenError `state-unwritable`
   */
  constructor(path: string) {
    let database: DatabaseSync | undefined
    try {
      // Also since SQLite takes some texts, such as none at all, for the name of a database that nobody else has.
      this.path = resolve(path)
      database = new DatabaseSync(this.path, { timeout: 0 })
      this.#take = database.prepare('BEGIN EXCLUSIVE')
      this.#give = database.prepare('ROLLBACK')
      this.#note = new HolderNote(`${this.path}.holder`)
    } catch (cause) {
      database?.close()
      throw new CardumenError('state-unwritable', `${path} cannot be used as a lock: ${String(cause)}`, { cause })
    }
    this.#database = database
    this.#guard = { [Symbol.dispose]: () => this.release() }
  }

  /** Whether this very object holds it. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /**
   * Takes it if it is free. False: somebody else has it, or this object does.
   * @throws CardumenError `holder-died`: it is free, since its last holder died; the next attempt may have it.
   *   `closed` here, `state-damaged` where the file is no lock, `state-unwritable` where its disk is full
   */
  tryAcquire(): boolean {
    if (!this.#database.isOpen) throw new CardumenError('closed', `${this.#title} was closed here.`)
    if (this.#isHeld || !this.#began()) return false
    try {
      const before = this.#note.read()
      if (before === undefined) this.#note.write(ownName())
      else this.#note.clear()
      this.#isHeld = before === undefined
      if (before !== undefined) throw holderDied(this.#title, before)
    } finally {
      if (!this.#isHeld) this.#give.run()
    }
    return true
  }

  /**
   * Blocks this thread until it has the lock.
   * @throws CardumenError `would-block` on a main thread, `timed-out`, `holder-died`, `deadlock` where this object has it
   */
  acquire(options: WaitOptions = {}): void {
    const deadline = deadlineOf(options)
    if (isMainThread)
      throw new CardumenError('would-block', `${this.#title} would block the main thread of this process.`, {
        hint: 'Use "await lock.acquireAsync()", or do it in a Thread.',
      })
    if (this.#isHeld)
      throw new CardumenError('deadlock', `This thread waits for ${this.#title}, which it holds itself.`)
    const startedMs = performance.now()
    for (let attempts = 1; !this.tryAcquire(); attempts++) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw this.#timedOut(options)
      Atomics.wait(sleepWord, 0, 0, Math.min(pauseAfter(attempts, startedMs), leftMs))
    }
  }

  /** The same for a task that awaits. @throws CardumenError `timed-out`, `cancelled`, `holder-died` */
  async acquireAsync(options: AsyncWaitOptions = {}): Promise<void> {
    const deadline = deadlineOf(options)
    const { signal } = options
    const startedMs = performance.now()
    for (let attempts = 1; ; attempts++) {
      if (signal?.aborted === true) throw cancelled(this.#title, signal)
      if (this.tryAcquire()) return
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw this.#timedOut(options)
      await pause(Math.min(pauseAfter(attempts, startedMs), leftMs), signal)
    }
  }

  /** @throws CardumenError `not-held`, or `not-owner` where somebody else holds it. */
  release(): void {
    if (!this.#isHeld) throw this.#strange()
    this.#note.clear()
    this.#give.run()
    this.#isHeld = false
  }

  /** `using held = lock.hold()`: acquired here, released with the block. */
  hold(options: WaitOptions = {}): Disposable {
    this.acquire(options)
    return this.#guard
  }

  /** `using held = await lock.holdAsync()` */
  async holdAsync(options: AsyncWaitOptions = {}): Promise<Disposable> {
    await this.acquireAsync(options)
    return this.#guard
  }

  /** Lets go of the files, and of the lock where it is held. The files stay: another process may wait for them. */
  close(): void {
    if (!this.#database.isOpen) return
    if (this.#isHeld) this.release()
    this.#database.close()
    this.#note.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Where it arrives, it is another object for the same lock. */
  [pack](): Packed {
    return { kind: 'fileLock', state: { path: this.path } }
  }

  get #title(): string {
    return `the lock ${this.path}`
  }

  #began(): boolean {
    try {
      this.#prepare()
      this.#take.run()
      return true
    } catch (error) {
      const found = error instanceof Error && 'errcode' in error ? Number(error.errcode) & codeBits : 0
      if (found === code.busy) return false
      if (found === code.notDatabase || found === code.corrupt)
        throw new CardumenError('state-damaged', `${this.path} is no lock: ${String(error)}`, { cause: error })
      throw new CardumenError('state-unwritable', `${this.path} cannot be locked: ${String(error)}`, { cause: error })
    }
  }

  /** Else SQLite makes a journal file for each transaction, which costs many times the lock. Fails while it is held. */
  #prepare(): void {
    if (this.#isPrepared) return
    this.#database.exec('PRAGMA journal_mode = MEMORY')
    this.#isPrepared = true
  }

  #timedOut(options: WaitOptions): CardumenError {
    const holder = this.#note.read()
    return timedOut(holder === undefined ? this.#title : `${this.#title}, which ${holder} holds`, options)
  }

  #strange(): CardumenError {
    if (!this.#database.isOpen) return new CardumenError('closed', `${this.#title} was closed here.`)
    const holder = this.#note.read()
    return holder === undefined
      ? new CardumenError('not-held', `${this.#title} is not held.`)
      : new CardumenError('not-owner', `${this.#title} is held by ${holder}; only it may release.`)
  }
}

/** Made anew of what `pack` gave. */
export const unpackFileLock: Unpack = ({ path }: { readonly path: string }) => new FileLock(path)

/** Nobody ever wakes who sleeps on it. */
const sleepWord = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

/** Not always exactly as long: waiters that began together would meet again and again. */
function pauseAfter(attempts: number, startedMs: number): number {
  if (attempts < attemptsAtOnce) return 0
  const eighthMs = (performance.now() - startedMs) / 8
  return Math.min(pauseMsMax, Math.max(pauseMsMin, eighthMs)) * (0.5 + Math.random())
}

async function pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (pauseMs === 0) return immediate()
  // Aborted: the next look at the signal says so.
  await delay(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}

function ownName(): string {
  const { name, pid } = currentProcess()
  return isMainThread ? `${name} (pid ${pid})` : `thread ${threadId} of ${name} (pid ${pid})`
}

function holderDied(title: string, before: string): CardumenError {
  return new CardumenError(
    'holder-died',
    `${before} died while it held ${title}; what it protects may be half changed.`,
    {
      hint: 'It is free now: check what the lock protects, then acquire again.',
    },
  )
}

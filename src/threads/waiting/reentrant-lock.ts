/**
 * `RLock`: a lock that its owner may take again, and must release as often.
 *
 * A `Lock` and, in the same row, a count that only the owner touches, and that is 0 while nobody owns it. The owner is a thread: its tasks (asynchronous functions that
 * run in turns) all are that owner, so between them it excludes nothing; for those there is `Lock`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { self } from '../memory/parties.ts'
import { primitive, primitiveRow } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { Lock, type LockOptions, type LockState, newLock, ownerOfLock, recoverLock } from './lock.ts'
import { isRemote, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import type { LeftWait } from './waits.ts'

/** After the words of the lock itself. */
const depthWord = primitive.own + 2
const depthMax = 2_147_483_647

export class RLock implements Shareable, Served {
  readonly #lock: Lock
  readonly #remote: Remote | undefined
  readonly #index: number
  readonly #guard: Disposable

  constructor(options: LockOptions = {}, source: LockState | Remote = newLock(options, 'reentrant lock')) {
    this.#lock = new Lock(options, source)
    this.#remote = isRemote(source) ? source : undefined
    this.#index = isRemote(source) ? 0 : source.place.index
    this.#guard = { [Symbol.dispose]: () => this.release() }
  }

  get name(): string {
    return this.#lock.name
  }

  /** Whether anybody holds it at this moment. */
  get isHeld(): boolean {
    return this.#lock.isHeld
  }

  /**
   * Blocks this thread until it owns the lock, once more if it did.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock`, `holder-died`, `closed`
   */
  acquire(options?: WaitOptions): void {
    if (this.#isAgain(self())) return
    this.#lock.acquire(options)
    this.#begin()
  }

  /** @throws CardumenError `holder-died`, `closed` */
  tryAcquire(): boolean {
    if (this.#remote !== undefined) return this.#lock.tryAcquire()
    return this.#tryFor(self())
  }

  /** As `acquire`, for what may not block. */
  async acquireAsync(options?: AsyncWaitOptions): Promise<void> {
    if (this.#isAgain(self())) return
    await this.#lock.acquireAsync(options)
    this.#begin()
  }

  /** @throws CardumenError `not-held`, `not-owner`, `closed` */
  release(): void {
    if (this.#remote !== undefined) this.#lock.release()
    else this.#releaseFor(self())
  }

  /** For `using held = lock.hold()`. */
  hold(options?: WaitOptions): Disposable {
    this.acquire(options)
    return this.#guard
  }

  /** For `using held = await lock.holdAsync()`. */
  async holdAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireAsync(options)
    return this.#guard
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#lock.close()
  }

  [pack](): Packed {
    return this.#remote?.packed ?? { kind: 'rLock', state: this.#lock[pack]().state }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'acquire':
        return this.#acquireFor(party, options)
      case 'tryAcquire':
        return this.#tryFor(party)
      case 'release':
        return this.#releaseFor(party)
      case 'isHeld':
      case 'close':
        return this.#lock[serve](party, operation, argument, options)
      default:
        throw unknownOperation(`lock "${this.name}"`, operation)
    }
  }

  async #acquireFor(party: number, options: AsyncWaitOptions): Promise<void> {
    if (this.#isAgain(party)) return
    await this.#lock[serve](party, 'acquire', undefined, options)
    this.#begin()
  }

  #tryFor(party: number): boolean {
    if (this.#isAgain(party)) return true
    if (this.#lock[serve](party, 'tryAcquire', undefined, {}) !== true) return false
    this.#begin()
    return true
  }

  #isAgain(party: number): boolean {
    if (this.#index === 0 || ownerOfLock(this.#index) !== party || !this.#lock.isHeld) return false
    const { words } = arena()
    const at = primitiveRow(this.#index) + depthWord
    const depth = words[at] ?? 0
    if (depth >= depthMax) throw new CardumenError('capacity-reached', `Lock "${this.name}" was taken too many times.`)
    words[at] = depth + 1
    return true
  }

  #begin(): void {
    if (this.#index === 0) return
    const { words } = arena()
    const at = primitiveRow(this.#index) + depthWord
    // Another task of this thread may have taken it once more, before this one heard that it is theirs.
    words[at] = (words[at] ?? 0) + 1
  }

  #releaseFor(party: number): void {
    const { words } = arena()
    const at = primitiveRow(this.#index) + depthWord
    if (ownerOfLock(this.#index) === party && this.#lock.isHeld) {
      const depth = words[at] ?? 0
      words[at] = Math.max(0, depth - 1)
      if (depth > 1) return
    }
    this.#lock[serve](party, 'release', undefined, {})
  }
}

/** As of a lock; and the next owner begins to count at nought. */
export function recoverReentrantLock(index: number, dead: number, left: readonly LeftWait[]): void {
  if (ownerOfLock(index) === dead) arena().words[primitiveRow(index) + depthWord] = 0
  recoverLock(index, dead, left)
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackRLock: Unpack = (source: LockState | Remote) => new RLock({}, source)

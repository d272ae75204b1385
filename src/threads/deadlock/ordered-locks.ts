/**
 * Locks that may be acquired in one order only: an acquire against it fails at once, with `order-violated`, whether or not
 * anybody waits at that moment. So the mistake shows in the first test and not in the one unlucky night.
 *
 * Ranks are given, or the order is learned from how the program goes (`src/protocols/deadlock/lock-order.ts`). Each thread
 * has an `OrderedLocks` of its own and gives the shared locks the same ranks; what is learned stays in its thread. What is
 * held is counted by thread, and within `inTask` by task, since tasks of one thread hold locks independently of each
 * other. A task may release what another one acquired.
 * To try is allowed in any order, because who only tries never waits.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  addLock,
  emptyLockOrder,
  type Inversion,
  type LockOrder,
  lockOrderLimits,
  noteAcquire,
} from '../../protocols/deadlock/lock-order.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import type { Lockable } from './lockable.ts'

/** By lock, how often it is held. */
type Held = Map<OrderedLock, number>

export class OrderedLocks {
  readonly #order: LockOrder = emptyLockOrder()
  readonly #names = new Set<string>()
  readonly #heldByThread: Held = new Map()
  readonly #heldByTask = new AsyncLocalStorage<Held>()

  /**
   * The lock under this order; use what it returns in the place of the lock. Without a rank its place is learned.
   * @throws CardumenError `option-invalid` for a rank that is no number or a name that is there already, `capacity-reached`
   */
  add(lock: Lockable, rank?: number): OrderedLock {
    if (rank !== undefined && !Number.isFinite(rank))
      throw new CardumenError('option-invalid', `The rank of "${lock.name}" is ${rank}; it is a finite number.`)
    if (this.#names.has(lock.name))
      throw new CardumenError('option-invalid', `A lock named "${lock.name}" is in this order already.`, {
        hint: 'Give the locks names that differ: the order is told by them.',
      })
    if (!addLock(this.#order, lock.name, rank))
      throw new CardumenError('capacity-reached', `An order has room for ${lockOrderLimits.locksMax} locks.`)
    this.#names.add(lock.name)
    return new OrderedLock(lock, { held: () => this.#held(), check: () => this.#check(lock.name) })
  }

  /** Runs a task whose locks are counted by themselves, beside other tasks of this thread. */
  inTask<Result>(task: () => Result): Result {
    return this.#heldByTask.run(new Map(), task)
  }

  #held(): Held {
    return this.#heldByTask.getStore() ?? this.#heldByThread
  }

  #check(name: string): void {
    const held = [...this.#held().keys()].map((lock) => lock.name)
    const inversion = noteAcquire(this.#order, held, name)
    if (inversion !== undefined) throw violated(inversion, this.#order)
  }
}

interface Watch {
  /** What the thread or task that asks holds now. */
  held(): Held
  /** @throws CardumenError `order-violated` */
  check(): void
}

/** A lock with its place in an order. It is not shareable: the lock inside is. */
export class OrderedLock implements Lockable {
  readonly #lock: Lockable
  readonly #watch: Watch
  /** Where each of its acquires is counted: it may be released by another task than the one that acquired it. */
  readonly #countedIn: Held[] = []

  constructor(lock: Lockable, watch: Watch) {
    this.#lock = lock
    this.#watch = watch
  }

  get name(): string {
    return this.#lock.name
  }

  /** @throws CardumenError `order-violated`; and as the lock does */
  acquire(options?: WaitOptions): void {
    this.#watch.check()
    this.#lock.acquire(options)
    this.#count()
  }

  /** @throws CardumenError `order-violated`; and as the lock does */
  async acquireAsync(options?: AsyncWaitOptions): Promise<void> {
    this.#watch.check()
    await this.#lock.acquireAsync(options)
    this.#count()
  }

  tryAcquire(): boolean {
    const isTaken = this.#lock.tryAcquire()
    if (isTaken) this.#count()
    return isTaken
  }

  release(): void {
    this.#lock.release()
    const held = this.#countedIn.pop()
    const count = held?.get(this) ?? 0
    if (count > 1) held?.set(this, count - 1)
    else held?.delete(this)
  }

  hold(options?: WaitOptions): Disposable {
    this.acquire(options)
    return { [Symbol.dispose]: () => this.release() }
  }

  async holdAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireAsync(options)
    return { [Symbol.dispose]: () => this.release() }
  }

  #count(): void {
    const held = this.#watch.held()
    held.set(this, (held.get(this) ?? 0) + 1)
    this.#countedIn.push(held)
  }
}

function violated({ held, wanted, way }: Inversion, { ranks }: LockOrder): CardumenError {
  const [heldRank, wantedRank] = [ranks.get(held), ranks.get(wanted)]
  const why =
    heldRank !== undefined && wantedRank !== undefined
      ? `their ranks are ${heldRank} and ${wantedRank}`
      : `elsewhere they were acquired in the order ${way.join(', ')}`
  return new CardumenError('order-violated', `"${wanted}" was to be acquired while "${held}" is held, but ${why}.`, {
    hint: `Acquire "${wanted}" first, or release "${held}" before.`,
  })
}

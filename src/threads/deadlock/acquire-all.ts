/**
 * Several locks at once, or none: nobody holds one and waits for another, so no cycle can come about (Havender, 1968).
 *
 * It waits for one lock while it holds none, then tries the others. Where one of these is taken, it gives back all that it
 * has, and next time waits for just that one: so it sleeps on what it lacks, and does not try in a circle.
 * Who needs many locks that are in great demand may be passed by others for long. Where that matters, take an order.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import type { Lockable } from './lockable.ts'

/**
 * Blocks until this thread holds all of them. What it returns releases them, in the opposite order, once.
 * @throws CardumenError as `acquire` of the locks does, and then holds none of them; `option-invalid` where one is named twice
 */
export function acquireAll(locks: readonly Lockable[], options?: WaitOptions): Disposable {
  const attempt = new Attempt(locks, options)
  for (let next = locks[0]; next !== undefined; ) {
    next.acquire(attempt.remaining())
    next = attempt.takeOthers(next)
  }
  return attempt.held
}

/** The same for what may not block. A lock that is held counts as busy, also where a task of this same thread holds it. */
export async function acquireAllAsync(locks: readonly Lockable[], options?: AsyncWaitOptions): Promise<Disposable> {
  const attempt = new Attempt(locks, options)
  for (let next = locks[0]; next !== undefined; ) {
    await next.acquireAsync(attempt.remaining())
    next = attempt.takeOthers(next)
  }
  return attempt.held
}

class Attempt {
  readonly held: Disposable
  readonly #locks: readonly Lockable[]
  readonly #options: AsyncWaitOptions
  readonly #deadline: number
  #isHeld = true

  constructor(locks: readonly Lockable[], options: AsyncWaitOptions = {}) {
    const twice = locks.find((lock, at) => locks.indexOf(lock) !== at)
    if (twice !== undefined) throw new CardumenError('option-invalid', `"${twice.name}" is among the locks twice.`)
    this.#locks = locks
    this.#options = options
    this.#deadline = deadlineOf(options)
    this.held = { [Symbol.dispose]: () => this.#releaseOnce() }
  }

  /** Options for the next wait: those of the caller, with the time that is left. */
  remaining(): AsyncWaitOptions {
    if (this.#deadline === Number.POSITIVE_INFINITY) return this.#options
    return { ...this.#options, timeoutMs: Math.max(0, this.#deadline - performance.now()) }
  }

  /** With `first` held: takes all others, or gives back everything and says which one was busy. */
  takeOthers(first: Lockable): Lockable | undefined {
    const taken = [first]
    let busy: Lockable | undefined
    try {
      busy = this.#locks.find((lock) => lock !== first && !isTaken(lock, taken))
    } catch (error) {
      releaseAll(taken)
      throw error
    }
    if (busy === undefined) return undefined
    releaseAll(taken)
    this.#throwIfOver(busy)
    return busy
  }

  #throwIfOver(busy: Lockable): void {
    const { timeoutMs, signal } = this.#options
    if (signal?.aborted === true)
      throw new CardumenError('cancelled', `The wait for "${busy.name}" was given up.`, { cause: signal.reason })
    if (performance.now() < this.#deadline) return
    const names = this.#locks.map(({ name }) => `"${name}"`).join(', ')
    throw new CardumenError(
      'timed-out',
      `${names} could not be had together within ${timeoutMs} ms; "${busy.name}" was busy.`,
    )
  }

  #releaseOnce(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    releaseAll(this.#locks)
  }
}

function isTaken(lock: Lockable, taken: Lockable[]): boolean {
  if (!lock.tryAcquire()) return false
  taken.push(lock)
  return true
}

/** In the opposite order. One that cannot be released keeps none of the others held. */
function releaseAll(locks: readonly Lockable[]): void {
  const errors: unknown[] = []
  for (const lock of [...locks].reverse()) {
    try {
      lock.release()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

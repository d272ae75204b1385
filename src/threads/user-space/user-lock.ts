/**
 * A lock between threads in user space. It is handed over in the order in which it was asked for.
 *
 * No instruction of the processor is needed: nobody runs between two yields. A holder that ends without releasing it frees it
 * with an error, as everywhere here: whoever waits is told `holder-died`, or else the next one who acquires it, once.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Held, type Parking, takeAlive, type UserThread, type Waiting } from './user-thread.ts'

export class UserLock implements Held {
  readonly name: string
  readonly #parking: Parking
  readonly #waiting: UserThread<unknown>[] = []
  #owner: UserThread<unknown> | undefined
  /** Who ended with it while nobody waited. */
  #diedWith: string | undefined

  constructor(name: string, parking: Parking) {
    this.name = name
    this.#parking = parking
  }

  get isHeld(): boolean {
    return this.#owner !== undefined
  }

  /** `yield* lock.acquire()`. @throws CardumenError `holder-died`, and then it is not held. */
  *acquire(): Waiting<void> {
    const self = this.#parking.current()
    const { name } = this
    if (this.#diedWith !== undefined) throw this.#holderDied(this.#diedWith)
    if (this.#owner === undefined) return this.#give(self)
    this.#waiting.push(self)
    yield* this.#parking.park(() => `the lock "${name}", which "${this.#owner?.name}" holds`)
  }

  /** @throws CardumenError `not-owner`. */
  release(): void {
    const self = this.#parking.current()
    if (this.#owner !== self)
      throw new CardumenError(
        'not-owner',
        this.#owner === undefined
          ? `"${self.name}" releases the lock "${this.name}", which nobody holds.`
          : `"${self.name}" releases the lock "${this.name}", which "${this.#owner.name}" holds.`,
      )
    self.onReleased(this)
    this.#owner = undefined
    const next = takeAlive(this.#waiting)
    if (next === undefined) return
    this.#give(next)
    this.#parking.wake(next)
  }

  /** For the run-time system alone. */
  onHolderEnded(name: string): void {
    this.#owner = undefined
    const waiting = this.#waiting.splice(0).filter((thread) => thread.isAlive)
    if (waiting.length === 0) this.#diedWith = name
    for (const thread of waiting) this.#parking.wake(thread, this.#holderDied(name))
  }

  #give(thread: UserThread<unknown>): void {
    this.#owner = thread
    thread.onAcquired(this)
  }

  #holderDied(name: string): CardumenError {
    this.#diedWith = undefined
    return new CardumenError('holder-died', `The thread "${name}" ended with the lock "${this.name}".`)
  }
}

/**
 * A counting semaphore (Dijkstra, 1962) between threads in user space. It has no owner: anybody may release it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Parking, takeAlive, type UserThread, type Waiting } from './user-thread.ts'

const countMax = 2 ** 31 - 1

export class UserSemaphore {
  readonly name: string
  readonly #parking: Parking
  readonly #waiting: UserThread<unknown>[] = []
  #count: number

  constructor(count: number, name: string, parking: Parking) {
    if (!Number.isInteger(count) || count < 0 || count > countMax)
      throw new CardumenError('option-invalid', `A semaphore counts from 0 to ${countMax}, not from ${count}.`)
    this.name = name
    this.#count = count
    this.#parking = parking
  }

  get count(): number {
    return this.#count
  }

  /** `yield* semaphore.acquire()`. */
  *acquire(): Waiting<void> {
    const self = this.#parking.current()
    if (this.#count > 0) {
      this.#count--
      return
    }
    this.#waiting.push(self)
    yield* this.#parking.park(() => `the semaphore "${this.name}"`)
  }

  /**
   * May be called from outside of any thread; but where all that are left wait, and for nothing outside (`waitFor`, `sleep`),
   * that is a deadlock before such a call comes.
   * @throws CardumenError `semaphore-overflow`.
   */
  release(): void {
    const next = takeAlive(this.#waiting)
    if (next !== undefined) return this.#parking.wake(next)
    if (this.#count === countMax)
      throw new CardumenError('semaphore-overflow', `The semaphore "${this.name}" counts to ${countMax}.`)
    this.#count++
  }
}

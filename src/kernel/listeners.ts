/**
 * The listeners of one kind of event. A listener that throws is a fault of the program's and reported as one, in a
 * turn of its own: neither the other listeners nor the kernel, in the middle of its work, get to feel it.
 */
import type { Clock } from '../edges/clock.ts'

export class Listeners<Event> {
  readonly #clock: Clock
  readonly #listeners = new Map<symbol, (event: Event) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#listeners.size
  }

  /** Listens until the function returned is called. The same function may listen twice. */
  add(listener: (event: Event) => void): () => void {
    const key = Symbol('listener')
    this.#listeners.set(key, listener)
    return () => void this.#listeners.delete(key)
  }

  tell(event: Event): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener(event)
      } catch (error) {
        this.#clock.soon(() => {
          throw error
        })
      }
    }
  }
}

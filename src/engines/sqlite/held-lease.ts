/**
 * A lease as its holder sees it, on the main thread.
 *
 * Until when it is held stands in memory shared with the writer's thread, so `isLive()` tells the truth even to a
 * program whose event loop has stood still; `ended` resolves as soon as the loop turns again.
 */
import type { Lease, LeaseId } from '../../edges/engine.ts'
import { monotonicMs } from './monotonic.ts'

export class HeldLease implements Lease {
  readonly id: LeaseId
  readonly ended: Promise<void>
  readonly #deadline: BigInt64Array
  readonly #revoke: () => Promise<void>
  #resolveEnded: () => void = () => undefined
  #isEnded = false

  constructor(id: LeaseId, deadline: SharedArrayBuffer, revoke: () => Promise<void>) {
    this.id = id
    this.#deadline = new BigInt64Array(deadline)
    this.#revoke = revoke
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  isLive(): boolean {
    return !this.#isEnded && monotonicMs() * 1_000 < Number(Atomics.load(this.#deadline, 0))
  }

  /** Resolves also where the lease has ended already. */
  revoke(): Promise<void> {
    return this.#isEnded ? Promise.resolve() : this.#revoke()
  }

  /** Called by the engine. */
  end(): void {
    this.#isEnded = true
    this.#resolveEnded()
  }
}

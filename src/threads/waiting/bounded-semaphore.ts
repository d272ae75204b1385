/**
 * `BoundedSemaphore`: a semaphore that never has more units than it began with.
 *
 * So a release that is one too many is refused, where it happens, instead of letting in one thread too many some time later.
 */
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import {
  newSemaphore,
  Semaphore,
  type SemaphoreAsyncWaitOptions,
  type SemaphoreOptions,
  type SemaphoreState,
  type SemaphoreWaitOptions,
} from './semaphore.ts'
import { assertCount } from './site.ts'
import { unitsMax } from './semaphore-units.ts'
import type { AsyncWaitOptions } from './wait-options.ts'

export class BoundedSemaphore implements Shareable, Served {
  readonly #semaphore: Semaphore

  constructor(bound = 1, options: SemaphoreOptions = {}, source: SemaphoreState | Remote = newBounded(bound, options)) {
    this.#semaphore = new Semaphore(bound, options, source)
  }

  get name(): string {
    return this.#semaphore.name
  }

  /** Units there are at this moment. */
  get value(): number {
    return this.#semaphore.value
  }

  /** As of `Semaphore`. */
  acquire(options?: SemaphoreWaitOptions): void {
    this.#semaphore.acquire(options)
  }

  /** Takes the units if they are there now. */
  tryAcquire(count = 1): boolean {
    return this.#semaphore.tryAcquire(count)
  }

  /** As `acquire`, for what may not block. */
  async acquireAsync(options?: SemaphoreAsyncWaitOptions): Promise<void> {
    await this.#semaphore.acquireAsync(options)
  }

  /** @throws CardumenError `semaphore-overflow` where it was released more often than acquired; `closed` */
  release(count = 1): void {
    this.#semaphore.release(count)
  }

  /** For `using`. */
  hold(options?: SemaphoreWaitOptions): Disposable {
    return this.#semaphore.hold(options)
  }

  /** For `using … await`. */
  holdAsync(options?: SemaphoreAsyncWaitOptions): Promise<Disposable> {
    return this.#semaphore.holdAsync(options)
  }

  /** As of `Semaphore`. */
  close(): void {
    this.#semaphore.close()
  }

  [pack](): Packed {
    return this.#semaphore[pack]()
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    return this.#semaphore[serve](party, operation, argument, options)
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackBoundedSemaphore: Unpack = (source: SemaphoreState | Remote) => new BoundedSemaphore(1, {}, source)

function newBounded(bound: number, options: SemaphoreOptions): SemaphoreState {
  assertCount('The bound', bound, 1, unitsMax)
  return newSemaphore(bound, options, { bound, kind: 'boundedSemaphore' })
}

/**
 * Primitives that live in another process: how they are reached, and how their home serves them.
 *
 * Node's processes share no memory, so a lock that is handed to another process stays where it was made, its *home*. There it
 * has the same class, whose methods ask the home; the home's service thread carries the operation out on behalf of the
 * asking thread, which has a party there. So each primitive exists once, and who dies is recovered in one way.
 * Types only; `processes/` has the way there.
 */
import type { Packed } from './shareable.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'

/** One primitive of another process. All of these throw what the operation throws there, and `home-lost`. */
export interface Remote {
  /** The primitive's name, as at home. */
  readonly name: string
  /** What the primitive travels as, to a thread of this process or to another one; its `pack` gives this. */
  readonly packed: Packed
  ask(operation: string, argument?: unknown, options?: AsyncWaitOptions): Promise<unknown>
  /** The same, and blocks; in workers only, which the caller has made sure of. `interrupt()` ends it. */
  askBlocking(operation: string, argument?: unknown, options?: WaitOptions): unknown
  /** For operations that do not wait at home: blocks, also a main thread, for the way there and back. */
  askNow(operation: string, argument?: unknown): unknown
}

/** The method by which a home has a primitive act for a party of another process. */
export const serve: unique symbol = Symbol('cardumen.threads.serve')

export interface Served {
  /** Never blocks. `options` are those of the awaitable form. @throws CardumenError `operation-unknown`, and the operation's own */
  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown
}

export function isServed(value: unknown): value is Served {
  return typeof value === 'object' && value !== null && serve in value
}

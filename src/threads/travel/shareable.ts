/**
 * What can be handed to another thread and still be the same thing there: locks, queues, shared arrays.
 *
 * Structured clone carries SharedArrayBuffers but no classes. So whatever is shared says what it is made of (`pack`), and
 * its kind's unpacker (`kinds.ts`) makes the same thing of that in the other thread: two objects, one memory.
 */

/** What a shared thing travels as. `state` is plain data that structured clone carries between threads. */
export interface Packed {
  /** A key of the table in `kinds.ts`. */
  readonly kind: string
  readonly state: unknown
}

/** The method by which a thing says what it travels as. */
export const pack: unique symbol = Symbol('cardumen.threads.pack')

export interface Shareable {
  [pack](): Packed
}

export function isShareable(value: unknown): value is Shareable {
  return typeof value === 'object' && value !== null && pack in value
}

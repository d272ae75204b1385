/**
 * What competes with a large argument: a pool of two whose tasks are given a buffer of 1 MiB in one of three ways.
 *
 * A buffer that is moved comes back the same way as the result, so that no contender pays for a new one each time.
 */
export interface BufferPool {
  /** The length, of memory that both sides see. */
  shared(buffer: SharedArrayBuffer): Promise<number>
  /** The buffer itself, there and back. */
  moved(buffer: ArrayBuffer): Promise<ArrayBuffer>
  /** The length, of a copy. */
  copied(buffer: ArrayBuffer): Promise<number>
  close(): Promise<void>
}

export interface BufferPoolAdapter {
  start(): Promise<BufferPool>
}

export type Way = 'shared' | 'moved' | 'copied'

export const BUFFER_BYTES = 1_048_576

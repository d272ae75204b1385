/** Producers and consumers, over a queue and over a buffer made by hand. */
import { type BoundedQueue, isCardumenError, type Lock, type Semaphore, type SharedArray } from 'cardumen/threads'

/** No item: whoever takes it goes home. */
export const endMark = -1

export function produceToQueue(queue: BoundedQueue<number>, first: number, count: number): void {
  for (let item = first; item < first + count; item++) queue.put(item)
}

/** Takes until the queue is closed and empty. */
export function consumeFromQueue(queue: BoundedQueue<number>, strokes: SharedArray<'int32'>): number {
  for (let taken = 0; ; taken++)
    try {
      strokes.add(queue.take(), 1)
    } catch (error) {
      if (isCardumenError(error, 'closed')) return taken
      throw error
    }
}

export interface Buffer {
  readonly slots: SharedArray<'int32'>
  /** Where the next item is put, where the next is taken, and the most that there ever were. Guarded by the lock. */
  readonly positions: SharedArray<'int32'>
  /** Counts the free places: a producer waits here while there is none. */
  readonly free: Semaphore
  /** Counts the full places: a consumer waits here while there is none. */
  readonly full: Semaphore
  readonly lock: Lock
}

function put({ slots, positions, free, full, lock }: Buffer, item: number): void {
  free.acquire()
  {
    using _held = lock.hold()
    const at = positions.get(0)
    slots.set(at % slots.length, item)
    positions.set(0, at + 1)
    positions.set(2, Math.max(positions.get(2), at + 1 - positions.get(1)))
  }
  full.release()
}

function take({ slots, positions, free, full, lock }: Buffer): number {
  full.acquire()
  let item: number
  {
    using _held = lock.hold()
    const at = positions.get(1)
    item = slots.get(at % slots.length)
    positions.set(1, at + 1)
  }
  free.release()
  return item
}

export function produceToBuffer(buffer: Buffer, first: number, count: number): void {
  for (let item = first; item < first + count; item++) put(buffer, item)
}

export function consumeFromBuffer(buffer: Buffer, strokes: SharedArray<'int32'>): number {
  for (let taken = 0; ; taken++) {
    const item = take(buffer)
    if (item === endMark) return taken
    strokes.add(item, 1)
  }
}

/** One mark for each consumer, since each takes one. */
export function produceMarks(buffer: Buffer, count: number, mark: number): void {
  for (let left = count; left > 0; left--) put(buffer, mark)
}

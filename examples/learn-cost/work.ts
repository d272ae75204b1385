/** What is measured: nothing at all, a token that goes back and forth, and a call that blocks. */
import type { Event, Semaphore, SharedArray } from 'cardumen/threads'

export function nothing(): void {
  // To be made and to end is all.
}

/** Waits for the token and hands it on. @returns the milliseconds from the first time it came to the end. */
export function passOn(from: Semaphore, to: Semaphore, rounds: number): number {
  from.acquire()
  const startedMs = performance.now()
  for (let round = 1; round < rounds; round++) {
    to.release()
    from.acquire()
  }
  to.release()
  return performance.now() - startedMs
}

/** The same for the main thread of a process, which may not block. */
export async function passOnAsync(from: Semaphore, to: Semaphore, rounds: number): Promise<number> {
  await from.acquireAsync()
  const startedMs = performance.now()
  for (let round = 1; round < rounds; round++) {
    to.release()
    await from.acquireAsync()
  }
  to.release()
  return performance.now() - startedMs
}

/** Goes on in small steps, a millisecond of rest after each. @returns the longest time in milliseconds between two of them. */
export function goOn(isOver: Event, going: SharedArray<'int32'>): number {
  going.add(0, 1)
  let longestMs = 0
  let lastMs = performance.now()
  while (!isOver.isSet) {
    blockFor(1)
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
  }
  return longestMs
}

/** Once the others go, one call that blocks, of which they should notice nothing. */
export function blockWhenAllGo(isOver: Event, going: SharedArray<'int32'>, siblings: number, blockMs: number): void {
  while (going.load(0) < siblings) Atomics.pause()
  blockFor(blockMs)
  isOver.set()
}

/** Nobody ever wakes who waits here, so it lasts as long as it may. */
export function blockFor(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}

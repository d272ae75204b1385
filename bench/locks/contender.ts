/**
 * What the threads of the suite `locks` do. Each is a loop over one way to exclude or to hand over, bare or ours.
 *
 * The bare ones are as good as we can write them; none of them survives the death of a holder, or can say who waits.
 */
import type { Event, Lock, Semaphore } from '../../src/threads.ts'

/** Words that the threads of one measurement share. A cache line lies between those that different threads write. */
export const word = { turns: 0, plain: 16, lock: 32, next: 48, serving: 64, turn: 80, ready: 96 } as const
export const wordsCount = 128

export interface Shared {
  readonly words: Int32Array<SharedArrayBuffer>
  readonly lock: Lock
  readonly fairLock: Lock
  readonly events: readonly [Event, Event]
  readonly semaphores: readonly [Semaphore, Semaphore]
}

/** Looks before a bare lock sleeps: as many as ours takes. */
const looksMax = 60

/** Rounds within one thread, without anybody else. */
export const alone: Readonly<Record<string, (shared: Shared, rounds: number) => void>> = {
  bare({ words }, rounds) {
    for (let round = 0; round < rounds; round++) {
      Atomics.compareExchange(words, word.lock, 0, 1)
      Atomics.compareExchange(words, word.lock, 1, 0)
    }
  },
  lock({ lock }, rounds) {
    for (let round = 0; round < rounds; round++) {
      lock.acquire()
      lock.release()
    }
  },
  using({ lock }, rounds) {
    for (let round = 0; round < rounds; round++) {
      using _held = lock.hold()
    }
  },
  semaphore({ semaphores }, rounds) {
    const [semaphore] = semaphores
    semaphore.release()
    for (let round = 0; round < rounds; round++) {
      semaphore.acquire()
      semaphore.release()
    }
    semaphore.acquire()
  },
}

/** One round of handing a token to the other of two threads and waiting for it to come back. */
export const turns: Readonly<Record<string, (shared: Shared, own: number) => void>> = {
  bare({ words }, own) {
    while (Atomics.load(words, word.turn) !== own) Atomics.wait(words, word.turn, 1 - own)
    Atomics.store(words, word.turn, 1 - own)
    Atomics.notify(words, word.turn)
  },
  event({ events }, own) {
    const mine = events[own as 0 | 1]
    mine.wait()
    mine.clear()
    events[(1 - own) as 0 | 1].set()
  },
  semaphore({ semaphores }, own) {
    semaphores[own as 0 | 1].acquire()
    semaphores[(1 - own) as 0 | 1].release()
  },
}

/** Runs the section under exclusion. */
export const exclusions: Readonly<Record<string, (shared: Shared, section: () => void) => void>> = {
  /** The fairest: first come, first served (a ticket lock that spins, then sleeps on the number that is served). */
  ticket({ words }, section) {
    const mine = Atomics.add(words, word.next, 1)
    for (let look = 0; ; look++) {
      const serving = Atomics.load(words, word.serving)
      if (serving === mine) break
      if (look < looksMax) Atomics.pause()
      else Atomics.wait(words, word.serving, serving)
    }
    section()
    Atomics.store(words, word.serving, mine + 1)
    Atomics.notify(words, word.serving)
  },
  /** Of the same shape as ours, without owner, recovery and records (Drepper, 2005). */
  futex({ words }, section) {
    if (Atomics.compareExchange(words, word.lock, 0, 1) !== 0) acquireSlowly(words)
    section()
    if (Atomics.sub(words, word.lock, 1) === 1) return
    Atomics.store(words, word.lock, 0)
    Atomics.notify(words, word.lock, 1)
  },
  lock({ lock }, section) {
    lock.acquire()
    section()
    lock.release()
  },
  fairLock({ fairLock }, section) {
    fairLock.acquire()
    section()
    fairLock.release()
  },
}

function acquireSlowly(words: Int32Array<SharedArrayBuffer>): void {
  for (let look = 0; look < looksMax; look++) {
    if (Atomics.load(words, word.lock) === 0 && Atomics.compareExchange(words, word.lock, 0, 1) === 0) return
    Atomics.pause()
  }
  while (Atomics.exchange(words, word.lock, 2) !== 0) Atomics.wait(words, word.lock, 2)
}

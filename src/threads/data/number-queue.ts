/**
 * A queue of numbers for any number of threads, which no terminated thread can stop (Vyukov, 2010).
 *
 * Each slot has a turn: a producer whose position equals it claims the position, stores the number and adds one to the
 * turn; a consumer whose position is one below reads the number, claims the position and hands the slot to the next
 * round. Turns are stored relative to the slot's place, so that zeros are an empty queue. Producers and consumers each
 * compete for one word only.
 *
 * A thread that is terminated between claiming and publishing would stop the queue for ever. V8 ends a thread where a
 * loop goes round and at every call, and each operation of Atomics is a call: measured, more than half of the threads
 * terminated in a loop of a claim and an `Atomics.store` had claimed and not stored. So the claim is the last call, and
 * what follows it are bare stores into typed arrays. Processors of the x64 family show stores in the order in which
 * they were made. Others do not, so there the last store is one of Atomics: right, but a thread that is terminated just
 * before it stops the queue.
 */
import { LINE_BYTES } from './claimed-memory.ts'

/** Whether bare stores are seen in their order by other threads. */
export const storesAreOrdered: boolean = process.arch === 'x64' || process.arch === 'ia32'

const line = LINE_BYTES / 4
const PUTS = 0
const TAKES = line
const PREFIX_BYTES = 2 * LINE_BYTES
/** A word for the turn, one for nothing, and the number. */
const SLOT_BYTES = 16

export class NumberQueue {
  /** A power of two, at least 2. */
  readonly capacity: number
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #numbers: Float64Array<SharedArrayBuffer>

  constructor(memory: SharedArrayBuffer, offsetBytes: number, capacity: number) {
    this.capacity = capacity
    const sizeBytes = NumberQueue.bytesNeeded(capacity)
    this.#words = new Int32Array(memory, offsetBytes, sizeBytes / 4)
    this.#numbers = new Float64Array(memory, offsetBytes, sizeBytes / 8)
  }

  static bytesNeeded(capacity: number): number {
    return PREFIX_BYTES + capacity * SLOT_BYTES
  }

  /** By the time it is read another thread may have changed it. */
  get size(): number {
    const takes = Atomics.load(this.#words, TAKES)
    return Math.max(0, Math.min(this.capacity, (Atomics.load(this.#words, PUTS) - takes) | 0))
  }

  /** Whether nothing is in it, and nobody is about to put something. */
  get isEmpty(): boolean {
    const takes = Atomics.load(this.#words, TAKES)
    return Atomics.load(this.#words, PUTS) === takes
  }

  tryPut(value: number): boolean {
    const words = this.#words
    const numbers = this.#numbers
    for (;;) {
      const position = Atomics.load(words, PUTS)
      const place = position & (this.capacity - 1)
      const turn = (PREFIX_BYTES + place * SLOT_BYTES) >> 2
      const ahead = (Atomics.load(words, turn) + place - position) | 0
      if (ahead < 0) return false
      if (ahead > 0) {
        // Whoever took this turn has moved the position on before. Where it has not moved, a foreign write was here.
        if (Atomics.load(words, PUTS) === position) return false
        continue
      }
      const next = (position + 1 - place) | 0
      const at = (turn >> 1) + 1
      // From the claim on no call and no loop. See the head of this file.
      if (Atomics.compareExchange(words, PUTS, position, (position + 1) | 0) === position) {
        numbers[at] = value
        if (storesAreOrdered) words[turn] = next
        else Atomics.store(words, turn, next)
        return true
      }
    }
  }

  tryTake(): number | undefined {
    const words = this.#words
    for (;;) {
      const position = Atomics.load(words, TAKES)
      const place = position & (this.capacity - 1)
      const turn = (PREFIX_BYTES + place * SLOT_BYTES) >> 2
      const ahead = (Atomics.load(words, turn) + place - position - 1) | 0
      if (ahead < 0) return undefined
      if (ahead > 0) {
        if (Atomics.load(words, TAKES) === position) return undefined
        continue
      }
      const next = (position + this.capacity - place) | 0
      // Nobody changes the slot while its turn stands; if another was quicker, the claim fails and this is thrown away.
      const value = this.#numbers[(turn >> 1) + 1] as number
      if (Atomics.compareExchange(words, TAKES, position, (position + 1) | 0) === position) {
        if (storesAreOrdered) words[turn] = next
        else Atomics.store(words, turn, next)
        return value
      }
    }
  }
}

/** The next power of two, at least 2. */
export function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, capacity)))
}

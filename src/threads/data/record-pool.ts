/**
 * Records of one size in shared memory that a thread can have to itself: it takes one, fills it, and hands it on by its
 * number.
 *
 * Filling takes calls and loops, in any of which a thread may be terminated. Done in a record that nobody else knows
 * yet, that harms nobody: one record is lost with the thread. Spare ones are there for those that are being filled and
 * those that are lost. One bit for each record says whether it is taken, and taking and giving back are one atomic
 * operation each. A queue of the free ones would do worse: a thread that the system stops for a while in the middle of
 * a take makes the queue refuse what others give back.
 */
import { LINE_BYTES } from './claimed-memory.ts'

/** Threads that may fill a record at one time and threads that may have died doing so, together. */
export const spareRecordsMax = 64

const bitsPerWord = 32
const allTaken = -1
/** Searches through all words: others may give back behind one search. */
const searches = 2

export class RecordPool {
  readonly words: Int32Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly #recordBytes: number
  readonly #taken: Int32Array<SharedArrayBuffer>
  /** Bits of the last word that no record has. */
  readonly #beyond: number
  /** Where a free record is likely. */
  #hint = 0

  constructor(memory: SharedArrayBuffer, offsetBytes: number, capacity: number, recordBytes: number) {
    const count = capacity + spareRecordsMax
    this.#recordBytes = recordBytes
    this.#taken = new Int32Array(memory, offsetBytes, Math.ceil(count / bitsPerWord))
    this.#beyond = count % bitsPerWord === 0 ? 0 : allTaken << (count % bitsPerWord)
    const start = offsetBytes + takenBytes(count)
    this.words = new Int32Array(memory, start, (count * recordBytes) / 4)
    this.bytes = new Uint8Array(memory, start, count * recordBytes)
  }

  /** `recordBytes` is a multiple of 8. */
  static bytesNeeded(capacity: number, recordBytes: number): number {
    const count = capacity + spareRecordsMax
    return takenBytes(count) + count * recordBytes
  }

  /** Where a record begins, in bytes; undefined where none is free. */
  take(): number | undefined {
    const { length } = this.#taken
    for (let step = 0; step < searches * length; step++) {
      const at = (this.#hint + step) % length
      const bit = this.#takeIn(at)
      if (bit === -1) continue
      this.#hint = at
      return (at * bitsPerWord + bit) * this.#recordBytes
    }
    return undefined
  }

  /** Gives back what nobody refers to any more. */
  giveBack(record: number): void {
    const number = record / this.#recordBytes
    const at = Math.floor(number / bitsPerWord)
    // What a foreign write made of a record's number may be anything.
    if (!(at >= 0 && at < this.#taken.length)) return
    Atomics.and(this.#taken, at, ~(1 << (number % bitsPerWord)))
    this.#hint = at
  }

  /** The bit that was free and is taken now; -1: all are taken. */
  #takeIn(at: number): number {
    const taken = this.#taken
    const beyond = at === taken.length - 1 ? this.#beyond : 0
    for (;;) {
      const seen = Atomics.load(taken, at)
      const free = ~(seen | beyond)
      if (free === 0) return -1
      const lowest = free & -free
      if (Atomics.compareExchange(taken, at, seen, seen | lowest) === seen) return 31 - Math.clz32(lowest)
    }
  }
}

function takenBytes(count: number): number {
  return Math.ceil(count / bitsPerWord / (LINE_BYTES / 4)) * LINE_BYTES
}

/**
 * The buckets of a shared map: segments of 128, each with open addressing and a sequence lock of its own.
 *
 * A key's hash picks the segment and where in it the search begins. A bucket has the hash and the place of a record
 * with key and value. The segment's first word is its sequence: even when it is at rest, odd while somebody writes
 * (Lameter, 2005). Readers read what they want and look whether the sequence is still what it was. Writers do the same:
 * they fill a record, search without any lock, and then move the sequence from what it was to odd in one
 * compare-and-set, which fails if anything has changed since the search. All that is left to do then are four bare
 * stores, and V8 terminates no thread between them (`number-queue.ts` says why): no dead thread leaves a segment locked
 * or half written.
 *
 * One sequence for the whole table would make all writers collide; one for each bucket could not keep two threads from
 * inserting the same key twice. Buckets are twice the capacity, so a segment is full before the map only if someone
 * chooses keys for that.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { LINE_BYTES } from './claimed-memory.ts'
import { storesAreOrdered } from './number-queue.ts'
import type { RecordPool } from './record-pool.ts'

/** Before the key in a record: the lengths of key and value. */
export const RECORD_PREFIX_BYTES = 8
/** Mark, and place of the record. */
const BUCKET_BYTES = 8
const BUCKET_WORDS = BUCKET_BYTES / 4
const BUCKETS = 128
const SEGMENT_BYTES = LINE_BYTES + BUCKETS * BUCKET_BYTES
const SEGMENT_WORDS = SEGMENT_BYTES / 4
/** A word of a segment: how many keys are in it. */
const KEYS = 1
/** How full a segment is on average when the map is full. */
const KEYS_PER_SEGMENT = BUCKETS / 2

/** Looks at a segment that is being written in, before the clock is read for each. */
const looksBeforeClock = 10_000
/** A segment that is written in for longer than this was left so. */
const writingMsMax = 5_000

/** What a bucket's mark says; any other is the hash of the key in it. */
const EMPTY = 0
const REMOVED = 1

/** The two lowest bits of a mark are set apart, so that no hash looks like one of the above. */
function markOf(hash: number): number {
  return hash | 2
}

/** What a search has found, all of it as of one sequence number. */
export interface Found {
  /** First word of the segment. */
  segment: number
  sequence: number
  /** First word of the bucket with the key, or -1. */
  bucket: number
  /** First word of a bucket where the key can go, or -1 when the segment is full. */
  free: number
  /** What a removal leaves: empty if the search for no other key goes on past the bucket. */
  markAfterRemoval: number
  mark: number
}

export class MapSegments {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #records: RecordPool
  readonly #segments: number
  /** An atomic store before the second look keeps the reads before it before it, on processors that reorder reads. */
  readonly #fence = new Int32Array(1)
  readonly #found: Found = { segment: 0, sequence: 0, bucket: -1, free: -1, markAfterRemoval: EMPTY, mark: 0 }

  constructor(memory: SharedArrayBuffer, offsetBytes: number, capacity: number, records: RecordPool) {
    this.#segments = segmentsFor(capacity)
    this.#records = records
    this.#words = new Int32Array(memory, offsetBytes, this.#segments * SEGMENT_WORDS)
  }

  static bytesNeeded(capacity: number): number {
    return segmentsFor(capacity) * SEGMENT_BYTES
  }

  get keys(): number {
    let keys = 0
    for (let at = 0; at < this.#segments; at++) keys += Atomics.load(this.#words, this.segment(at) + KEYS)
    return keys
  }

  get count(): number {
    return this.#segments
  }

  /** First word of a segment, by its number. */
  segment(at: number): number {
    return at * SEGMENT_WORDS
  }

  /** Looks for the key. What it gives holds only if `isUnchanged`, and is this object's until the next search. */
  search(hash: number, key: Int32Array, lengthBytes: number): Found {
    const words = this.#words
    const found = this.#found
    const mark = markOf(hash)
    const segment = this.segment((hash >>> 9) % this.#segments)
    found.segment = segment
    found.sequence = this.restingSequence(segment)
    found.bucket = -1
    found.free = -1
    found.mark = mark
    for (let step = 0, at = (hash >>> 2) % BUCKETS; step < BUCKETS; step++, at = (at + 1) % BUCKETS) {
      const bucket = segment + LINE_BYTES / 4 + at * BUCKET_WORDS
      const there = words[bucket]
      if (there === mark && this.#hasKey(words[bucket + 1] as number, key, lengthBytes)) {
        const next = segment + LINE_BYTES / 4 + ((at + 1) % BUCKETS) * BUCKET_WORDS
        found.markAfterRemoval = words[next] === EMPTY ? EMPTY : REMOVED
        found.bucket = bucket
        return found
      }
      if (there === EMPTY || there === REMOVED) {
        if (found.free === -1) found.free = bucket
        if (there === EMPTY) return found
      }
    }
    return found
  }

  /** The sequence of a segment in which nobody is writing. A writer is in there for some tens of nanoseconds. */
  restingSequence(segment: number): number {
    for (let looks = 0; looks < looksBeforeClock; looks++) {
      const sequence = Atomics.load(this.#words, segment)
      if ((sequence & 1) === 0) return sequence
    }
    return this.#restingSequenceSoon(segment)
  }

  /** The same where the system has stopped the writer, or where there is none any more. */
  #restingSequenceSoon(segment: number): number {
    const deadline = performance.now() + writingMsMax
    while (performance.now() < deadline) {
      const sequence = Atomics.load(this.#words, segment)
      if ((sequence & 1) === 0) return sequence
    }
    throw new CardumenError('holder-died', 'a part of the map was left half written, or written over from elsewhere')
  }

  /** Whether all that was read since `sequence` was read belongs together. */
  isUnchanged(segment: number, sequence: number): boolean {
    Atomics.store(this.#fence, 0, 0)
    return Atomics.load(this.#words, segment) === sequence
  }

  /** First words of all buckets of a segment. */
  *buckets(segment: number): Iterable<number> {
    for (let at = 0; at < BUCKETS; at++) yield segment + LINE_BYTES / 4 + at * BUCKET_WORDS
  }

  isOccupied(bucket: number): boolean {
    const mark = this.#words[bucket]
    return mark !== EMPTY && mark !== REMOVED
  }

  recordIn(bucket: number): number {
    return this.#words[bucket + 1] as number
  }

  /** Puts a record into the bucket that was found, and gives whether nothing had changed since the search. */
  put(found: Found, record: number): boolean {
    const words = this.#words
    const { segment, sequence, mark } = found
    const isNew = found.bucket === -1
    const bucket = isNew ? found.free : found.bucket
    const keys = (words[segment + KEYS] as number) + (isNew ? 1 : 0)
    return exchange(words, segment, sequence, bucket, mark, record, keys)
  }

  /** Empties the bucket that was found, and gives whether nothing had changed since the search. */
  remove({ segment, sequence, bucket, markAfterRemoval }: Found): boolean {
    const keys = (this.#words[segment + KEYS] as number) - 1
    return exchange(this.#words, segment, sequence, bucket, markAfterRemoval, 0, keys)
  }

  #hasKey(record: number, key: Int32Array, lengthBytes: number): boolean {
    const { words } = this.#records
    if (words[record >> 2] !== lengthBytes) return false
    const start = (record + RECORD_PREFIX_BYTES) >> 2
    const whole = lengthBytes >> 2
    for (let word = 0; word < whole; word++) if (words[start + word] !== key[word]) return false
    const rest = lengthBytes & 3
    if (rest === 0) return true
    const bits = 0xffffffff >>> (8 * (4 - rest))
    return (((words[start + whole] as number) ^ (key[whole] as number)) & bits) === 0
  }
}

/** All that is written under the sequence. Nothing in between is a call, unless the processor needs it. */
function exchange(
  words: Int32Array<SharedArrayBuffer>,
  segment: number,
  sequence: number,
  bucket: number,
  mark: number,
  record: number,
  keys: number,
): boolean {
  const writing = (sequence + 1) | 0
  const resting = (sequence + 2) | 0
  if (Atomics.compareExchange(words, segment, sequence, writing) !== sequence) return false
  // Where stores are not seen in their order, a load of Atomics holds back those below, and a store of Atomics follows them.
  if (!storesAreOrdered) Atomics.load(words, segment)
  words[bucket] = mark
  words[bucket + 1] = record
  words[segment + KEYS] = keys
  if (storesAreOrdered) words[segment] = resting
  else Atomics.store(words, segment, resting)
  return true
}

/** FNV-1a over words (Fowler, Noll, Vo, 1991), mixed as MurmurHash3 does at its end (Appleby, 2011). */
export function hashOf(words: Int32Array, lengthBytes: number): number {
  let hash = 0x811c9dc5 ^ lengthBytes
  const whole = lengthBytes >> 2
  for (let word = 0; word < whole; word++) hash = mixed(Math.imul(hash ^ (words[word] as number), 0x01000193))
  const rest = lengthBytes & 3
  if (rest !== 0)
    hash = mixed(Math.imul(hash ^ ((words[whole] as number) & (0xffffffff >>> (8 * (4 - rest)))), 0x01000193))
  return hash
}

function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function segmentsFor(capacity: number): number {
  return Math.ceil(capacity / KEYS_PER_SEGMENT)
}

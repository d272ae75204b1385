/**
 * A hash map of fixed capacity in shared memory: numbers or short texts to numbers or bytes of bounded length.
 *
 * Any number of threads read and write at once, none ever blocks, and nobody sees half a key or half a value. How is
 * told in `map-segments.ts`; a thread that dies in the middle of a `set` costs the map at most one record and one key
 * of its capacity. Each method is one step for all threads; `update` computes from what is there and tries again if
 * that has changed meanwhile. It does not grow: a new key in a full map is refused with `capacity-reached`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { claimMemory, HEADER_BYTES, type Placement, requireCount } from './claimed-memory.ts'
import { type Cell, type KeysOf, keyCell, type ValuesOf, valueCell } from './map-cells.ts'
import { type Found, hashOf, MapSegments, RECORD_PREFIX_BYTES } from './map-segments.ts'
import { RecordPool } from './record-pool.ts'

export interface MapOptions<K extends KeysOf, V extends ValuesOf> extends Placement {
  /** Keys, from 1 on. */
  readonly capacity: number
  /** Numbers, or texts of at most so many bytes of UTF-8. */
  readonly keys: K
  /** Numbers, or `Uint8Array`s of at most so many bytes. */
  readonly values: V
}

/** What the options mean in TypeScript. */
export type KeyOf<K extends KeysOf> = K extends 'numbers' ? number : string
export type MapValueOf<V extends ValuesOf> = V extends 'numbers' ? number : Uint8Array

interface SharedMapState {
  readonly capacity: number
  readonly keys: KeysOf
  readonly values: ValuesOf
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

const capacityMax = 4_194_304

/** A word of the header: keys that are in it or about to be. */
const RESERVED = 2

export class SharedMap<K extends KeysOf = KeysOf, V extends ValuesOf = ValuesOf> implements Shareable {
  readonly capacity: number
  readonly #state: SharedMapState
  readonly #keyCell: Cell<number | string>
  readonly #valueCell: Cell<number | Uint8Array>
  readonly #header: Int32Array<SharedArrayBuffer>
  readonly #segments: MapSegments
  readonly #records: RecordPool
  /** Where a value begins in its record, in bytes. */
  readonly #valueAt: number
  /** While `change` of an update runs. */
  #isUpdating = false

  /** @throws CardumenError `option-invalid`, `memory-too-small` */
  constructor(options: MapOptions<K, V>) {
    const { capacity, keys, values } = options
    const sizeBytes = SharedMap.bytesNeeded(options)
    this.capacity = capacity
    this.#keyCell = keyCell(keys)
    this.#valueCell = valueCell(values)
    this.#valueAt = RECORD_PREFIX_BYTES + this.#keyCell.cellBytes
    const layout = `map of ${JSON.stringify([capacity, keys, values])}`
    const { memory, offsetBytes } = claimMemory(options, layout, sizeBytes)
    this.#state = { capacity, keys, values, memory, offsetBytes }
    this.#header = new Int32Array(memory, offsetBytes, HEADER_BYTES / 4)
    const segmentsAt = offsetBytes + HEADER_BYTES
    const recordsAt = segmentsAt + MapSegments.bytesNeeded(capacity)
    this.#records = new RecordPool(memory, recordsAt, capacity, this.#valueAt + this.#valueCell.cellBytes)
    this.#segments = new MapSegments(memory, segmentsAt, capacity, this.#records)
  }

  /** What a map takes of memory that is given to it. */
  static bytesNeeded({ capacity, keys, values }: Omit<MapOptions<KeysOf, ValuesOf>, keyof Placement>): number {
    requireCount('capacity', capacity, 1, capacityMax)
    const recordBytes = RECORD_PREFIX_BYTES + keyCell(keys).cellBytes + valueCell(values).cellBytes
    return HEADER_BYTES + MapSegments.bytesNeeded(capacity) + RecordPool.bytesNeeded(capacity, recordBytes)
  }

  /** Keys in it; by the time it is read another thread may have changed it. Takes longer the larger the capacity is. */
  get size(): number {
    return this.#segments.keys
  }

  /** A copy of the value. @throws CardumenError `too-large`, `option-invalid`, for what cannot be a key */
  get(key: KeyOf<K>): MapValueOf<V> | undefined {
    const keyBytes = this.#keyCell.encode(key)
    const hash = hashOf(this.#keyCell.words, keyBytes)
    for (;;) {
      const found = this.#segments.search(hash, this.#keyCell.words, keyBytes)
      const valueBytes = found.bucket === -1 ? -1 : this.#copyValue(this.#segments.recordIn(found.bucket))
      if (!this.#segments.isUnchanged(found.segment, found.sequence)) continue
      return valueBytes === -1 ? undefined : (this.#valueCell.decode(valueBytes) as MapValueOf<V>)
    }
  }

  has(key: KeyOf<K>): boolean {
    const keyBytes = this.#keyCell.encode(key)
    const hash = hashOf(this.#keyCell.words, keyBytes)
    for (;;) {
      const found = this.#segments.search(hash, this.#keyCell.words, keyBytes)
      if (this.#segments.isUnchanged(found.segment, found.sequence)) return found.bucket !== -1
    }
  }

  /** @throws CardumenError `capacity-reached`, `too-large`, `option-invalid` */
  set(key: KeyOf<K>, value: MapValueOf<V>): this {
    this.#requireNoUpdate()
    const keyBytes = this.#keyCell.encode(key)
    const valueBytes = this.#valueCell.encode(value)
    const hash = hashOf(this.#keyCell.words, keyBytes)
    for (;;) {
      const found = this.#segments.search(hash, this.#keyCell.words, keyBytes)
      if (this.#commit(found, keyBytes, valueBytes)) return this
    }
  }

  /**
   * Sets what `change` makes of the value that is there, as one step, and gives it; nothing is set where `change` gives
   * undefined. `change` is called again if another thread was quicker, so it should do nothing but
   * compute. It may read this map, but not change it: that would always be quicker.
   * @throws CardumenError `capacity-reached`, `too-large`, `option-invalid`: `change` changes the map
   */
  update(
    key: KeyOf<K>,
    change: (value: MapValueOf<V> | undefined) => MapValueOf<V> | undefined,
  ): MapValueOf<V> | undefined {
    this.#requireNoUpdate()
    for (;;) {
      const keyBytes = this.#keyCell.encode(key)
      const hash = hashOf(this.#keyCell.words, keyBytes)
      const found = { ...this.#segments.search(hash, this.#keyCell.words, keyBytes) }
      const oldBytes = found.bucket === -1 ? -1 : this.#copyValue(this.#segments.recordIn(found.bucket))
      if (!this.#segments.isUnchanged(found.segment, found.sequence)) continue
      const next = this.#compute(
        change,
        oldBytes === -1 ? undefined : (this.#valueCell.decode(oldBytes) as MapValueOf<V>),
      )
      if (next === undefined) return undefined
      // `change` may have read this very map, and its cells with it.
      this.#keyCell.encode(key)
      if (this.#commit(found, keyBytes, this.#valueCell.encode(next))) return next
    }
  }

  /** Whether the key was there. */
  delete(key: KeyOf<K>): boolean {
    this.#requireNoUpdate()
    const keyBytes = this.#keyCell.encode(key)
    const hash = hashOf(this.#keyCell.words, keyBytes)
    for (;;) {
      const found = this.#segments.search(hash, this.#keyCell.words, keyBytes)
      if (found.bucket === -1) {
        if (this.#segments.isUnchanged(found.segment, found.sequence)) return false
        continue
      }
      const record = this.#segments.recordIn(found.bucket)
      if (!this.#segments.remove(found)) continue
      Atomics.sub(this.#header, RESERVED, 1)
      this.#records.giveBack(record)
      return true
    }
  }

  /**
   * Each entry as it was at one moment, but not all of them at the same: one that is put or removed meanwhile may be
   * there or not, and one that is removed and put again may come twice.
   */
  *entries(): IterableIterator<[KeyOf<K>, MapValueOf<V>]> {
    for (let at = 0; at < this.#segments.count; at++) {
      const segment = this.#segments.segment(at)
      for (const bucket of this.#segments.buckets(segment)) {
        const entry = this.#entry(segment, bucket)
        if (entry !== undefined) yield entry
      }
    }
  }

  [Symbol.iterator](): IterableIterator<[KeyOf<K>, MapValueOf<V>]> {
    return this.entries()
  }

  [pack](): Packed {
    return { kind: 'sharedMap', state: this.#state }
  }

  #compute<T>(change: (value: T | undefined) => T | undefined, value: T | undefined): T | undefined {
    this.#isUpdating = true
    try {
      return change(value)
    } finally {
      this.#isUpdating = false
    }
  }

  #requireNoUpdate(): void {
    if (this.#isUpdating) throw new CardumenError('option-invalid', 'the change of an update must not change the map')
  }

  /** Puts what the cells hold, and gives whether nothing in the segment had changed since the search. */
  #commit(found: Found, keyBytes: number, valueBytes: number): boolean {
    const isNew = found.bucket === -1
    if (isNew && (found.free === -1 || !this.#reserve())) {
      // Another thread may have put the very key meanwhile; then there is room.
      if (this.#segments.isUnchanged(found.segment, found.sequence)) throw this.#full()
      return false
    }
    const old = isNew ? undefined : this.#segments.recordIn(found.bucket)
    const record = this.#records.take()
    if (record !== undefined) {
      this.#fill(record, keyBytes, valueBytes)
      if (this.#segments.put(found, record)) {
        if (old !== undefined) this.#records.giveBack(old)
        return true
      }
      this.#records.giveBack(record)
    }
    if (isNew) Atomics.sub(this.#header, RESERVED, 1)
    if (record === undefined) throw this.#full()
    return false
  }

  /** Whether there is a share of the capacity for one more key. */
  #reserve(): boolean {
    if (Atomics.add(this.#header, RESERVED, 1) < this.capacity) return true
    Atomics.sub(this.#header, RESERVED, 1)
    return false
  }

  #fill(record: number, keyBytes: number, valueBytes: number): void {
    const { words } = this.#records
    const first = record >> 2
    words[first] = keyBytes
    words[first + 1] = valueBytes
    copyWords(this.#keyCell.words, 0, words, (record + RECORD_PREFIX_BYTES) >> 2, this.#keyCell.words.length)
    copyWords(this.#valueCell.words, 0, words, (record + this.#valueAt) >> 2, this.#valueCell.words.length)
  }

  /**
   * Into the value's cell; gives its length. If the record is another's by now it may be anything, so it is not
   * believed beyond the cell.
   */
  #copyValue(record: number): number {
    const { words } = this.#records
    copyWords(words, (record + this.#valueAt) >> 2, this.#valueCell.words, 0, this.#valueCell.words.length)
    return Math.min((words[(record >> 2) + 1] as number) >>> 0, this.#valueCell.cellBytes)
  }

  #entry(segment: number, bucket: number): [KeyOf<K>, MapValueOf<V>] | undefined {
    const key = this.#keyCell
    for (;;) {
      const sequence = this.#segments.restingSequence(segment)
      const isThere = this.#segments.isOccupied(bucket)
      const record = this.#segments.recordIn(bucket)
      const keyBytes = Math.min((this.#records.words[record >> 2] as number) >>> 0, key.cellBytes)
      copyWords(this.#records.words, (record + RECORD_PREFIX_BYTES) >> 2, key.words, 0, key.words.length)
      const valueBytes = this.#copyValue(record)
      if (!this.#segments.isUnchanged(segment, sequence)) continue
      if (!isThere) return undefined
      return [key.decode(keyBytes) as KeyOf<K>, this.#valueCell.decode(valueBytes) as MapValueOf<V>]
    }
  }

  #full(): CardumenError {
    return new CardumenError(
      'capacity-reached',
      `the map has ${this.size} of ${this.capacity} keys, and no room for one more`,
    )
  }
}

/** The map again, in the thread that it came to. */
export function unpackSharedMap(state: SharedMapState): SharedMap<KeysOf, ValuesOf> {
  return new SharedMap(state)
}

function copyWords(from: Int32Array, start: number, to: Int32Array, at: number, count: number): void {
  for (let word = 0; word < count; word++) to[at + word] = from[start + word] as number
}

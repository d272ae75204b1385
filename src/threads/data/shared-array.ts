/**
 * An array of numbers of one kind in shared memory, which all threads that hold it see at once.
 *
 * `get` and `set` refuse an index outside the array, where a bare typed array answers undefined or drops the write. The
 * atomic methods exist for the integer kinds only, since the language has no atomic operation on floats. Values wrap
 * and round as in the typed array of the kind. There is no header: it may be laid over memory that something else
 * describes.
 *
 * Which accesses may tear: plain `get` and `set` of kinds of up to 4 bytes, and of float64 on the machines that Node
 * runs on, come whole in practice, but the language promises it only for integer kinds up to 4 bytes. bigint64 and
 * biguint64 may tear unless read and written by the atomic methods. `fill`, `copyFrom` and `slice` are many accesses,
 * never one.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { findMemory, memoryBytesMax, type Placement, requireCount } from './claimed-memory.ts'
import { bytesOf, isInteger, type NumberKind, type ValueOf, type ViewOf, viewOf } from './number-kinds.ts'

interface SharedArrayState {
  readonly kind: NumberKind
  readonly length: number
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

/** What all kinds have in common: the compiler cannot follow which of ten typed arrays it is. */
type AnyView = Int32Array<SharedArrayBuffer>

export class SharedArray<K extends NumberKind = Exclude<NumberKind, 'bigint64' | 'biguint64'>> implements Shareable {
  readonly kind: K
  readonly length: number
  readonly #view: AnyView

  /**
   * Without `memory`, makes new memory, all zeros. Over given memory, whatever is there is its content.
   * @throws CardumenError `option-invalid`, `memory-too-small`
   */
  constructor(kind: K, length: number, placement: Placement = {}) {
    requireCount('length', length, 0, memoryBytesMax)
    const { memory, offsetBytes } = findMemory(placement, SharedArray.bytesNeeded(kind, length), bytesOf(kind))
    this.kind = kind
    this.length = length
    this.#view = viewOf(kind, memory, offsetBytes, length) as AnyView
  }

  static bytesNeeded(kind: NumberKind, length: number): number {
    return bytesOf(kind) * length
  }

  get memory(): SharedArrayBuffer {
    return this.#view.buffer
  }

  get offsetBytes(): number {
    return this.#view.byteOffset
  }

  /** The bare typed array, for loops that check their own bounds. */
  get view(): ViewOf<K> {
    return this.#view as ViewOf<NumberKind> as ViewOf<K>
  }

  /** @throws CardumenError `out-of-bounds`, as all methods that take an index or a range */
  get(index: number): ValueOf<K> {
    if (index >>> 0 !== index || index >= this.length) throw this.#outside(index)
    return this.#view[index] as ValueOf<K>
  }

  set(index: number, value: ValueOf<K>): void {
    if (index >>> 0 !== index || index >= this.length) throw this.#outside(index)
    this.#view[index] = value as number
  }

  /** Reads whole, and after all that was stored before by Atomics. Integer kinds only, as for all that follow: else `option-invalid`. */
  load(index: number): ValueOf<K> {
    return Atomics.load(this.#atomic(index), index) as ValueOf<K>
  }

  store(index: number, value: ValueOf<K>): void {
    Atomics.store(this.#atomic(index), index, value as number)
  }

  /** Adds, and gives what was there before. */
  add(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.add(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  /** Subtracts, and gives what was there before; so do the next four with what they do. */
  sub(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.sub(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  and(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.and(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  or(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.or(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  xor(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.xor(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  exchange(index: number, value: ValueOf<K>): ValueOf<K> {
    return Atomics.exchange(this.#atomic(index), index, value as number) as ValueOf<K>
  }

  /** Stores `value` if `expected` is there, and gives what was there. */
  compareExchange(index: number, expected: ValueOf<K>, value: ValueOf<K>): ValueOf<K> {
    return Atomics.compareExchange(this.#atomic(index), index, expected as number, value as number) as ValueOf<K>
  }

  fill(value: ValueOf<K>, start = 0, end: number = this.length): this {
    this.#requireRange(start, end)
    this.#view.fill(value as number, start, end)
    return this
  }

  /** Copies all of `values` to here, from index `start` on; nothing if they do not fit. */
  copyFrom(values: ArrayLike<ValueOf<K>>, start = 0): this {
    this.#requireRange(start, start + values.length)
    this.#view.set(values as ArrayLike<number>, start)
    return this
  }

  /** A copy that nobody shares. */
  slice(start = 0, end: number = this.length): ValueOf<K>[] {
    this.#requireRange(start, end)
    return Array.from(this.#view.subarray(start, end)) as ValueOf<K>[]
  }

  /** The same memory, from `start` to before `end`, as an array of its own. */
  subarray(start = 0, end: number = this.length): SharedArray<K> {
    this.#requireRange(start, end)
    const offsetBytes = this.offsetBytes + start * bytesOf(this.kind)
    return new SharedArray(this.kind, end - start, { memory: this.memory, offsetBytes })
  }

  *[Symbol.iterator](): IterableIterator<ValueOf<K>> {
    for (let index = 0; index < this.length; index++) yield this.#view[index] as ValueOf<K>
  }

  [pack](): Packed {
    const { kind, length, memory, offsetBytes } = this
    return { kind: 'sharedArray', state: { kind, length, memory, offsetBytes } satisfies SharedArrayState }
  }

  /** The view, if the index is inside and the kind has atomic operations. */
  #atomic(index: number): AnyView {
    if (index >>> 0 !== index || index >= this.length) throw this.#outside(index)
    if (!isInteger(this.kind)) {
      throw new CardumenError('option-invalid', `there are no atomic operations on ${this.kind}; use an integer kind`)
    }
    return this.#view
  }

  #requireRange(start: number, end: number): void {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > this.length) {
      throw new CardumenError('out-of-bounds', `from ${start} to ${end} is outside an array of ${this.length}`)
    }
  }

  #outside(index: number): CardumenError {
    return new CardumenError('out-of-bounds', `index ${index} is outside an array of ${this.length}`)
  }
}

/** The array again, in the thread that it came to. */
export function unpackSharedArray(state: SharedArrayState): SharedArray<NumberKind> {
  return new SharedArray(state.kind, state.length, state)
}

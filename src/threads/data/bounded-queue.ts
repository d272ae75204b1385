/**
 * A bounded queue in shared memory, for any number of threads that put and take.
 *
 * Numbers lie in a `NumberQueue`, where it is told why no terminated thread can stop it. Of bytes and values the same
 * queue has the places: a producer fills a record that only it knows, and puts the record's place. What one producer
 * puts comes out in its order. An item that a thread had taken, or was about to put, is gone with it when it dies, and
 * so is one record; there are 64 to spare.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { assertMayBlock } from '../waiting/block.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { claimMemory, HEADER_BYTES, LINE_BYTES, type Placement, requireCount } from './claimed-memory.ts'
import { Doorbell } from './doorbell.ts'
import { NumberQueue, slotsFor } from './number-queue.ts'
import { type Contents, contentsOf, type QueueOf } from './queue-contents.ts'
import { RecordPool } from './record-pool.ts'

export interface QueueOptions extends Placement {
  /** Slots, at least 2; rounded up to a power of two. */
  readonly capacity?: number
}

interface QueueState {
  readonly of: QueueOf
  readonly capacity: number
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

const defaultCapacity = 1_024
const capacityMax = 16_777_216

/** Words, each line on its own. */
const line = LINE_BYTES / 4
const ITEMS_BELL = line
const ROOM_BELL = 2 * line
const CLOSED = 3 * line
const PREFIX_BYTES = HEADER_BYTES + 3 * LINE_BYTES
/** Before the bytes of a record: their length. */
const RECORD_PREFIX_BYTES = 8

export class BoundedQueue<T = unknown> implements Shareable {
  readonly capacity: number
  readonly #of: QueueOf
  readonly #contents: Contents<T>
  readonly #memory: SharedArrayBuffer
  readonly #offsetBytes: number
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #queue: NumberQueue
  /** Of bytes and values. */
  readonly #records: RecordPool | undefined
  readonly #itemsBell: Doorbell
  readonly #roomBell: Doorbell

  private constructor(of: QueueOf, options: QueueOptions) {
    this.#of = of
    this.#contents = contentsOf(of) as Contents<T>
    this.capacity = capacityOf(options)
    const { bytesMax } = this.#contents
    const size = sizeOf(this.capacity, bytesMax)
    const { memory, offsetBytes } = claimMemory(options, `queue of ${JSON.stringify([this.capacity, of])}`, size)
    this.#memory = memory
    this.#offsetBytes = offsetBytes
    this.#words = new Int32Array(memory, offsetBytes, PREFIX_BYTES / 4)
    this.#queue = new NumberQueue(memory, offsetBytes + PREFIX_BYTES, this.capacity)
    if (bytesMax !== undefined) {
      const start = offsetBytes + PREFIX_BYTES + NumberQueue.bytesNeeded(this.capacity)
      this.#records = new RecordPool(memory, start, this.capacity, recordBytesOf(bytesMax))
    }
    this.#itemsBell = new Doorbell(this.#words, ITEMS_BELL, 'an item of a queue')
    this.#roomBell = new Doorbell(this.#words, ROOM_BELL, 'room in a queue')
  }

  static ofNumbers(options: QueueOptions = {}): BoundedQueue<number> {
    return new BoundedQueue<number>('numbers', options)
  }

  /** Messages of at most `bytesMax` bytes; a taken one is a copy. */
  static ofBytes(bytesMax: number, options: QueueOptions = {}): BoundedQueue<Uint8Array> {
    return new BoundedQueue<Uint8Array>({ bytesMax }, options)
  }

  /** Whatever structured clone takes, if it is at most `valueBytesMax` bytes when serialized. */
  static ofValues<T>(valueBytesMax: number, options: QueueOptions = {}): BoundedQueue<T> {
    return new BoundedQueue<T>({ valueBytesMax }, options)
  }

  /** What a queue takes of memory that is given to it. `bytesMax` is undefined for numbers. */
  static bytesNeeded(capacity: number, bytesMax?: number): number {
    return sizeOf(capacityOf({ capacity }), bytesMax)
  }

  /** Items in it; by the time it is read another thread may have changed it. */
  get size(): number {
    return this.#queue.size
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, CLOSED) !== 0
  }

  /**
   * Puts an item at the end, or gives false where there is no room.
   * @throws CardumenError `closed`, `too-large`, `cannot-travel`, `option-invalid`
   */
  tryPut(item: T): boolean {
    return this.#tryPutEncoded(this.#contents.encode(item))
  }

  /**
   * Takes the first item, or gives undefined where there is none (an item that is undefined looks the same); throws
   * `closed` when it is closed and empty.
   */
  tryTake(): T | undefined {
    const taken = this.#tryTakeEncoded()
    return taken === undefined ? undefined : this.#contents.decode(taken)
  }

  /** Blocks until there is room. In threads only. @throws CardumenError `would-block`, `timed-out`, `interrupted`, as `tryPut` */
  put(item: T, options: WaitOptions = {}): void {
    assertMayBlock('BoundedQueue.put', 'queue.putAsync()')
    deadlineOf(options)
    const encoded = this.#contents.encode(item)
    this.#roomBell.waitFor(() => this.#tryPutEncoded(encoded) || undefined, options)
  }

  /** Blocks until there is an item. In threads only. @throws CardumenError `would-block`, `timed-out`, `interrupted`, `closed` */
  take(options: WaitOptions = {}): T {
    assertMayBlock('BoundedQueue.take', 'queue.takeAsync()')
    deadlineOf(options)
    const taken = this.#itemsBell.waitFor(() => this.#tryTakeEncoded(), options)
    return this.#contents.decode(taken)
  }

  /** What the item is when the call is made is what is put. @throws CardumenError `timed-out`, `cancelled`, as `tryPut` */
  async putAsync(item: T, options: AsyncWaitOptions = {}): Promise<void> {
    const encoded = this.#contents.encode(item)
    const kept = typeof encoded === 'number' ? encoded : encoded.slice()
    await this.#roomBell.waitForAsync(() => this.#tryPutEncoded(kept) || undefined, options)
  }

  /** @throws CardumenError `timed-out`, `cancelled`, `closed` */
  async takeAsync(options: AsyncWaitOptions = {}): Promise<T> {
    const taken = await this.#itemsBell.waitForAsync(() => this.#tryTakeEncoded(), options)
    return this.#contents.decode(taken)
  }

  /**
   * Anybody may close. Putting fails from then on; what is in it can still be taken, and then taking fails, with
   * `closed`. A put that is in the middle then may still succeed, and not be taken.
   */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1)
    this.#itemsBell.ring()
    this.#roomBell.ring()
  }

  [pack](): Packed {
    const state: QueueState = {
      of: this.#of,
      capacity: this.capacity,
      memory: this.#memory,
      offsetBytes: this.#offsetBytes,
    }
    return { kind: 'boundedQueue', state }
  }

  /** @internal The queue again, in the thread that it came to. */
  static unpack(state: QueueState): BoundedQueue<unknown> {
    return new BoundedQueue<unknown>(state.of, state)
  }

  #tryPutEncoded(encoded: number | Uint8Array): boolean {
    if (this.isClosed) throw closed()
    if (!(typeof encoded === 'number' ? this.#queue.tryPut(encoded) : this.#tryPutBytes(encoded))) return false
    this.#itemsBell.ring()
    return true
  }

  #tryPutBytes(encoded: Uint8Array): boolean {
    const records = this.#records as RecordPool
    if (this.#queue.size === this.capacity) return false
    const record = records.take()
    if (record === undefined) return false
    records.words[record >> 2] = encoded.length
    records.bytes.set(encoded, record + RECORD_PREFIX_BYTES)
    if (this.#queue.tryPut(record)) return true
    records.giveBack(record)
    return false
  }

  #tryTakeEncoded(): number | Uint8Array | undefined {
    // Closed is read first: what was put before the close is then surely seen.
    const isClosed = this.isClosed
    const taken = this.#queue.tryTake()
    if (taken === undefined) {
      if (isClosed && this.#queue.isEmpty) throw closed()
      return undefined
    }
    const item = this.#records === undefined ? taken : this.#takeBytes(this.#records, taken)
    this.#roomBell.ring()
    return item
  }

  /** The length is not believed beyond the record: what comes of foreign writes is wrong bytes, but never others' records. */
  #takeBytes(records: RecordPool, record: number): Uint8Array {
    const start = record + RECORD_PREFIX_BYTES
    const length = Math.min((records.words[record >> 2] ?? 0) >>> 0, this.#contents.bytesMax ?? 0)
    const bytes = records.bytes.slice(start, start + length)
    records.giveBack(record)
    return bytes
  }
}

/** The queue again, in the thread that it came to. */
export function unpackBoundedQueue(state: QueueState): BoundedQueue<unknown> {
  return BoundedQueue.unpack(state)
}

function sizeOf(capacity: number, bytesMax: number | undefined): number {
  const records = bytesMax === undefined ? 0 : RecordPool.bytesNeeded(capacity, recordBytesOf(bytesMax))
  return PREFIX_BYTES + NumberQueue.bytesNeeded(capacity) + records
}

function recordBytesOf(bytesMax: number): number {
  return RECORD_PREFIX_BYTES + Math.ceil(bytesMax / 8) * 8
}

function capacityOf({ capacity = defaultCapacity }: QueueOptions): number {
  requireCount('capacity', capacity, 1, capacityMax)
  return slotsFor(capacity)
}

function closed(): CardumenError {
  return new CardumenError('closed', 'the queue is closed')
}

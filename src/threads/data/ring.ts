/**
 * A ring of messages in shared memory, from one writing thread to one reading thread.
 *
 * Each side owns a position that only it moves (Lamport, 1983), counted in bytes modulo 2^32, on a cache line of its
 * own. A side remembers what it last saw of the other's position and looks again only when that no longer suffices, so
 * the two cores seldom fetch each other's lines. The writer publishes each message at once; the reader gives room back
 * when it has read an eighth of the ring, when the ring is empty, or when the writer sleeps. A message is its length
 * and its bytes, never split: what does not fit before the end of the memory leaves a mark there and goes to the start.
 *
 * The first `Ring` object that writes is the writer, and the first that reads is the reader; another is refused until
 * it takes the role over, which is for when the thread that had it is dead. A dead writer is not noticed here: whoever
 * notices closes the ring. What was published stays readable. A message that was being written when its thread died was
 * not published, and is gone.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { assertMayBlock } from '../waiting/block.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { claimMemory, HEADER_BYTES, LINE_BYTES, type Placement, requireCount } from './claimed-memory.ts'
import { Doorbell } from './doorbell.ts'
import { MessageCopier } from './message-copier.ts'

export interface RingOptions extends Placement {
  /** Rounded up to a power of two; 64 KiB is the default. A message takes at most a quarter of it. */
  readonly capacityBytes?: number
}

export type RingRole = 'writer' | 'reader'

interface RingState {
  readonly capacityBytes: number
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

const defaultCapacityBytes = 65_536
const capacityBytesMin = 256
const capacityBytesMax = 536_870_912

/** Before each message; -1 says that the next one is at the start. */
const LENGTH_BYTES = 4
const WRAPPED = -1

/** Words, each line on its own. */
const line = LINE_BYTES / 4
const HEAD = line
const TAIL = 2 * line
const READER_ASLEEP = 3 * line
const WRITER_ASLEEP = 4 * line
const CLOSED = 5 * line
const OBJECTS = CLOSED + 1
const ROLES = { writer: CLOSED + 2, reader: CLOSED + 3 } as const
const PREFIX_BYTES = HEADER_BYTES + 5 * LINE_BYTES

export class Ring implements Shareable {
  readonly capacityBytes: number
  /** The longest message. */
  readonly messageBytesMax: number
  readonly #memory: SharedArrayBuffer
  readonly #offsetBytes: number
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #data: Int32Array<SharedArrayBuffer>
  readonly #copier: MessageCopier
  readonly #readerBell: Doorbell
  readonly #writerBell: Doorbell
  readonly #mask: number
  readonly #eighth: number
  #identity = 0
  #isWriter = false
  #isReader = false
  /** The writer's own position, and the reader's as it was last seen. */
  #head = 0
  #seenTail = 0
  /** The reader's own position, what it has published of it, and the writer's as it was last seen. */
  #tail = 0
  #givenTail = 0
  #seenHead = 0

  /** @throws CardumenError `option-invalid`, `memory-too-small` */
  constructor(options: RingOptions = {}) {
    this.capacityBytes = capacityOf(options)
    const needed = PREFIX_BYTES + this.capacityBytes
    const { memory, offsetBytes } = claimMemory(options, `ring of ${this.capacityBytes} bytes`, needed)
    this.messageBytesMax = this.capacityBytes / 4 - LENGTH_BYTES
    this.#memory = memory
    this.#offsetBytes = offsetBytes
    this.#words = new Int32Array(memory, offsetBytes, PREFIX_BYTES / 4)
    this.#data = new Int32Array(memory, offsetBytes + PREFIX_BYTES, this.capacityBytes / 4)
    this.#copier = new MessageCopier(this.#data)
    this.#readerBell = new Doorbell(this.#words, READER_ASLEEP, 'a message of a ring')
    this.#writerBell = new Doorbell(this.#words, WRITER_ASLEEP, 'room in a ring')
    this.#mask = this.capacityBytes - 1
    this.#eighth = this.capacityBytes / 8
  }

  /** What a ring takes of memory that is given to it. */
  static bytesNeeded(capacityBytes: number): number {
    return PREFIX_BYTES + capacityOf({ capacityBytes })
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, CLOSED) !== 0
  }

  /**
   * Writes one message, or gives false where there is no room.
   * @throws CardumenError `too-large`, `closed`, `option-invalid`; `not-owner`: another object is the writer
   */
  tryWrite(bytes: Uint8Array): boolean {
    if (!this.#isWriter) this.#become('writer')
    const words = this.#words
    if (Atomics.load(words, CLOSED) !== 0) throw closed()
    const { length } = bytes
    if (!(length <= this.messageBytesMax)) throw refused(bytes, this.messageBytesMax)
    const size = (length + LENGTH_BYTES + 3) & ~3
    let at = this.#head & this.#mask
    const skipped = at + size > this.capacityBytes ? this.capacityBytes - at : 0
    if (!this.#hasRoom(size + skipped)) return false
    if (skipped > 0) {
      this.#data[at >> 2] = WRAPPED
      at = 0
    }
    this.#data[at >> 2] = length
    this.#copier.copyIn(bytes, at + LENGTH_BYTES)
    this.#head = (this.#head + size + skipped) | 0
    Atomics.store(words, HEAD, this.#head)
    if (Atomics.load(words, READER_ASLEEP) !== 0) this.#readerBell.ring()
    return true
  }

  /**
   * Reads one message into the start of `into` and gives its length, or undefined where there is none. Throws
   * `out-of-bounds` and leaves the message where it is if it is longer than `into`, and `closed` when the ring is
   * closed and empty; `not-owner` where another object is the reader.
   */
  tryRead(into: Uint8Array): number | undefined {
    if (!this.#isReader) this.#become('reader')
    if (this.#tail === this.#seenHead && !this.#seesMore()) return undefined
    let at = this.#tail & this.#mask
    let length = this.#data[at >> 2] as number
    let skipped = 0
    if (length === WRAPPED) {
      skipped = this.capacityBytes - at
      at = 0
      length = this.#data[0] as number
    }
    if (length >>> 0 > into.length) {
      throw new CardumenError('out-of-bounds', `the next message has ${length} bytes, and ${into.length} can be taken`)
    }
    this.#copier.copyOut(into, at + LENGTH_BYTES, length)
    this.#tail = (this.#tail + skipped + ((length + LENGTH_BYTES + 3) & ~3)) | 0
    if (((this.#tail - this.#givenTail) | 0) >= this.#eighth || Atomics.load(this.#words, WRITER_ASLEEP) !== 0) {
      this.#giveRoom()
    }
    return length
  }

  /** Blocks until there is room. In threads only. @throws CardumenError `would-block`, `timed-out`, `interrupted`, as `tryWrite` */
  write(bytes: Uint8Array, options: WaitOptions = {}): void {
    assertMayBlock('Ring.write', 'ring.writeAsync()')
    deadlineOf(options)
    if (this.tryWrite(bytes)) return
    this.#writerBell.waitFor(() => this.tryWrite(bytes) || undefined, options)
  }

  /** Blocks until there is a message. In threads only. @throws CardumenError `would-block`, `timed-out`, `interrupted`, as `tryRead` */
  read(into: Uint8Array, options: WaitOptions = {}): number {
    assertMayBlock('Ring.read', 'ring.readAsync()')
    deadlineOf(options)
    const length = this.tryRead(into)
    if (length !== undefined) return length
    return this.#readerBell.waitFor(() => this.tryRead(into), options)
  }

  /**
   * One at a time: a ring has one writer, so a write must have ended before the next is begun.
   * @throws CardumenError `timed-out`, `cancelled`, as `tryWrite`
   */
  async writeAsync(bytes: Uint8Array, options: AsyncWaitOptions = {}): Promise<void> {
    await this.#writerBell.waitForAsync(() => this.tryWrite(bytes) || undefined, options)
  }

  /** Resolves to the length of the message. @throws CardumenError `timed-out`, `cancelled`, as `tryRead` */
  async readAsync(into: Uint8Array, options: AsyncWaitOptions = {}): Promise<number> {
    return await this.#readerBell.waitForAsync(() => this.tryRead(into), options)
  }

  /**
   * Anybody may close. Writing fails from then on; what was written can still be read, and then reading fails, with
   * `closed`. A write that is in the middle then may still succeed, and not be read.
   */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1)
    this.#readerBell.ring()
    this.#writerBell.ring()
  }

  /**
   * Makes this object the writer or reader in another's place. That one must not use the ring any more: it is for the
   * dead. A new reader may read once more what the old one had read last, up to an eighth of the ring.
   */
  takeOver(role: RingRole): void {
    this.#identity ||= Atomics.add(this.#words, OBJECTS, 1) + 1
    Atomics.store(this.#words, ROLES[role], this.#identity)
    this.#begin(role)
  }

  [pack](): Packed {
    const { capacityBytes } = this
    const state: RingState = { capacityBytes, memory: this.#memory, offsetBytes: this.#offsetBytes }
    return { kind: 'ring', state }
  }

  #hasRoom(size: number): boolean {
    if (this.capacityBytes - ((this.#head - this.#seenTail) | 0) >= size) return true
    this.#seenTail = Atomics.load(this.#words, TAIL)
    return this.capacityBytes - ((this.#head - this.#seenTail) | 0) >= size
  }

  /** Looks for messages. Closed is read first: what was written before the close is then surely seen. */
  #seesMore(): boolean {
    const isClosed = this.isClosed
    this.#seenHead = Atomics.load(this.#words, HEAD)
    if (this.#tail !== this.#seenHead) return true
    if (this.#tail !== this.#givenTail) this.#giveRoom()
    if (isClosed) throw closed()
    return false
  }

  #giveRoom(): void {
    this.#givenTail = this.#tail
    Atomics.store(this.#words, TAIL, this.#tail)
    this.#writerBell.ring()
  }

  #become(role: RingRole): void {
    this.#identity ||= Atomics.add(this.#words, OBJECTS, 1) + 1
    if (Atomics.compareExchange(this.#words, ROLES[role], 0, this.#identity) !== 0) {
      throw new CardumenError('not-owner', `the ring has a ${role} already`, {
        hint: `A ring has one writer and one reader. If that ${role} is dead, call takeOver('${role}'). For many, use BoundedQueue.`,
      })
    }
    this.#begin(role)
  }

  #begin(role: RingRole): void {
    const head = Atomics.load(this.#words, HEAD)
    const tail = Atomics.load(this.#words, TAIL)
    if (role === 'writer') {
      this.#isWriter = true
      this.#head = head
      this.#seenTail = tail
    } else {
      this.#isReader = true
      this.#tail = tail
      this.#givenTail = tail
      this.#seenHead = head
    }
  }
}

/** The ring again, in the thread that it came to. */
export function unpackRing(state: RingState): Ring {
  return new Ring(state)
}

function capacityOf({ capacityBytes = defaultCapacityBytes }: RingOptions): number {
  requireCount('capacityBytes', capacityBytes, 1, capacityBytesMax)
  return 2 ** Math.ceil(Math.log2(Math.max(capacityBytesMin, capacityBytes)))
}

function closed(): CardumenError {
  return new CardumenError('closed', 'the ring is closed')
}

function refused(bytes: Uint8Array, most: number): CardumenError {
  if (!(bytes instanceof Uint8Array)) return new CardumenError('option-invalid', 'a message is a Uint8Array')
  return new CardumenError('too-large', `a message of ${bytes.length} bytes is over ${most}, the most for this ring`)
}

/**
 * Messages too large for one frame: cut into cells by the sender, built again by the receiver.
 *
 * A cell's payload is `| id u32 | message kind u8 | flags u8 | size of the message u32 | part |`. The id tells the
 * messages apart that a link interleaves; the cells of one message come in order, each but the last at least
 * `partBytesMin` long. A large size that is declared costs little memory before it is backed by bytes: over
 * `outrightBytesMax`, the whole is allocated only after the first `firstBytes` have come, and the system gives its
 * pages as they are written.
 */
import { cellHeadBytes, readU32 } from './frame.ts'

export const messageBytesMax = 134_217_728
/** Messages of one priority that a sender has under way at a time, and their sizes together where there are several. */
export const streamsPerPriorityMax = 8
export const streamBytesPerPriorityMax = 134_217_728
export const prioritiesCount = 4
/** What follows from these for a receiver. */
export const partialMessagesMax = streamsPerPriorityMax * prioritiesCount
export const partialBytesMax = streamBytesPerPriorityMax * prioritiesCount

const partBytesMin = 4_096
const firstBytes = 1_048_576
/** Up to this size a message is allocated whole with its first cell, which saves a copy and a collector's work. */
const outrightBytesMax = 4_194_304

/** A message as far as it has come. */
export interface PartialMessage {
  readonly kind: number
  readonly flags: number
  readonly lamport: number
  readonly sizeBytes: number
  bytes: Uint8Array
  filledBytes: number
}

export class Assembly {
  readonly #partials = new Map<number, PartialMessage>()
  #declaredBytes = 0
  #current: PartialMessage | undefined
  #currentId = 0
  #currentLeft = 0

  get partialMessages(): number {
    return this.#partials.size
  }

  /** Undefined, or why the cell must be refused. `bytes` has the cell's head at `at`. */
  begin(lamport: number, bytes: Uint8Array, at: number, cellBytes: number): string | undefined {
    const id = readU32(bytes, at)
    const sizeBytes = readU32(bytes, at + cellHeadBytes - 4)
    const kind = bytes[at + 4] ?? 0
    const flags = bytes[at + 5] ?? 0
    const known = this.#partials.get(id)
    if (known !== undefined && (known.sizeBytes !== sizeBytes || known.kind !== kind || known.flags !== flags)) {
      return 'a cell that differs from those before it'
    }
    const left = sizeBytes - (known?.filledBytes ?? 0)
    if (cellBytes > left) return 'a cell beyond the end of its message'
    if (cellBytes < left && cellBytes < partBytesMin) return 'a cell that is too small'
    const partial =
      known ?? this.#start(id, { kind, flags, lamport, sizeBytes, bytes: new Uint8Array(0), filledBytes: 0 })
    if (typeof partial === 'string') return partial
    this.#current = partial
    this.#currentId = id
    this.#currentLeft = cellBytes
    return undefined
  }

  /** Copies the next bytes of the cell that was begun; the message, where they are its last. */
  add(chunk: Uint8Array, start: number, end: number): PartialMessage | undefined {
    const partial = this.#current
    if (partial === undefined) return undefined
    const filled = partial.filledBytes + end - start
    if (filled > partial.bytes.length) grow(partial, filled)
    partial.bytes.set(chunk.subarray(start, end), partial.filledBytes)
    partial.filledBytes = filled
    this.#currentLeft -= end - start
    if (this.#currentLeft > 0) return undefined
    this.#current = undefined
    if (filled < partial.sizeBytes) return undefined
    this.#partials.delete(this.#currentId)
    this.#declaredBytes -= partial.sizeBytes
    return partial
  }

  #start(id: number, partial: PartialMessage): PartialMessage | string {
    if (partial.sizeBytes > messageBytesMax) return 'a message over the limit'
    if (this.#partials.size >= partialMessagesMax) return 'too many messages in cells at a time'
    if (this.#declaredBytes + partial.sizeBytes > partialBytesMax)
      return 'messages in cells that are too large together'
    this.#partials.set(id, partial)
    this.#declaredBytes += partial.sizeBytes
    return partial
  }
}

function grow(partial: PartialMessage, neededBytes: number): void {
  const isWhole = partial.sizeBytes <= outrightBytesMax || neededBytes > firstBytes
  const grown = new Uint8Array(isWhole ? partial.sizeBytes : firstBytes)
  grown.set(partial.bytes.subarray(0, partial.filledBytes))
  partial.bytes = grown
}

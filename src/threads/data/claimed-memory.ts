/**
 * A place in shared memory, and the header that says what lies there.
 *
 * What is laid over given memory might meet too little of it, or something else. So each thing with a layout of its own
 * opens with two words: a checksum of the layout's description, and its size. A blank header is claimed by swapping the
 * words in, so two threads that lay the same thing over the same memory get the same thing, and one with another layout
 * is refused. All things here begin as zeros, so there is nothing else to initialise. The check finds mistakes; it is
 * no protection from a thread that writes into the memory past its views, or that lays two things over one another.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { crc32 } from '../../lib/crc32.ts'

/** A cache line: words that different threads write lie so far apart. */
export const LINE_BYTES = 64
/** What the header takes; the words after the first two are its owner's. */
export const HEADER_BYTES = 64
/** Positions are words of 32 bits, so nothing here is larger. */
export const memoryBytesMax = 1_073_741_824

/** Where to put it. Without `memory`, new memory of the right size is made. */
export interface Placement {
  readonly memory?: SharedArrayBuffer
  /** A multiple of 8, or of the kind's size for an array of numbers; the default is 0. */
  readonly offsetBytes?: number
}

export interface Place {
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

/**
 * Claims `sizeBytes` for a thing that `layout` describes, header included. `layout` must differ wherever readers would.
 */
export function claimMemory(placement: Placement, layout: string, sizeBytes: number): Place {
  const place = findMemory(placement, sizeBytes)
  const words = new Int32Array(place.memory, place.offsetBytes, HEADER_BYTES / 4)
  const claims = [crc32(new TextEncoder().encode(layout)) | 1, sizeBytes]
  // All are looked at before one is written: what is refused stays as it was.
  const isFree = !isUnmarked(words) && claims.every((wanted, at) => [0, wanted].includes(Atomics.load(words, at)))
  const claim = (wanted: number, at: number) => [0, wanted].includes(Atomics.compareExchange(words, at, 0, wanted))
  if (isFree && claims.every(claim)) return place
  throw new CardumenError(
    'memory-too-small',
    `the shared memory at ${place.offsetBytes} holds something else than ${layout}`,
  )
}

/** Whether something lies there without a claim; looked at twice, since another thread may claim it just now. */
function isUnmarked(words: Int32Array<SharedArrayBuffer>): boolean {
  return Atomics.load(words, 0) === 0 && words.some((word) => word !== 0) && Atomics.load(words, 0) === 0
}

/** Checks that there is room for `sizeBytes`, without a header. */
export function findMemory({ memory, offsetBytes = 0 }: Placement, sizeBytes: number, alignment = 8): Place {
  if (sizeBytes > memoryBytesMax) {
    throw new CardumenError('option-invalid', `${sizeBytes} bytes are over ${memoryBytesMax}, the most in one place`)
  }
  if (memory === undefined) {
    if (offsetBytes !== 0) throw new CardumenError('option-invalid', 'an offset needs the memory that it is in')
    return { memory: new SharedArrayBuffer(sizeBytes), offsetBytes }
  }
  if (!(memory instanceof SharedArrayBuffer))
    throw new CardumenError('option-invalid', 'memory must be a SharedArrayBuffer')
  if (!Number.isInteger(offsetBytes) || offsetBytes < 0 || offsetBytes % alignment !== 0) {
    throw new CardumenError(
      'option-invalid',
      `offsetBytes must be a multiple of ${alignment} from 0 on, not ${offsetBytes}`,
    )
  }
  if (offsetBytes + sizeBytes > memory.byteLength) {
    const there = Math.max(0, memory.byteLength - offsetBytes)
    throw new CardumenError(
      'memory-too-small',
      `${sizeBytes} bytes are needed, and ${there} are there at ${offsetBytes}`,
    )
  }
  return { memory, offsetBytes }
}

/** Refuses what is no whole number from `least` to `most`. */
export function requireCount(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CardumenError('option-invalid', `${name} must be a whole number from ${least} to ${most}, not ${value}`)
  }
}

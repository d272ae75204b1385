/**
 * How keys and values of a shared map lie in memory: numbers, text of bounded length, bytes of bounded length.
 *
 * A cell is encoded into bytes of its own before the map is touched, and decoded from a copy after it was read, so that the
 * map compares and copies bytes only. Cells are whole words; what is behind the bytes of a shorter one is of no meaning.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { requireCount } from './claimed-memory.ts'

export type KeysOf = 'numbers' | { readonly textBytesMax: number }
export type ValuesOf = 'numbers' | { readonly bytesMax: number }

/** Encodes into `words`, and decodes from there. One is made for each direction that must not disturb another. */
export interface Cell<T> {
  /** What it takes in the map; a multiple of 8. */
  readonly cellBytes: number
  readonly words: Int32Array
  readonly bytes: Uint8Array
  /** Gives the length in bytes. */
  encode(item: T): number
  decode(lengthBytes: number): T
}

const cellBytesMax = 1_048_576

export function keyCell(of: KeysOf): Cell<number | string> {
  return (of === 'numbers' ? numberCell(0) : textCell(of.textBytesMax)) as Cell<number | string>
}

export function valueCell(of: ValuesOf): Cell<number | Uint8Array> {
  return (of === 'numbers' ? numberCell(-0) : bytesCell(of.bytesMax)) as Cell<number | Uint8Array>
}

/**
 * Of keys the bits are what is compared, so there must be one pattern for zero and one for NaN. `minusZero` is what -0 is
 * kept as.
 */
function numberCell(minusZero: number): Cell<number> {
  const numbers = new Float64Array(1)
  return {
    ...buffers(numbers.buffer),
    encode(item) {
      if (typeof item !== 'number') throw new CardumenError('option-invalid', `${String(item)} is not a number`)
      numbers[0] = Object.is(item, -0) ? minusZero : item
      if (item !== item) numbers[0] = Number.NaN
      return 8
    },
    decode: () => numbers[0] as number,
  }
}

function textCell(textBytesMax: number): Cell<string> {
  requireCount('textBytesMax', textBytesMax, 1, cellBytesMax)
  const encoder = new TextEncoder()
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // Room for one character more shows what does not fit.
  const room = new Uint8Array(textBytesMax + 4)
  const cell = buffers(new ArrayBuffer(aligned(textBytesMax)))
  return {
    ...cell,
    encode(item) {
      if (typeof item !== 'string') throw new CardumenError('option-invalid', `${String(item)} is not a text`)
      // Half a character has no bytes of its own: two such keys would be one.
      if (!item.isWellFormed()) throw new CardumenError('option-invalid', 'the key holds half of a surrogate pair')
      const { read, written } = encoder.encodeInto(item, room)
      if (read < item.length || written > textBytesMax) {
        throw new CardumenError('too-large', `a key of ${item.length} characters is over ${textBytesMax} bytes`)
      }
      cell.bytes.set(room.subarray(0, written))
      return written
    },
    decode: (lengthBytes) => decoder.decode(cell.bytes.subarray(0, lengthBytes)),
  }
}

function bytesCell(bytesMax: number): Cell<Uint8Array> {
  requireCount('bytesMax', bytesMax, 1, cellBytesMax)
  const cell = buffers(new ArrayBuffer(aligned(bytesMax)))
  return {
    ...cell,
    encode(item) {
      if (!(item instanceof Uint8Array)) throw new CardumenError('option-invalid', 'the value is no Uint8Array')
      if (item.length > bytesMax) {
        throw new CardumenError(
          'too-large',
          `a value of ${item.length} bytes is over ${bytesMax}, the most for this map`,
        )
      }
      cell.bytes.set(item)
      return item.length
    },
    decode: (lengthBytes) => cell.bytes.slice(0, lengthBytes),
  }
}

function buffers(buffer: ArrayBuffer): { cellBytes: number; words: Int32Array; bytes: Uint8Array } {
  return { cellBytes: buffer.byteLength, words: new Int32Array(buffer), bytes: new Uint8Array(buffer) }
}

function aligned(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 8) * 8
}

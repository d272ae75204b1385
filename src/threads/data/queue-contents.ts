/**
 * What a bounded queue carries: numbers, bytes, or values of any kind that structured clone takes.
 *
 * A contents encodes before the queue is touched and decodes what was copied out of it, so that the queue itself only moves
 * numbers, or bytes of a known length.
 */
import { deserialize, serialize } from 'node:v8'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { isShareable } from '../travel/shareable.ts'
import { requireCount } from './claimed-memory.ts'

/** What the queue carries, as plain data that travels. */
export type QueueOf = 'numbers' | { readonly bytesMax: number } | { readonly valueBytesMax: number }

export interface Contents<T> {
  /** Undefined for numbers. */
  readonly bytesMax: number | undefined
  encode(item: T): number | Uint8Array
  decode(encoded: number | Uint8Array): T
}

const itemBytesMax = 16_777_216

export function contentsOf(of: QueueOf): Contents<unknown> {
  if (of === 'numbers') return numbers() as Contents<unknown>
  if ('bytesMax' in of) return bytes(of.bytesMax) as Contents<unknown>
  return values(of.valueBytesMax)
}

function numbers(): Contents<number> {
  return {
    bytesMax: undefined,
    encode(item) {
      if (typeof item !== 'number') throw new CardumenError('option-invalid', `${String(item)} is not a number`)
      return item
    },
    decode: (item) => item as number,
  }
}

function bytes(bytesMax: number): Contents<Uint8Array> {
  requireCount('bytesMax', bytesMax, 1, itemBytesMax)
  return { bytesMax, encode: (item) => checked(item, bytesMax), decode: (item) => item as Uint8Array }
}

function values(bytesMax: number): Contents<unknown> {
  requireCount('valueBytesMax', bytesMax, 1, itemBytesMax)
  return {
    bytesMax,
    encode: (item) => checked(serialized(item), bytesMax),
    decode: (item) => deserialize(item as Uint8Array),
  }
}

function serialized(item: unknown): Uint8Array {
  // It would come out as an empty object.
  if (isShareable(item)) throw new CardumenError('cannot-travel', 'a queue carries no locks, arrays or the like')
  try {
    return serialize(item)
  } catch (error) {
    throw new CardumenError('cannot-travel', 'the value holds what cannot be put into a queue', { cause: error })
  }
}

function checked(item: Uint8Array, bytesMax: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new CardumenError('option-invalid', 'the item is no Uint8Array')
  if (item.length > bytesMax) {
    throw new CardumenError('too-large', `an item of ${item.length} bytes is over ${bytesMax}, the most for this queue`)
  }
  return item
}

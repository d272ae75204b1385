/**
 * The codec of arguments and results: values to bytes that travel, and back.
 *
 * What JSON knows, and undefined, Date, bytes and 64-bit bigints, travels as plain MessagePack. A value that holds
 * anything else (Map, Set, Error, other typed arrays, large bigints, a registered class of ours) travels in a second
 * form, `tagged.ts`, which begins with 0xc1, a byte that MessagePack never uses. msgpackr's own extensions serve for
 * neither: its registry is global, so ours would change how a user's program reads its own data.
 * Encoding refuses what cannot travel and names where it is; decoding is strict, and our own (`msgpack-reader.ts`), so
 * that a peer can produce nothing that is not listed here. `-0` arrives as 0 and lone surrogates as U+FFFD.
 */
import { Packr } from '#msgpackr'
import { CardumenError } from '../lib/cardumen-error.ts'
import { readMessagePack } from './msgpack-reader.ts'
import { tagged, taggedDepthMax, untagged } from './tagged.ts'
import { depthMax, kindOf, findCulprit } from './travels.ts'

export { registerTravelling, type Travelling } from './travelling.ts'

const taggedForm = 0xc1
const packr = new Packr({ useRecords: false, mapsAsObjects: true, useToJSON: false, moreTypes: false })
const reuseBuffer = 512

/**
 * The bytes are the caller's; nobody writes to them again.
 * @throws CardumenError `cannot-travel`, with the path of the culprit, such as `$.items[3].callback`.
 */
export function encode(value: unknown): Uint8Array {
  try {
    const kind = kindOf(value, 0)
    if (kind === 'plain') return packed(value)
    if (kind === 'tagged') return afterMark(packed(tagged(value)))
  } catch (cause) {
    if (cause instanceof CardumenError) throw cause
    throw new CardumenError('cannot-travel', `The value could not be read: ${String(cause)}`, { cause })
  }
  const culprit = findCulprit(value, '$', 0)
  throw new CardumenError('cannot-travel', `${culprit?.path ?? '$'} cannot travel: ${culprit?.reason ?? 'it changed'}.`)
}

/**
 * Byte arrays in the result may be views of `bytes`.
 * @throws CardumenError `frame-refused` when the bytes are not what `encode` gives.
 */
export function decode(bytes: Uint8Array): unknown {
  // A Buffer's parts would be Buffers, whose `slice` does not copy.
  const source = bytes.constructor === Uint8Array ? bytes : plainView(bytes, 0, bytes.length)
  try {
    if (source[0] !== taggedForm) return readMessagePack(source, 0, depthMax)
    return untagged(readMessagePack(source, 1, taggedDepthMax))
  } catch (cause) {
    throw new CardumenError('frame-refused', 'The bytes are no value that travels.', { cause })
  }
}

/** msgpackr hands out Node's Buffers, whose `slice` does not copy; these are plain arrays over the same memory. */
function packed(value: unknown): Uint8Array {
  const buffer = packr.pack(value, reuseBuffer)
  return plainView(buffer, buffer.start, buffer.end)
}

function plainView(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

function afterMark(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 1)
  bytes[0] = taggedForm
  bytes.set(body, 1)
  return bytes
}

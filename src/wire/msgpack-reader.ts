/**
 * Reads one value of MessagePack, strictly.
 *
 * msgpackr writes what travels, but does not read it: its reader follows extensions that make regular expressions,
 * cyclic references and compiled readers of records, and trusts the sizes that it is told, so every byte would have
 * to be checked before it. This one knows the types that `codec.ts` names and no others, wants text for keys, and
 * checks each size against what is there. Short texts are made without the decoder, keys are kept from earlier values.
 */
import { fromUtf8Lenient } from '../lib/text.ts'
import { isRefusedName } from './travels.ts'

const undefinedExtension = 0
const timestampExtension = 0xff
const decodedTextBytesMin = 24
/** An array is made for as many items as it announces up to here; beyond, it grows as they come. */
const sizedItemsMax = 1_024
/** A power of two. */
const cachedKeysMax = 1_024

export class MalformedValue extends Error {}

/** What is being read. One value is read at a time: reading calls nothing that could begin another. */
let source: Uint8Array = new Uint8Array(0)
let position = 0
const numberBytes = new Uint8Array(8)
const numberView = new DataView(numberBytes.buffer)

interface CachedKey {
  readonly bytes: Uint8Array
  readonly text: string
}
const cachedKeys: (CachedKey | undefined)[] = Array.from({ length: cachedKeysMax })

/** All of `bytes` from `start` on. @throws MalformedValue */
export function readMessagePack(bytes: Uint8Array, start: number, depthMax: number): unknown {
  source = bytes
  position = start
  try {
    const value = readValue(depthMax)
    if (position !== bytes.length) throw new MalformedValue('more bytes than the value has, or fewer')
    return value
  } finally {
    source = numberBytes
  }
}

function readValue(depth: number): unknown {
  const token = source[position++]
  if (token === undefined) throw new MalformedValue('the bytes end')
  if (token < 0x80) return token
  if (token >= 0xe0) return token - 0x100
  if (token < 0x90) return readMap(token & 0x0f, depth)
  if (token < 0xa0) return readArray(token & 0x0f, depth)
  if (token < 0xc0) return readText(token & 0x1f)
  return readLong(token, depth)
}

function readLong(token: number, depth: number): unknown {
  switch (token) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
      return readBytes(readU8())
    case 0xc5:
      return readBytes(readU16())
    case 0xc6:
      return readBytes(readU32())
    case 0xd9:
      return readText(readU8())
    case 0xda:
      return readText(readU16())
    case 0xdb:
      return readText(readU32())
    case 0xdc:
      return readArray(readU16(), depth)
    case 0xdd:
      return readArray(readU32(), depth)
    case 0xde:
      return readMap(readU16(), depth)
    case 0xdf:
      return readMap(readU32(), depth)
    default:
      return readNumber(token)
  }
}

function readNumber(token: number): unknown {
  switch (token) {
    case 0xcc:
      return readU8()
    case 0xcd:
      return readU16()
    case 0xce:
      return readU32()
    case 0xca:
      return viewOf(4).getFloat32(0)
    case 0xcb:
      return viewOf(8).getFloat64(0)
    case 0xcf:
      return viewOf(8).getBigUint64(0)
    case 0xd0:
      return viewOf(1).getInt8(0)
    case 0xd1:
      return viewOf(2).getInt16(0)
    case 0xd2:
      return viewOf(4).getInt32(0)
    case 0xd3:
      return viewOf(8).getBigInt64(0)
    default:
      return readExtension(token)
  }
}

/** Undefined is an extension of type 0 with one byte; a Date one of type 255 with 1 (invalid), 4, 8 or 12 bytes. */
function readExtension(token: number): Date | undefined {
  const size = token === 0xd4 ? 1 : token === 0xd6 ? 4 : token === 0xd7 ? 8 : token === 0xc7 ? readU8() : 0
  const type = readU8()
  if (type === undefinedExtension && size === 1) {
    position++
    return undefined
  }
  if (type !== timestampExtension) throw new MalformedValue('an extension that is not known')
  return readTimestamp(size)
}

function readTimestamp(size: number): Date {
  switch (size) {
    case 1:
      position++
      return dateAt(Number.NaN)
    case 4:
      return dateAt(readU32() * 1_000)
    case 8: {
      const bits = viewOf(8).getBigUint64(0)
      return dateOf(Number(bits & 0x3_ffff_ffffn), Number(bits >> 34n))
    }
    case 12: {
      const nanoseconds = readU32()
      return dateOf(Number(viewOf(8).getBigInt64(0)), nanoseconds)
    }
    default:
      throw new MalformedValue('a time of an unknown size')
  }
}

function dateOf(seconds: number, nanoseconds: number): Date {
  return dateAt(seconds * 1_000 + Math.floor(nanoseconds / 1_000_000))
}

function dateAt(sinceEpochMs: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- a Date is a value that travels; nothing here reads a clock
  return new Date(sinceEpochMs)
}

function readArray(count: number, depth: number): unknown[] {
  if (depth <= 0 || count > source.length - position) throw new MalformedValue('an array too long or too deep')
  const items = new Array<unknown>(count <= sizedItemsMax ? count : 0)
  for (let index = 0; index < count; index++) items[index] = readValue(depth - 1)
  return items
}

function readMap(count: number, depth: number): object {
  if (depth <= 0 || count * 2 > source.length - position) throw new MalformedValue('an object too large or too deep')
  const fields: Record<string, unknown> = {}
  for (let index = 0; index < count; index++) {
    const key = readKey()
    if (isRefusedName(key)) throw new MalformedValue('a field with a name that no field may have')
    fields[key] = readValue(depth - 1)
  }
  return fields
}

function readKey(): string {
  const token = readU8()
  if (token >= 0xa0 && token < 0xc0) return readShortKey(token & 0x1f)
  if (token === 0xd9) return readText(readU8())
  if (token === 0xda) return readText(readU16())
  if (token === 0xdb) return readText(readU32())
  throw new MalformedValue('a key that is no text')
}

/** Keys repeat: the same bytes give the same string, found by their length and three of them. */
function readShortKey(size: number): string {
  const start = position
  const end = start + size
  const hash =
    size * 31 + (source[start] ?? 0) * 7 + (source[start + (size >> 1)] ?? 0) * 131 + (source[end - 1] ?? 0) * 17
  const cached = cachedKeys[hash & (cachedKeysMax - 1)]
  if (cached !== undefined && cached.bytes.length === size && isAt(cached.bytes, start)) {
    position = end
    return cached.text
  }
  const text = readText(size)
  cachedKeys[hash & (cachedKeysMax - 1)] = { bytes: source.slice(start, end), text }
  return text
}

function isAt(bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== source[start + index]) return false
  return true
}

function readText(size: number): string {
  const start = position
  const end = skip(size)
  if (size < decodedTextBytesMin) {
    const text = asciiText(start, end)
    if (text !== undefined) return text
  }
  return fromUtf8Lenient(source.subarray(start, end))
}

/** Undefined where it is not ASCII. Four at a time, which V8 makes into one flat string most cheaply. */
function asciiText(start: number, end: number): string | undefined {
  const bytes = source
  let text = ''
  let at = start
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] ?? 0,
      b = bytes[at + 1] ?? 0,
      c = bytes[at + 2] ?? 0,
      d = bytes[at + 3] ?? 0
    if ((a | b | c | d) >= 0x80) return undefined
    text += String.fromCharCode(a, b, c, d)
  }
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x80) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

function readBytes(size: number): Uint8Array {
  const start = position
  return source.subarray(start, skip(size))
}

/** Moves past so many bytes, which must be there; returns where they end. */
function skip(size: number): number {
  position += size
  if (position > source.length) throw new MalformedValue('the bytes end')
  return position
}

function readU8(): number {
  const byte = source[position++]
  if (byte === undefined) throw new MalformedValue('the bytes end')
  return byte
}

function readU16(): number {
  return readU8() * 0x100 + readU8()
}

function readU32(): number {
  return readU16() * 0x1_0000 + readU16()
}

function viewOf(size: number): DataView {
  const start = position
  const end = skip(size)
  for (let at = start; at < end; at++) numberBytes[at - start] = source[at] ?? 0
  return numberView
}

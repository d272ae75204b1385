/**
 * A look over MessagePack bytes before msgpackr reads them.
 *
 * msgpackr is lenient: it follows extensions that make regular expressions, cyclic references and compiled readers
 * of records, and it trusts the sizes that it is told. This scan lets through one whole value of the types below,
 * with text for keys, nested no deeper than told. It allocates nothing.
 */
const undefinedExtension = 0
const timestampExtension = 0xff

/** Where the scan stands. One scan runs at a time: it calls nothing that could begin another. */
let position = 0

export function isWellFormed(bytes: Uint8Array, depthMax: number): boolean {
  position = 0
  return skipValue(bytes, depthMax) && position === bytes.length
}

function skipValue(bytes: Uint8Array, depth: number): boolean {
  const token = bytes[position++]
  if (token === undefined) return false
  if (token < 0x80 || token >= 0xe0) return true
  if (token < 0x90) return skipMap(bytes, token & 0x0f, depth)
  if (token < 0xa0) return skipArray(bytes, token & 0x0f, depth)
  if (token < 0xc0) return skip(bytes, token & 0x1f)
  return skipLong(bytes, token, depth)
}

function skipLong(bytes: Uint8Array, token: number, depth: number): boolean {
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return true
    case 0xcc:
    case 0xd0:
      return skip(bytes, 1)
    case 0xcd:
    case 0xd1:
      return skip(bytes, 2)
    case 0xca:
    case 0xce:
    case 0xd2:
      return skip(bytes, 4)
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return skip(bytes, 8)
    case 0xc4:
    case 0xd9:
      return skip(bytes, sizeOf1(bytes))
    case 0xc5:
    case 0xda:
      return skip(bytes, sizeOf2(bytes))
    case 0xc6:
    case 0xdb:
      return skip(bytes, sizeOf4(bytes))
    case 0xdc:
      return skipArray(bytes, sizeOf2(bytes), depth)
    case 0xdd:
      return skipArray(bytes, sizeOf4(bytes), depth)
    case 0xde:
      return skipMap(bytes, sizeOf2(bytes), depth)
    case 0xdf:
      return skipMap(bytes, sizeOf4(bytes), depth)
    default:
      return skipExtension(bytes, token)
  }
}

/** Undefined is an extension of type 0 with one byte; a Date one of type 255 with 1 (invalid), 4, 8 or 12 bytes. */
function skipExtension(bytes: Uint8Array, token: number): boolean {
  let size = 0
  if (token === 0xd4) size = 1
  else if (token === 0xd6) size = 4
  else if (token === 0xd7) size = 8
  else if (token === 0xc7 && sizeOf1(bytes) === 12) size = 12
  else return false
  const type = bytes[position++]
  return (type === timestampExtension || (type === undefinedExtension && size === 1)) && skip(bytes, size)
}

function skipArray(bytes: Uint8Array, items: number, depth: number): boolean {
  if (depth <= 0 || items > bytes.length - position) return false
  for (let index = 0; index < items; index++) {
    if (!skipValue(bytes, depth - 1)) return false
  }
  return true
}

function skipMap(bytes: Uint8Array, entries: number, depth: number): boolean {
  if (depth <= 0 || entries * 2 > bytes.length - position) return false
  for (let index = 0; index < entries; index++) {
    const token = bytes[position] ?? 0
    const isText = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)
    if (!isText || !skipValue(bytes, 0) || !skipValue(bytes, depth - 1)) return false
  }
  return true
}

function skip(bytes: Uint8Array, size: number): boolean {
  position += size
  return position <= bytes.length
}

/** The sizes read past the end give NaN or too much, which `skip` refuses. */
function sizeOf1(bytes: Uint8Array): number {
  return bytes[position++] ?? Number.NaN
}

function sizeOf2(bytes: Uint8Array): number {
  return sizeOf1(bytes) * 0x100 + sizeOf1(bytes)
}

function sizeOf4(bytes: Uint8Array): number {
  return sizeOf2(bytes) * 0x1_0000 + sizeOf2(bytes)
}

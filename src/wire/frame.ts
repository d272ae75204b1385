/**
 * Frames: the units of a link's byte stream.
 *
 *   | length u32 | kind u8 | flags u8 | Lamport time u48 | extensions, where flags say so | payload |
 *
 * Numbers are big-endian; `length` counts what follows it. A message that fits is one frame; a larger one travels in
 * frames of the kind `cell` (see `cells.ts`), so the length is always small and is checked before anything is
 * allocated. Kinds below 16 are the link's own, the others its user's.
 */
export const lengthBytes = 4
/** Length, kind, flags, time. */
export const headBytes = 12
/** The smallest possible value of `length`. */
export const frameLengthMin = headBytes - lengthBytes
/** Payload of a frame of a message that is sent whole; also the most that a cell carries. */
export const cellBytesMax = 65_536
/** Id, message kind, message flags, size of the whole message: at the start of each cell's payload. */
export const cellHeadBytes = 10
export const frameLengthMax = frameLengthMin + cellHeadBytes + cellBytesMax

export const linkKind = { hello: 1, proof: 2, refusal: 3, cell: 4, credit: 5, leave: 6 } as const
/** The least kind that a link's user may send. */
export const userKindMin = 16

export const flagExtensions = 1

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  )
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

export function readU48(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) * 0x1_0000_0000 + readU32(bytes, at + 2)
}

export function writeU48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  bytes[at] = high >>> 8
  bytes[at + 1] = high
  writeU32(bytes, at + 2, value >>> 0)
}

const extensionHeadBytes = 3
const extensionCritical = 0x80

/**
 * Where the payload begins after the extensions: `| size of all u16 | type u8, size u16, bytes | … |`.
 *
 * No extension is known yet, so each is skipped, unless its type has the critical bit. Then, and where they are
 * malformed, the result is -1 and the frame must be refused.
 */
export function afterExtensions(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 2
  if (at > end) return -1
  const payloadStart = at + readU16(bytes, start)
  if (payloadStart > end) return -1
  while (at < payloadStart) {
    if (at + extensionHeadBytes > payloadStart || ((bytes[at] ?? 0) & extensionCritical) !== 0) return -1
    at += extensionHeadBytes + readU16(bytes, at + 1)
  }
  return at === payloadStart ? payloadStart : -1
}

function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

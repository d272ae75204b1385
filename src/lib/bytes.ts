/**
 * Bytes as text and back, and comparison that takes the same time whatever differs.
 *
 * Written without Node's Buffer, so that the rooms that also run in a simulator or a browser can use it.
 */
/** Arguments of one call. */
const packedAtOnce = 4_096
const digits = '0123456789abcdef'
const hexOfByte: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `${digits[byte >> 4]}${digits[byte & 15]}`,
)

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOfByte[byte]
  return text
}

/** Undefined where the text is not an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  return bytes
}

/** A string of one character a byte, which takes about as many bytes: for small pieces that live long in great number. */
export function packBytes(bytes: Uint8Array): string {
  let packed = ''
  for (let start = 0; start < bytes.length; start += packedAtOnce) {
    // Spread, it takes eight times as long.
    packed += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(start, start + packedAtOnce)) as string
  }
  return packed
}

/** What `packBytes` was given; new bytes each time. */
export function unpackBytes(packed: string): Uint8Array {
  const bytes = new Uint8Array(packed.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = packed.charCodeAt(index)
  return bytes
}

/** Constant time for equal lengths; a differing length answers at once. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0)
  return difference === 0
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

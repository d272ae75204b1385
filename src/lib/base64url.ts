/**
 * Bytes as text for command lines, environments and URLs (RFC 4648, section 5), without padding.
 *
 * Strict both ways: one text for each sequence of bytes, so that two texts differ exactly where their bytes do.
 */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const valueOf = new Map(Array.from(alphabet).map((character, value) => [character, value]))

export function toBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const characters = Math.min(4, bytes.length - at + 1)
    for (let index = 0; index < characters; index++) text += alphabet[(group >>> (18 - 6 * index)) & 63]
  }
  return text
}

/** Undefined where the text is none that `toBase64Url` gives. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let count = 0
  let at = 0
  for (const character of text) {
    const value = valueOf.get(character)
    if (value === undefined) return undefined
    bits = ((bits << 6) | value) & 0x3fff
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[at++] = (bits >>> count) & 0xff
  }
  return (bits & ((1 << count) - 1)) === 0 ? bytes : undefined
}

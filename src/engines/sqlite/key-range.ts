/**
 * Ranges of keys in the order of their UTF-8 bytes, which is how SQLite compares text.
 *
 * That order is the order of code points, not the one of JavaScript's `<` (UTF-16 units).
 */
export interface KeyRange {
  /** Inclusive. */
  readonly low: string
  /** Exclusive. Bytes stand for "no bound": SQLite sorts every blob after every text. */
  readonly high: string | Uint8Array
}

const unbounded = new Uint8Array(0)
const lastCodePoint = 0x10ffff

export function prefixRange(prefix: string, after?: string): KeyRange {
  return { low: after === undefined ? prefix : laterStart(prefix, after), high: prefixEnd(prefix) }
}

/** The least key that is greater than every key under `prefix`. */
function prefixEnd(prefix: string): string | Uint8Array {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === lastCodePoint) points.pop()
  const last = points.pop()
  if (last === undefined) return unbounded
  // The surrogates are no code points of text: the one after U+D7FF is U+E000.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

function laterStart(prefix: string, after: string): string {
  // `after` with a zero byte behind is the least key greater than it.
  return Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0 ? `${after}\0` : prefix
}

/**
 * UTF-8. The two encoders exist in Node and in browsers alike, but in no ECMAScript library that the closed rooms
 * compile with; their types are declared here and nowhere else.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean })
  decode(bytes: Uint8Array): string
}

const encoder = new TextEncoder()
// A leading U+FEFF is text like any other (the option's name says the contrary of what it does).
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientDecoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Undefined where the bytes are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** With U+FFFD where the bytes are not valid UTF-8. */
export function fromUtf8Lenient(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes)
}

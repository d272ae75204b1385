/**
 * UTF-8. The two encoders exist in Node and in browsers alike, but in no ECMAScript library that the closed rooms
 * compile with; their types are declared here and nowhere else.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean })
  decode(bytes: Uint8Array): string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

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

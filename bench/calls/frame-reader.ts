/**
 * Cuts a byte stream into the floor's frames.
 *
 *   length of the body (u32) | call number and kind (u32) | body
 *
 * Small frames are views into the chunk that brought them. A frame that spans chunks is collected in a buffer of
 * its own, sized from its header, so that each of its bytes is copied once: "store and forward" at its least.
 */
export const HEADER_BYTES = 8

/** Set in the second word of a frame whose body is raw bytes. */
export const BULK_FLAG = 0x8000_0000

export type OnFrame = (word: number, body: Buffer) => void

export class FrameReader {
  readonly #onFrame: OnFrame
  #header: Buffer = Buffer.alloc(0)
  #body: Buffer | undefined
  #bodyFilled = 0
  #word = 0

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  push(chunk: Buffer): void {
    let offset = this.#body === undefined ? 0 : this.#fillBody(chunk)
    if (this.#body !== undefined) return
    const bytes = this.#header.length > 0 ? Buffer.concat([this.#header, chunk.subarray(offset)]) : chunk
    if (bytes !== chunk) offset = 0
    this.#header = Buffer.alloc(0)
    this.#cut(bytes, offset)
  }

  #cut(bytes: Buffer, start: number): void {
    let offset = start
    while (bytes.length - offset >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(offset)
      const word = bytes.readUInt32BE(offset + 4)
      offset += HEADER_BYTES
      if (bytes.length - offset < length) return this.#startBody(word, length, bytes.subarray(offset))
      this.#onFrame(word, bytes.subarray(offset, offset + length))
      offset += length
    }
    this.#header = bytes.subarray(offset)
  }

  #startBody(word: number, length: number, first: Buffer): void {
    this.#word = word
    this.#body = Buffer.allocUnsafeSlow(length)
    this.#bodyFilled = first.copy(this.#body)
  }

  /** Copies into the open body; returns how much of the chunk that took. */
  #fillBody(chunk: Buffer): number {
    const body = this.#body
    if (body === undefined) return 0
    const taken = chunk.copy(body, this.#bodyFilled)
    this.#bodyFilled += taken
    if (this.#bodyFilled === body.length) {
      this.#body = undefined
      this.#onFrame(this.#word, body)
    }
    return taken
  }
}

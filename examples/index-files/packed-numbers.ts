/**
 * Lists of small whole numbers as bytes: seven bits each, the eighth says that more follow (LEB128).
 *
 * Most of an index is small numbers, so they take a byte each, on the way and in memory; and a part that nobody asks
 * for is never unpacked.
 */
const sizeBytesInitial = 4_096

export class PackedNumbers {
  #bytes = new Uint8Array(sizeBytesInitial)
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** From 0 to 2^31 - 1. */
  push(number: number): void {
    if (this.#sizeBytes + 5 > this.#bytes.length) this.#grow()
    let rest = number
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#sizeBytes++] = (rest & 127) | 128
    this.#bytes[this.#sizeBytes++] = rest
  }

  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#sizeBytes)
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#bytes.length)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

export class PackedReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** 0 beyond the end. */
  next(): number {
    let number = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0
      number |= (byte & 127) << shift
      if (byte < 128) return number
    }
  }
}

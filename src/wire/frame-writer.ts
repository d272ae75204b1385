/**
 * Gathers the frames of one turn into few chunks for one write.
 *
 * Heads and small bodies are copied into a slab; a large body is referenced where it lies. What `take` gives out is
 * never written to again: the next frames go behind it in the slab, and a full slab is left to whoever reads it.
 */
import { lengthBytes, frameLengthMin, cellHeadBytes, headBytes, linkKind, writeU32, writeU48 } from './frame.ts'

const slabBytesDefault = 65_536
/** Bodies up to this size are copied, which is cheaper than one more chunk for the socket. */
export const copiedBytesMax = 4_096
/** Up to this size a loop copies faster than a call does. */
const loopedBytesMax = 48

export class FrameWriter {
  readonly #slabBytes: number
  #slab = new Uint8Array(0)
  #start = 0
  #end = 0
  #chunks: Uint8Array[] = []
  #pendingBytes = 0

  /** A smaller slab is for a writer of a few small frames. */
  constructor(slabBytes: number = slabBytesDefault) {
    this.#slabBytes = slabBytes
  }

  /** What `take` would give. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** One whole frame. The header is copied; the body must not change any more. */
  append(kind: number, lamport: number, header: Uint8Array, headerBytes: number, body: Uint8Array | undefined): void {
    const bodyBytes = body === undefined ? 0 : body.length
    const copiedBytes = bodyBytes <= copiedBytesMax ? bodyBytes : 0
    this.#reserve(headBytes + headerBytes + copiedBytes)
    this.#head(kind, lamport, frameLengthMin + headerBytes + bodyBytes)
    this.#copy(header, headerBytes)
    if (body === undefined) return
    if (copiedBytes === bodyBytes) this.#copy(body, bodyBytes)
    else this.#reference(body)
  }

  /** One cell of a message: `header`, which is copied, then `part`, which must not change any more. */
  appendCell(
    lamport: number,
    id: number,
    messageKind: number,
    messageBytes: number,
    header: Uint8Array,
    part: Uint8Array,
  ): void {
    this.#reserve(headBytes + cellHeadBytes + header.length + Math.min(part.length, copiedBytesMax))
    this.#head(linkKind.cell, lamport, frameLengthMin + cellHeadBytes + header.length + part.length)
    const slab = this.#slab
    const at = this.#end
    writeU32(slab, at, id)
    slab[at + 4] = messageKind
    slab[at + 5] = 0
    writeU32(slab, at + 6, messageBytes)
    this.#end = at + cellHeadBytes
    this.#pendingBytes += cellHeadBytes
    this.#copy(header, header.length)
    if (part.length <= copiedBytesMax) this.#copy(part, part.length)
    else this.#reference(part)
  }

  /** The chunks gathered since the last call, in order. */
  take(): readonly Uint8Array[] {
    this.#closeChunk()
    const chunks = this.#chunks
    this.#chunks = []
    this.#pendingBytes = 0
    return chunks
  }

  /** Gives the slab up, for a link that rests. */
  shrink(): void {
    if (this.#pendingBytes > 0) return
    this.#slab = new Uint8Array(0)
    this.#start = this.#end = 0
  }

  #head(kind: number, lamport: number, length: number): void {
    const slab = this.#slab
    const at = this.#end
    writeU32(slab, at, length)
    slab[at + lengthBytes] = kind
    slab[at + 5] = 0
    writeU48(slab, at + 6, lamport)
    this.#end = at + headBytes
    this.#pendingBytes += headBytes
  }

  #copy(bytes: Uint8Array, count: number): void {
    const slab = this.#slab
    const at = this.#end
    if (count <= loopedBytesMax) {
      for (let index = 0; index < count; index++) slab[at + index] = bytes[index] ?? 0
    } else {
      slab.set(count === bytes.length ? bytes : bytes.subarray(0, count), at)
    }
    this.#end = at + count
    this.#pendingBytes += count
  }

  #reference(bytes: Uint8Array): void {
    this.#closeChunk()
    this.#chunks.push(bytes)
    this.#pendingBytes += bytes.length
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#slab.length) return
    this.#closeChunk()
    this.#slab = new Uint8Array(Math.max(this.#slabBytes, count))
    this.#start = this.#end = 0
  }

  #closeChunk(): void {
    if (this.#end === this.#start) return
    this.#chunks.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}

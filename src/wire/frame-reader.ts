/**
 * Finds the frames in a stream that arrives in chunks of any size.
 *
 * A frame that lies whole in a chunk is handed out where it lies; one that straddles chunks is put together in a
 * buffer of its size, which is checked first. Cells are not put together here: their bytes are handed on piece by
 * piece as they come, so that they are copied once only, to where the message is built. After a refusal the reader
 * reads no more.
 */
import {
  cellHeadBytes,
  frameLengthMax,
  frameLengthMin,
  headBytes,
  lengthBytes,
  linkKind,
  readU32,
  readU48,
  userKindMin,
} from './frame.ts'

/** Every method returns undefined, or why the stream must be refused. */
export interface FrameSink {
  /** The payload lies in `bytes` from `start` to `end`; those of a user's kind may be kept, not changed. */
  onFrame(
    kind: number,
    flags: number,
    lamport: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): string | undefined
  /** A cell of `cellBytes` bytes of the message begins; `bytes` has its head at `at`. */
  onCell(lamport: number, bytes: Uint8Array, at: number, cellBytes: number): string | undefined
  /** The next bytes of that cell. */
  onCellPart(bytes: Uint8Array, start: number, end: number): string | undefined
}

const cellStart = headBytes + cellHeadBytes

export class FrameReader {
  /** May be changed between two frames, within a chunk too. */
  sink: FrameSink
  /** Of a frame behind its length; may be changed like the sink. A longer one is refused before anything is allocated. */
  lengthMax = frameLengthMax
  /** The start of a frame whose head has not fully arrived. */
  readonly #head = new Uint8Array(cellStart)
  #headFilled = 0
  /** A frame of which the head, but not all, has arrived. */
  #frame: Uint8Array | undefined
  #frameFilled = 0
  #cellLeft = 0
  #refusal: string | undefined
  #isLent = false

  constructor(sink: FrameSink) {
    this.sink = sink
  }

  /** A frame has begun and not ended. */
  get isInFrame(): boolean {
    return this.#headFilled > 0 || this.#frame !== undefined || this.#cellLeft > 0
  }

  /** Undefined, or why the stream must be refused; the same answer ever after. Keeps nothing of a chunk that is lent. */
  push(chunk: Uint8Array, isLent = false): string | undefined {
    this.#isLent = isLent
    let at = 0
    while (at < chunk.length && this.#refusal === undefined) {
      if (this.#cellLeft > 0) at = this.#onCellLeft(chunk, at)
      else if (this.#frame !== undefined) at = this.#fillFrame(this.#frame, chunk, at)
      else if (this.#headFilled > 0) at = this.#fillHead(chunk, at)
      else at = this.#readWhole(chunk, at)
    }
    return this.#refusal
  }

  /** The hot path: as many frames as lie whole in the chunk. */
  #readWhole(chunk: Uint8Array, from: number): number {
    let at = from
    while (at + headBytes <= chunk.length) {
      const length = readU32(chunk, at)
      if (!this.#isGoodLength(length)) return this.#refuse(badLength(length), chunk)
      const kind = chunk[at + lengthBytes] ?? 0
      if (kind === linkKind.cell) {
        if (at + cellStart > chunk.length) break
        return this.#beginCell(chunk, at, length)
      }
      const end = at + lengthBytes + length
      if (end > chunk.length) return this.#beginFrame(chunk, at, length)
      const isCopied = this.#isLent && kind >= userKindMin
      const frame = isCopied ? chunk.slice(at, end) : chunk
      const start = isCopied ? 0 : at
      const flags = frame[start + 5] ?? 0
      const frameEnd = start + lengthBytes + length
      const refusal = this.sink.onFrame(kind, flags, readU48(frame, start + 6), frame, start + headBytes, frameEnd)
      if (refusal !== undefined) return this.#refuse(refusal, chunk)
      at = end
    }
    return at < chunk.length ? this.#keepHead(chunk, at) : at
  }

  #keepHead(chunk: Uint8Array, at: number): number {
    this.#head.set(chunk.subarray(at))
    this.#headFilled = chunk.length - at
    const length = this.#headFilled < lengthBytes ? frameLengthMin : readU32(chunk, at)
    return this.#isGoodLength(length) ? chunk.length : this.#refuse(badLength(length), chunk)
  }

  /** One byte or a few at a time, until it shows what the frame is; then on as usual. */
  #fillHead(chunk: Uint8Array, from: number): number {
    const head = this.#head
    const isCell = this.#headFilled > lengthBytes && head[lengthBytes] === linkKind.cell
    const wanted = isCell ? cellStart : this.#headFilled <= lengthBytes ? lengthBytes + 1 : headBytes
    const count = Math.min(wanted - this.#headFilled, chunk.length - from)
    head.set(chunk.subarray(from, from + count), this.#headFilled)
    this.#headFilled += count
    const at = from + count
    if (this.#headFilled < lengthBytes) return at
    const length = readU32(head, 0)
    if (!this.#isGoodLength(length)) return this.#refuse(badLength(length), chunk)
    if (this.#headFilled < headBytes || this.#headFilled < wanted) return at
    return this.#onHead(head, length, chunk, at)
  }

  #onHead(head: Uint8Array, length: number, chunk: Uint8Array, at: number): number {
    if (head[lengthBytes] === linkKind.cell) {
      if (this.#headFilled < cellStart) return at
      this.#headFilled = 0
      this.#beginCell(head, 0, length)
      return this.#refusal === undefined ? at : chunk.length
    }
    const filled = this.#headFilled
    this.#headFilled = 0
    this.#beginFrame(head.subarray(0, filled), 0, length)
    // A frame without payload is complete already.
    return this.#frame === undefined ? at : this.#fillFrame(this.#frame, chunk, at)
  }

  /** Copies what has arrived of a frame, whose head has. */
  #beginFrame(bytes: Uint8Array, at: number, length: number): number {
    const frame = new Uint8Array(lengthBytes + length)
    frame.set(bytes.subarray(at))
    this.#frame = frame
    this.#frameFilled = bytes.length - at
    return bytes.length
  }

  #fillFrame(frame: Uint8Array, chunk: Uint8Array, from: number): number {
    const count = Math.min(frame.length - this.#frameFilled, chunk.length - from)
    frame.set(chunk.subarray(from, from + count), this.#frameFilled)
    this.#frameFilled += count
    if (this.#frameFilled < frame.length) return from + count
    this.#frame = undefined
    const kind = frame[lengthBytes] ?? 0
    const refusal = this.sink.onFrame(kind, frame[5] ?? 0, readU48(frame, 6), frame, headBytes, frame.length)
    return refusal === undefined ? from + count : this.#refuse(refusal, chunk)
  }

  #beginCell(bytes: Uint8Array, at: number, length: number): number {
    const cellBytes = length - frameLengthMin - cellHeadBytes
    if (cellBytes <= 0 || (bytes[at + 5] ?? 0) !== 0) return this.#refuse('a cell that is empty or has flags', bytes)
    const refusal = this.sink.onCell(readU48(bytes, at + 6), bytes, at + headBytes, cellBytes)
    if (refusal !== undefined) return this.#refuse(refusal, bytes)
    this.#cellLeft = cellBytes
    return at + cellStart
  }

  #onCellLeft(chunk: Uint8Array, from: number): number {
    const end = Math.min(from + this.#cellLeft, chunk.length)
    this.#cellLeft -= end - from
    const refusal = this.sink.onCellPart(chunk, from, end)
    return refusal === undefined ? end : this.#refuse(refusal, chunk)
  }

  #isGoodLength(length: number): boolean {
    return length >= frameLengthMin && length <= this.lengthMax
  }

  #refuse(refusal: string, chunk: Uint8Array): number {
    this.#refusal = refusal
    return chunk.length
  }
}

function badLength(length: number): string {
  return `a frame with length ${length}`
}

/**
 * What a process and the one that started it say to each other, over a socket that only these two hold.
 *
 * parent  ──[ Order ]──────────────────────────────▶ child     once, at the start
 * parent  ◀──[ Notice: unhandled ]─────────────────  child     an error that nobody caught; it usually ends the child
 * parent  ◀──[ Notice: returned | threw | refused ]─ child     once, when the function has ended
 *
 * A message is its length in four bytes (little-endian) and then its structured clone. What is said is bounded, so that a
 * wild process cannot fill another one's memory. Homes of primitives speak in the same frames (`home-messages.ts`).
 */
import { DefaultSerializer, deserialize } from 'node:v8'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import type { PackedArguments } from '../travel/arguments.ts'
import type { TravellingError } from '../travel/travelling-error.ts'

export interface Order {
  readonly name: string
  readonly module: string
  readonly functionName: string
  readonly args: PackedArguments
}

export type Notice =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: TravellingError }
  | { readonly kind: 'unhandled'; readonly error: TravellingError }
  /** It never ran, or its result cannot travel. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly error: TravellingError }

/** Arguments or result of a process; larger things go through a file or a pipe. */
const processMessageBytesMax = 256 * 1_048_576
const headerBytes = 4

/**
 * @param what - names the content where it is refused.
 * @throws CardumenError `too-large`, or `cannot-travel` for what structured clone itself refuses
 */
export function writeMessage(content: unknown, what: string, bytesMax = processMessageBytesMax): Buffer {
  const message = framed(content, what)
  const length = message.length - headerBytes
  if (length > bytesMax) {
    const text = `${what} of ${length} bytes is over the ${bytesMax} that a process takes.`
    throw new CardumenError('too-large', text, { hint: 'Send it through a file or a pipe.' })
  }
  message.writeUInt32LE(length)
  return message
}

const emptyHeader = new Uint8Array(headerBytes)

/** With room for the length before it, so that nothing need be copied together. */
function framed(content: unknown, what: string): Buffer {
  try {
    const serializer = new DefaultSerializer()
    serializer.writeRawBytes(emptyHeader)
    serializer.writeHeader()
    serializer.writeValue(content)
    return serializer.releaseBuffer()
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('cannot-travel', `${what} cannot go to another process: ${text}`, { cause })
  }
}

/** Cuts a stream of bytes into the messages in it. */
export class MessageReader {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(bytesMax = processMessageBytesMax) {
    this.#bytesMax = bytesMax
  }

  /**
   * The messages that are complete now.
   * @throws CardumenError `too-large` or `input-refused` for what no process of ours sends; read no more then.
   */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const messages: unknown[] = []
    for (let length = this.#nextLength(); length !== undefined && this.#bytes >= headerBytes + length; ) {
      messages.push(this.#take(length))
      length = this.#nextLength()
    }
    return messages
  }

  #nextLength(): number | undefined {
    if (this.#bytes < headerBytes) return undefined
    if ((this.#chunks[0] as Buffer).length < headerBytes) this.#join()
    const length = (this.#chunks[0] as Buffer).readUInt32LE(0)
    if (length > this.#bytesMax)
      throw new CardumenError('too-large', `A process announced a message of ${length} bytes.`)
    return length
  }

  #take(length: number): unknown {
    const all = this.#join()
    const end = headerBytes + length
    this.#chunks = end === all.length ? [] : [all.subarray(end)]
    this.#bytes -= end
    try {
      return deserialize(all.subarray(headerBytes, end))
    } catch (cause) {
      throw new CardumenError('input-refused', 'A process sent bytes that are no message.', { cause })
    }
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }
}

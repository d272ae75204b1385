/**
 * A connection from its first byte until it is a link or has been refused.
 *
 * Drives `handshake.ts` in one of its two roles, within a time and within one frame's size. It owns the connection
 * and the reader of frames throughout, and passes events on to the link that comes out of it. What one read brought of
 * small messages it hands on in turns, so that a peer that sends without end holds up no other link.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Crypto, Signer } from '../../edges/crypto.ts'
import type { Connection, Endpoint } from '../../edges/network.ts'
import { equalBytes } from '../../lib/bytes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { LamportClock } from '../../lib/lamport-clock.ts'
import { frameLengthMax, frameLengthMin, linkKind } from '../../wire/frame.ts'
import { FrameReader, type FrameSink } from '../../wire/frame-reader.ts'
import { FrameWriter } from '../../wire/frame-writer.ts'
import {
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  handshakeBytesMax,
  handshakeTimeoutMs,
  type Hello,
  isProof,
  nonceBytes,
  proofMessage,
  protocolVersion,
  refusalOf,
  type Role,
} from './handshake.ts'
import { closingMsMax, type Link } from './link.ts'

/** Between two turns of a peer that is throttled, and its messages in each. */
const throttledRestMs = 20
const throttledMessages = 8
const nothing = new Uint8Array(0)

export interface PeerRecord {
  readonly address: Address
  readonly endpoints: readonly Endpoint[]
  readonly publicKey: Uint8Array
}

export interface OpeningContext {
  readonly systemId: string
  readonly self: Address
  readonly signer: Signer
  readonly clock: Clock
  readonly crypto: Crypto
  readonly lamport: LamportClock
  identify(address: Address): Promise<PeerRecord | undefined>
}

export interface OpeningEvents {
  /** How many of its messages may be dealt with in a turn, while others wait; undefined: there are no others. */
  messagesPerTurn(link: Link): number | undefined
  /** It is to be read slowly, with a rest between two turns. */
  isThrottled(link: Link): boolean
  /** The peer has proved who it is: gives the link that takes the connection over. */
  onProven(peer: Address, connection: Connection): Link
  /** Once, unless `onProven`. `handshake-refused`, `frame-refused`, or `unreachable` where it broke or took too long. */
  onFailed(error: CardumenError): void
  /** After `onFailed`: the connection is closed too. */
  onEnded(): void
}

/** How long a link's messages may take of a turn while others wait: dear ones have a smaller number. */
const deliveringMsMax = 0.25
/** Of a piece; it grows while no message ends in one, since a large message costs little a byte. */
const pieceBytesMin = 256
const pieceBytesMax = 16_384

/** For a HELLO and a PROOF, or a REFUSAL: strangers are to cost no more than that. */
const handshakeSlabBytes = 1_024

type Phase = 'hello' | 'identifying' | 'proof' | 'proven' | 'failed'

export class Opening implements FrameSink {
  readonly #connection: Connection
  readonly #role: Role
  readonly #context: OpeningContext
  readonly #events: OpeningEvents
  readonly #reader: FrameReader
  readonly #writer = new FrameWriter(handshakeSlabBytes)
  readonly #nonce: Uint8Array
  readonly #cancelTimeout: Cancel
  #cancelEnding: Cancel = () => {}
  #record: PeerRecord | undefined
  #ours: Hello | undefined
  #theirs: Hello | undefined
  #phase: Phase = 'hello'
  #link: Link | undefined
  /** What was read and waits for its turn: the rest of one chunk, and what was on its way when reading was stopped. */
  readonly #held: Uint8Array[] = []

  /** A dialler gives the record of the peer that it dialled. */
  constructor(connection: Connection, record: PeerRecord | undefined, context: OpeningContext, events: OpeningEvents) {
    this.#connection = connection
    this.#role = record === undefined ? 'acceptor' : 'dialler'
    this.#record = record
    this.#context = context
    this.#events = events
    this.#reader = new FrameReader(this)
    this.#reader.lengthMax = frameLengthMin + handshakeBytesMax
    this.#nonce = context.crypto.randomBytes(nonceBytes)
    this.#cancelTimeout = context.clock.after(handshakeTimeoutMs, () => this.#onTimeout(), { background: true })
    connection.handle({
      onData: (chunk, isLent) => this.#onData(chunk, isLent),
      onDrain: () => this.#link?.onDrain(),
      onClose: (error) => this.#onClose(error),
    })
    if (record !== undefined) this.#sendHello(record.address)
  }

  /** Asks the engine who that is, and must not be given up before it knows: else nothing would bound the questions. */
  get isIdentifying(): boolean {
    return this.#phase === 'identifying'
  }

  /** Makes room for another: a peer that means well is done within milliseconds, and dials again where it is not. */
  evict(): void {
    this.#fail(new CardumenError('handshake-refused', 'Too many handshakes were under way, and this was the oldest.'))
    this.#connection.destroy()
  }

  /** Gives up; `onFailed` follows where it was under way. */
  destroy(): void {
    this.#fail(new CardumenError('closed', 'The links were closed.'))
    this.#connection.destroy()
  }

  onFrame(
    kind: number,
    flags: number,
    _lamport: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): string | undefined {
    if (flags !== 0 || end - start > handshakeBytesMax) return 'an oversized handshake'
    const payload = bytes.slice(start, end)
    if (kind === linkKind.refusal) return this.#onRefusal(payload)
    if (kind === linkKind.hello && this.#phase === 'hello') return this.#onHello(payload)
    if (kind === linkKind.proof && this.#phase === 'proof') return this.#onProof(payload)
    return `a frame of the kind ${kind} in the handshake`
  }

  onCell(): string {
    return 'a cell in the handshake'
  }

  onCellPart(): string {
    return 'a cell in the handshake'
  }

  #onData(chunk: Uint8Array, isLent: boolean | undefined): void {
    if (this.#held.length > 0) this.#held.push(isLent === true ? chunk.slice() : chunk)
    else this.#takeTurn(chunk, isLent)
  }

  #takeTurn(chunk: Uint8Array, isLent: boolean | undefined): void {
    const link = this.#link
    if (link === undefined) return this.#read(chunk, isLent)
    const restMs = this.#events.isThrottled(link) ? throttledRestMs : 0
    if (restMs === 0 && chunk.length <= pieceBytesMin) return this.#read(chunk, isLent)
    const messagesMax = this.#events.messagesPerTurn(link) ?? (restMs > 0 ? throttledMessages : undefined)
    if (messagesMax === undefined) return this.#read(chunk, isLent)
    const { clock } = this.#context
    const until = clock.now() + deliveringMsMax
    let before = link.receivedMessages
    const enough = before + messagesMax
    let pieceBytes = pieceBytesMin
    for (let at = 0; at < chunk.length; ) {
      if (link.receivedMessages >= enough || clock.now() > until) return this.#hold(chunk.subarray(at), isLent, restMs)
      this.#read(chunk.subarray(at, at + pieceBytes), isLent)
      at += pieceBytes
      pieceBytes = link.receivedMessages > before ? pieceBytesMin : Math.min(pieceBytesMax, pieceBytes * 4)
      before = link.receivedMessages
    }
    if (restMs > 0 && chunk.length > 0) this.#hold(nothing, false, restMs)
  }

  #hold(rest: Uint8Array, isLent: boolean | undefined, restMs: number): void {
    this.#held.unshift(isLent === true ? rest.slice() : rest)
    this.#connection.pause()
    if (restMs === 0) this.#context.clock.soon(() => this.#goOn())
    else this.#context.clock.after(restMs, () => this.#goOn(), { background: true })
  }

  #goOn(): void {
    const chunk = this.#held.shift()
    if (chunk === undefined) return
    const waiting = this.#held.length
    this.#takeTurn(chunk, false)
    if (this.#held.length > waiting) return
    if (waiting > 0) this.#context.clock.soon(() => this.#goOn())
    else this.#connection.resume()
  }

  #read(chunk: Uint8Array, isLent: boolean | undefined): void {
    if (this.#phase === 'failed') return
    const refusal = this.#reader.push(chunk, isLent)
    if (refusal === undefined) return
    if (this.#link !== undefined) this.#link.refuse(refusal)
    else this.#refuse('frame-refused', refusal)
  }

  #onHello(payload: Uint8Array): string | undefined {
    const hello = decodeHello(payload)
    if (hello === undefined) return 'something else than a HELLO'
    this.#theirs = hello
    const refusal = refusalOf(hello, {
      systemId: this.#context.systemId,
      self: this.#context.self,
      peer: this.#record?.address,
    })
    if (refusal !== undefined) this.#refuse('handshake-refused', refusal)
    else if (this.#record !== undefined) this.#onIdentified(this.#record)
    else void this.#identify(hello)
    return undefined
  }

  /** The acceptor asks who that is. Until the answer the dialler has nothing to say. */
  async #identify(hello: Hello): Promise<void> {
    this.#phase = 'identifying'
    try {
      const record = await this.#context.identify(hello.from)
      if (this.#phase !== 'identifying') return
      if (record === undefined) return this.#refuse('handshake-refused', `${hello.from} is no member`)
      this.#onIdentified(record)
    } catch (cause) {
      if (this.#phase !== 'identifying') return
      this.#refuse('unreachable', 'the member that was dialled could not look its caller up', cause)
    }
  }

  #onIdentified(record: PeerRecord): void {
    const theirs = this.#theirs
    if (theirs === undefined) return
    if (!equalBytes(theirs.publicKey, record.publicKey))
      return this.#refuse('handshake-refused', `${record.address} has another key`)
    this.#record = record
    this.#phase = 'proof'
    if (this.#role === 'dialler') return
    this.#sendHello(record.address)
    this.#sendProof(theirs)
  }

  #onProof(signature: Uint8Array): string | undefined {
    const [theirs, ours, record] = [this.#theirs, this.#ours, this.#record]
    if (theirs === undefined || ours === undefined || record === undefined || !isProof(signature))
      return 'something else than a PROOF'
    const isDialler = this.#role === 'dialler'
    const message = isDialler ? proofMessage('acceptor', ours, theirs) : proofMessage('dialler', theirs, ours)
    if (!this.#context.crypto.verify(record.publicKey, message, signature)) {
      this.#refuse('handshake-refused', `${record.address} could not prove its key`)
      return undefined
    }
    if (isDialler) this.#sendProof(theirs)
    this.#phase = 'proven'
    this.#cancelTimeout()
    const link = this.#events.onProven(record.address, this.#connection)
    this.#link = link
    this.#reader.sink = link
    this.#reader.lengthMax = frameLengthMax
    return undefined
  }

  #onRefusal(payload: Uint8Array): undefined {
    const { code, reason } = decodeRefusal(payload)
    const of = this.#record?.address ?? 'The peer'
    this.#fail(
      new CardumenError(code === 'unreachable' ? code : 'handshake-refused', `${of} refused the link: ${reason}.`),
    )
    this.#endConnection()
  }

  #refuse(code: 'handshake-refused' | 'frame-refused' | 'unreachable', reason: string, cause?: unknown): void {
    this.#fail(new CardumenError(code, `The link was refused: ${reason}.`, { cause }))
    this.#write(linkKind.refusal, encodeRefusal(code, reason))
    // Of who does not speak the protocol no byte more is read; one that does is to get the reason whatever it sends.
    if (code === 'frame-refused' && this.#role === 'acceptor') this.#connection.destroy()
    else this.#endConnection()
  }

  #onTimeout(): void {
    const code = this.#role === 'dialler' ? 'unreachable' : 'handshake-refused'
    this.#fail(new CardumenError(code, `The handshake was not done within ${handshakeTimeoutMs} ms.`))
    this.#connection.destroy()
  }

  #onClose(cause: unknown): void {
    this.#cancelTimeout()
    for (const chunk of this.#held.splice(0)) this.#read(chunk, false)
    if (this.#link !== undefined) return this.#link.onClose(cause)
    this.#fail(new CardumenError('unreachable', 'The connection broke in the handshake.', { cause }))
    this.#cancelEnding()
    this.#events.onEnded()
  }

  #fail(error: CardumenError): void {
    if (this.#phase === 'proven' || this.#phase === 'failed') return
    this.#phase = 'failed'
    this.#cancelTimeout()
    this.#events.onFailed(error)
  }

  #sendHello(to: Address): void {
    const { systemId, self, signer } = this.#context
    this.#ours = { version: protocolVersion, systemId, from: self, to, publicKey: signer.publicKey, nonce: this.#nonce }
    this.#write(linkKind.hello, encodeHello(this.#ours))
  }

  #sendProof(theirs: Hello): void {
    if (this.#ours === undefined) return
    const message =
      this.#role === 'dialler'
        ? proofMessage('dialler', this.#ours, theirs)
        : proofMessage('acceptor', theirs, this.#ours)
    this.#write(linkKind.proof, this.#context.signer.sign(message))
  }

  #write(kind: number, payload: Uint8Array): void {
    this.#writer.append(kind, this.#context.lamport.tick(), payload, payload.length, undefined)
    this.#connection.write(this.#writer.take())
  }

  #endConnection(): void {
    this.#connection.end()
    this.#cancelEnding = this.#context.clock.after(closingMsMax, () => this.#connection.destroy(), { background: true })
  }
}

/**
 * One established connection to one incarnation of a peer.
 *
 * Messages of one frame leave with the end of the turn while the socket takes them. Large ones leave in cells, and
 * only as far as the receiver has granted credit: what the socket's buffer has swallowed cannot be overtaken any
 * more, so little of a large message is let into it at a time. When the socket is full, everything waits in the
 * peer's queue and leaves by priority. A link does not reconnect: `links.ts` makes a new one.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Connection } from '../../edges/network.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { isErrorCode } from '../../lib/error-codes.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { LamportClock } from '../../lib/lamport-clock.ts'
import { Assembly } from '../../wire/cells.ts'
import {
  afterExtensions,
  cellBytesMax,
  flagExtensions,
  linkKind,
  readU32,
  userKindMin,
  writeU32,
} from '../../wire/frame.ts'
import type { FrameSink } from '../../wire/frame-reader.ts'
import { FrameWriter } from '../../wire/frame-writer.ts'
import { decodeRefusal, encodeRefusal } from './handshake.ts'
import {
  dropBegun,
  enqueue,
  finish,
  isEmpty,
  isInStream,
  type Lane,
  type LinkQueue,
  nextStream,
  type Priority,
  rotate,
  type Stream,
  takeSmall,
  wholeBytesMax,
} from './link-queue.ts'

/** Bytes of a message in one cell: fewer and larger ones leave the collector less to do. */
const cellBytes = cellBytesMax
/** Bytes of cells that may be under way; the receiver grants more as they arrive. Part of protocol version 1. */
export const windowBytes = 524_288
/** What a sender uses of them while small messages pass, which wait for what is under way before them. */
const narrowCellBytes = 16_384
const narrowWindowBytes = 32_768
/** So many bytes of cells after the last small message it uses the whole window again. */
const narrowSpanBytes = 262_144
/** At most what the narrow window holds besides a cell: else both sides might wait for each other. */
const grantBytes = 16_384
/** A batch is written when it has reached this size, else at the end of the turn. */
const batchBytesMax = 262_144
/** Small messages of one turn are written in batches of this size, so that the peer begins before the turn ends. */
const smallBatchBytes = 2_048
/** Messages of the queue that leave in a turn: where a slow peer has let many gather, others are heard in between. */
const queuedPerTurn = 512
/** How long a link that closes waits for the peer to close too. */
export const closingMsMax = 1_000

export interface LinkContext {
  readonly clock: Clock
  readonly lamport: LamportClock
}

export interface LinkEvents {
  /** Of several links to one peer only one sends what waits: else the cells of a message would leave by two ways. */
  isSender(link: Link): boolean
  onMessage(from: Address, kind: number, lamport: number, bytes: Uint8Array, start: number, end: number): void
  /** The link takes no more messages; what it had not begun to send is in the queue. It may still deliver some. */
  onLeaving(link: Link): void
  /** Once, last. Undefined: both sides let it go, and nothing was lost. */
  onClosed(link: Link, error: unknown): void
}

const noBytes = new Uint8Array(0)
type Phase = 'open' | 'leaving' | 'closing' | 'closed'

export class Link implements FrameSink {
  readonly peer: Address
  readonly #connection: Connection
  readonly #queue: LinkQueue
  readonly #clock: Clock
  readonly #lamport: LamportClock
  readonly #events: LinkEvents
  readonly #writer = new FrameWriter()
  readonly #assembly = new Assembly()
  readonly #creditFrame = new Uint8Array(4)
  #phase: Phase = 'open'
  /** Both sides have said that they let go. */
  #hasLeft = false
  #error: unknown
  #isWritable = true
  #isFlushDue = false
  #wasUsed = true
  #idleLooks = 0
  #lastId = 0
  /** What we may still send, and what the peer may. */
  #credit = windowBytes
  #granted = windowBytes
  #narrowLeft = 0
  #arrivedBytes = 0
  #cancelClosing = (): void => {}
  sentMessages = 0
  receivedMessages = 0
  framesRefused = 0

  constructor(peer: Address, connection: Connection, queue: LinkQueue, context: LinkContext, events: LinkEvents) {
    this.peer = peer
    this.#connection = connection
    this.#queue = queue
    this.#clock = context.clock
    this.#lamport = context.lamport
    this.#events = events
  }

  /** Takes messages. */
  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** Call only while it is open. Copies the header and a small body. False: no room, nothing was taken. */
  send(
    kind: number,
    priority: Priority,
    header: Uint8Array,
    headerBytes: number,
    body: Uint8Array | undefined,
  ): boolean {
    const sizeBytes = headerBytes + (body === undefined ? 0 : body.length)
    if (sizeBytes <= wholeBytesMax && this.#isWritable && this.#queue.smallMessages === 0) {
      this.#writer.append(kind, this.#lamport.tick(), header, headerBytes, body)
      this.sentMessages++
      this.#narrowLeft = narrowSpanBytes
      if (this.#writer.pendingBytes >= smallBatchBytes) this.#write()
    } else if (!enqueue(this.#queue, kind, this.#lamport.tick(), priority, header, headerBytes, body)) {
      return false
    }
    this.#flushSoon()
    return true
  }

  /** Sends what waits in the queue. A spurious call is harmless. */
  flush(): void {
    this.#isFlushDue = false
    if (this.#phase === 'closed') return
    if (this.#arrivedBytes >= grantBytes && this.#isWritable) this.#grant()
    let left = queuedPerTurn
    while (this.#isWritable && left > 0) {
      const gathered = this.#gather(left)
      if (gathered === 0 && this.#writer.pendingBytes === 0) return
      left -= gathered
      this.#write()
    }
    if (this.#isWritable) this.#flushSoon()
  }

  /** To call at intervals: how many looks in a row, with this one, have found it unused and nothing under way. */
  idleLooks(isHeld: boolean): number {
    const isBusy =
      this.#wasUsed || this.#assembly.partialMessages > 0 || isInStream(this.#queue) || this.#writer.pendingBytes > 0
    this.#wasUsed = false
    this.#idleLooks = isBusy || isHeld ? 0 : this.#idleLooks + 1
    if (!isBusy) this.#writer.shrink()
    return this.#idleLooks
  }

  /** Lets the link go once the peer agrees. Nothing is lost: until then it delivers what comes. */
  leave(): void {
    if (this.#phase !== 'open') return
    this.#phase = 'leaving'
    this.#append(linkKind.leave, noBytes)
    this.flush()
    this.#closeWithin(closingMsMax)
    this.#events.onLeaving(this)
  }

  /** Sends what was given to the socket, then closes. What waits in the queue stays there. */
  end(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    if (this.#writer.pendingBytes > 0) this.#write()
    const wasOpen = this.#phase === 'open'
    this.#phase = 'closing'
    this.#connection.end()
    this.#closeWithin(closingMsMax)
    if (wasOpen) this.#events.onLeaving(this)
  }

  /** Closes now. */
  destroy(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closing'
    this.#connection.destroy()
  }

  onDrain(): void {
    this.#isWritable = true
    this.flush()
  }

  /** The connection has ended. */
  onClose(error: unknown): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#cancelClosing()
    this.#events.onClosed(
      this,
      this.#hasLeft
        ? undefined
        : (this.#error ?? error ?? new CardumenError('unreachable', `${this.peer} closed the link.`)),
    )
  }

  onFrame(
    kind: number,
    flags: number,
    lamport: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): string | undefined {
    if (this.#phase === 'closing' || this.#phase === 'closed') return 'a frame after the end'
    this.#lamport.witness(lamport)
    if (kind < userKindMin) return this.#onLinkFrame(kind, bytes, start, end)
    this.#narrowLeft = narrowSpanBytes
    return this.#deliver(kind, flags, lamport, bytes, start, end)
  }

  onCell(lamport: number, bytes: Uint8Array, at: number, partBytes: number): string | undefined {
    if (this.#phase === 'closing' || this.#phase === 'closed') return 'a cell after the end'
    this.#lamport.witness(lamport)
    this.#granted -= partBytes
    if (this.#granted < 0) return 'a cell beyond the credit'
    this.#arrivedBytes += partBytes
    return this.#assembly.begin(lamport, bytes, at, partBytes)
  }

  onCellPart(bytes: Uint8Array, start: number, end: number): string | undefined {
    const message = this.#assembly.add(bytes, start, end)
    if (this.#arrivedBytes >= grantBytes) this.#flushSoon()
    if (message === undefined) return undefined
    return this.#deliver(message.kind, message.flags, message.lamport, message.bytes, 0, message.sizeBytes)
  }

  /** The reader has refused what the peer sent: tells it why, and closes. */
  refuse(reason: string): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.framesRefused++
    this.#error = new CardumenError('frame-refused', `${this.peer} sent ${reason}.`)
    this.#append(linkKind.refusal, encodeRefusal('frame-refused', reason))
    this.end()
  }

  #deliver(
    kind: number,
    flags: number,
    lamport: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): string | undefined {
    if (kind < userKindMin) return `a message of the kind ${kind}`
    const payload = flags === 0 ? start : payloadStart(flags, bytes, start, end)
    if (payload < 0) return 'an extension that must be understood and is not'
    this.#wasUsed = true
    this.receivedMessages++
    this.#events.onMessage(this.peer, kind, lamport, bytes, payload, end)
    return undefined
  }

  #onLinkFrame(kind: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    switch (kind) {
      case linkKind.credit:
        return this.#onCredit(bytes, start, end)
      case linkKind.leave:
        return this.#onLeave()
      case linkKind.refusal:
        return this.#onRefusal(bytes.slice(start, end))
      default:
        return `a frame of the kind ${kind} on an open link`
    }
  }

  #onCredit(bytes: Uint8Array, start: number, end: number): string | undefined {
    const credit = this.#credit + readU32(bytes, start)
    if (end - start !== 4 || credit > windowBytes) return 'a credit beyond the window'
    this.#credit = credit
    if (this.#isWritable && !isEmpty(this.#queue)) this.flush()
    return undefined
  }

  /** Answers a peer that lets go; or the peer has answered. */
  #onLeave(): undefined {
    this.#hasLeft = true
    if (this.#phase === 'open') this.#append(linkKind.leave, noBytes)
    this.end()
  }

  #onRefusal(bytes: Uint8Array): undefined {
    const { code, reason } = decodeRefusal(bytes)
    this.#error = new CardumenError(
      isErrorCode(code) ? code : 'frame-refused',
      `${this.peer} closed the link: ${reason}.`,
    )
    // What the peer would not have must not be sent to it again over the next link.
    dropBegun(this.#queue)
    this.end()
  }

  #grant(): void {
    writeU32(this.#creditFrame, 0, this.#arrivedBytes)
    this.#granted += this.#arrivedBytes
    this.#arrivedBytes = 0
    this.#append(linkKind.credit, this.#creditFrame)
  }

  #append(kind: number, payload: Uint8Array): void {
    this.#writer.append(kind, this.#lamport.tick(), payload, payload.length, undefined)
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#wasUsed = true
    this.#clock.soon(this.#onSoon)
  }

  readonly #onSoon = (): void => this.flush()

  #write(): void {
    if (!this.#connection.write(this.#writer.take())) this.#isWritable = false
  }

  /** Fills the batch from the queue; gives how many messages and cells came. */
  #gather(countMax: number): number {
    if (this.#phase !== 'open' || isEmpty(this.#queue) || !this.#events.isSender(this)) return 0
    let count = 0
    while (count < countMax && this.#writer.pendingBytes < batchBytesMax && this.#appendNext()) count++
    return count
  }

  #appendNext(): boolean {
    const queue = this.#queue
    if (isEmpty(queue)) return false
    for (const lane of queue.lanes) {
      const small = takeSmall(queue, lane)
      if (small !== undefined) {
        this.#writer.append(small.kind, small.lamport, small.header, small.header.length, small.body)
        this.sentMessages++
        return true
      }
      const stream = nextStream(lane)
      if (stream !== undefined && this.#cut(lane, stream)) return true
    }
    return false
  }

  /** Appends the next cell of the stream; false where the credit does not reach. */
  #cut(lane: Lane, stream: Stream): boolean {
    const isNarrow = this.#narrowLeft > 0
    const partBytes = Math.min(isNarrow ? narrowCellBytes : cellBytes, stream.sizeBytes - stream.sentBytes)
    if (partBytes > this.#credit - (isNarrow ? windowBytes - narrowWindowBytes : 0)) return false
    if (stream.id === 0) stream.id = this.#nextId()
    const header = stream.sentBytes === 0 ? stream.header : noBytes
    const bodyStart = Math.max(0, stream.sentBytes - stream.header.length)
    const part = stream.body.subarray(bodyStart, bodyStart + partBytes - header.length)
    this.#writer.appendCell(stream.lamport, stream.id, stream.kind, stream.sizeBytes, header, part)
    this.#credit -= partBytes
    this.#narrowLeft -= partBytes
    stream.sentBytes += partBytes
    if (stream.sentBytes < stream.sizeBytes) {
      rotate(lane)
      return true
    }
    finish(this.#queue, lane)
    this.sentMessages++
    return true
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 0xffff_ffff) + 1
    return this.#lastId
  }

  #closeWithin(delayMs: number): void {
    this.#cancelClosing()
    this.#cancelClosing = this.#clock.after(delayMs, () => this.#connection.destroy(), { background: true })
  }
}

function payloadStart(flags: number, bytes: Uint8Array, start: number, end: number): number {
  return flags === flagExtensions ? afterExtensions(bytes, start, end) : -1
}

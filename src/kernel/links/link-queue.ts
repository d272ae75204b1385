/**
 * What waits to be sent to one peer: by priority, messages of one frame apart from those that are cut into cells.
 *
 * The queue belongs to the peer, not to a link, so that what has not left yet goes out over the next link after a
 * break. A large message of which a part has left begins again there: the receiver has thrown that part away.
 */
import { assert } from '../../lib/assert.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import { messageBytesMax, prioritiesCount, streamBytesPerPriorityMax, streamsPerPriorityMax } from '../../wire/cells.ts'
import { copiedBytesMax } from '../../wire/frame-writer.ts'

/** 0 is the highest. */
export type Priority = 0 | 1 | 2 | 3

/** Messages up to this size are sent whole; larger ones in cells. */
export const wholeBytesMax = 16_384
/** Messages of one frame that wait. */
export const smallBytesMax = 8_388_608
export const smallMessagesMax = 65_536
/** Larger messages, each counted whole until its last cell has left; they lie where the sender made them. */
export const streamBytesMax = 268_435_456
export const streamsMax = 4_096

/** From so many messages of one frame on, whoever makes more for a peer that reads too slowly should wait. */
const backedUpMessages = 1_024
/** Messages that have left and still lie at the front of a lane. */
const takenMax = 1_024

export interface SmallMessage {
  readonly kind: number
  /** Of the moment at which it was given to be sent: with the sender's address it is the message's identifier in traces. */
  readonly lamport: number
  readonly header: Uint8Array
  readonly body: Uint8Array | undefined
  readonly sizeBytes: number
}

export interface Stream {
  readonly kind: number
  readonly lamport: number
  readonly header: Uint8Array
  readonly body: Uint8Array
  readonly sizeBytes: number
  /** Given by the link when the first cell leaves; 0 before. */
  id: number
  sentBytes: number
}

export interface Lane {
  readonly smalls: SmallMessage[]
  /** Index of the first message in `smalls` that has not left. */
  smallsTaken: number
  /** Those that have begun, in turn; then those that wait. */
  readonly begun: Stream[]
  readonly waiting: Stream[]
  begunBytes: number
}

/** Of one peer. */
export interface LinkQueue {
  readonly to: Address
  readonly lanes: readonly Lane[]
  smallBytes: number
  smallMessages: number
  streamBytes: number
  streams: number
}

export function emptyQueue(to: Address): LinkQueue {
  const lanes = Array.from(
    { length: prioritiesCount },
    (): Lane => ({ smalls: [], smallsTaken: 0, begun: [], waiting: [], begunBytes: 0 }),
  )
  return { to, lanes, smallBytes: 0, smallMessages: 0, streamBytes: 0, streams: 0 }
}

export function isEmpty(queue: LinkQueue): boolean {
  return queue.smallMessages === 0 && queue.streams === 0
}

/** Any message of one frame would be taken, and a large one if it fits into what is left. */
export function hasRoom(queue: LinkQueue): boolean {
  return (
    queue.smallBytes + wholeBytesMax <= smallBytesMax &&
    queue.smallMessages < smallMessagesMax &&
    queue.streams < streamsMax &&
    queue.streamBytes < streamBytesMax
  )
}

export function isBackedUp(queue: LinkQueue): boolean {
  return queue.smallMessages >= backedUpMessages
}

/**
 * Copies the header and a small body. False: no room, nothing was taken.
 * @throws CardumenError `too-large`
 */
export function enqueue(
  queue: LinkQueue,
  kind: number,
  lamport: number,
  priority: Priority,
  header: Uint8Array,
  headerBytes: number,
  body: Uint8Array | undefined,
): boolean {
  const sizeBytes = headerBytes + (body === undefined ? 0 : body.length)
  assert(headerBytes <= wholeBytesMax, 'the header of a message fits into its first cell')
  if (sizeBytes > messageBytesMax)
    throw new CardumenError('too-large', `A message of ${sizeBytes} bytes; the limit is ${messageBytesMax}.`)
  const ownHeader = header.slice(0, headerBytes)
  if (sizeBytes > wholeBytesMax) {
    return enqueueStream(queue, priority, {
      kind,
      lamport,
      header: ownHeader,
      body: body ?? new Uint8Array(0),
      sizeBytes,
      id: 0,
      sentBytes: 0,
    })
  }
  const ownBody = body !== undefined && body.length <= copiedBytesMax ? body.slice() : body
  return enqueueSmall(queue, priority, { kind, lamport, header: ownHeader, body: ownBody, sizeBytes })
}

function enqueueSmall(queue: LinkQueue, priority: Priority, message: SmallMessage): boolean {
  if (queue.smallMessages >= smallMessagesMax || queue.smallBytes + message.sizeBytes > smallBytesMax) return false
  queue.lanes[priority]?.smalls.push(message)
  queue.smallBytes += message.sizeBytes
  queue.smallMessages++
  return true
}

function enqueueStream(queue: LinkQueue, priority: Priority, stream: Stream): boolean {
  if (queue.streams >= streamsMax || queue.streamBytes + stream.sizeBytes > streamBytesMax) return false
  queue.lanes[priority]?.waiting.push(stream)
  queue.streamBytes += stream.sizeBytes
  queue.streams++
  return true
}

/** The next message of one frame of this priority, taken out of the queue. */
export function takeSmall(queue: LinkQueue, lane: Lane): SmallMessage | undefined {
  const message = lane.smalls[lane.smallsTaken]
  if (message === undefined) return undefined
  lane.smallsTaken++
  queue.smallBytes -= message.sizeBytes
  queue.smallMessages--
  if (lane.smallsTaken === lane.smalls.length || lane.smallsTaken >= takenMax) {
    lane.smalls.splice(0, lane.smallsTaken)
    lane.smallsTaken = 0
  }
  return message
}

/** The large message whose turn it is; `rotate` or `finish` follows. */
export function nextStream(lane: Lane): Stream | undefined {
  const waiting = lane.waiting[0]
  if (waiting !== undefined && mayBegin(lane, waiting)) {
    lane.waiting.shift()
    lane.begun.unshift(waiting)
    lane.begunBytes += waiting.sizeBytes
  }
  return lane.begun[0]
}

function mayBegin(lane: Lane, stream: Stream): boolean {
  if (lane.begun.length === 0) return true
  return lane.begun.length < streamsPerPriorityMax && lane.begunBytes + stream.sizeBytes <= streamBytesPerPriorityMax
}

/** A cell of the first stream has left: the next one's turn. */
export function rotate(lane: Lane): void {
  if (lane.begun.length < 2) return
  const first = lane.begun.shift()
  if (first !== undefined) lane.begun.push(first)
}

/** The last cell of the first stream has left. */
export function finish(queue: LinkQueue, lane: Lane): void {
  const stream = lane.begun.shift()
  if (stream === undefined) return
  lane.begunBytes -= stream.sizeBytes
  queue.streamBytes -= stream.sizeBytes
  queue.streams--
}

/** A large message has begun and not ended. */
export function isInStream(queue: LinkQueue): boolean {
  return queue.lanes.some((lane) => lane.begun.length > 0)
}

/** After a break: what has begun begins again, first of all. */
export function rewind(queue: LinkQueue): void {
  for (const lane of queue.lanes) {
    for (const stream of lane.begun) {
      stream.id = 0
      stream.sentBytes = 0
    }
    lane.waiting.unshift(...lane.begun)
    lane.begun.length = 0
    lane.begunBytes = 0
  }
}

/** Throws away the large messages that have begun. */
export function dropBegun(queue: LinkQueue): void {
  for (const lane of queue.lanes) while (lane.begun.length > 0) finish(queue, lane)
}

export function clear(queue: LinkQueue): void {
  for (const lane of queue.lanes) {
    lane.smalls.length = lane.waiting.length = lane.begun.length = 0
    lane.smallsTaken = lane.begunBytes = 0
  }
  queue.smallBytes = queue.smallMessages = queue.streamBytes = queue.streams = 0
}

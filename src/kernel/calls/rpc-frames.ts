/**
 * The messages of the rpc machine as bytes on a link.
 *
 * Each has a kind of frame, a short header at fixed offsets, and a body that is passed on as it is:
 *
 *   all    slot u16, sequence u48
 *   REQ    incarnation u48, remaining u48 (all ones: no deadline), window u16, priority u8, port 16, selector u16 + bytes
 *   REP    status u8, count u32      ITM  index u32      CRE  received u32, limit u32, resend u8
 *   IAA    phase u8                  AU   what u8        ACK, AYA, TA, CAN  nothing more
 *
 * Encoding writes into one scratch header that the link copies at once. Decoding checks every field and answers
 * undefined for whatever is none of ours: the message is then dropped and counted.
 */
import { toHex } from '../../lib/bytes.ts'
import type { Port } from '../../lib/identifiers.ts'
import { port } from '../../lib/identifiers.ts'
import type { Message, ReplyStatus, Req } from '../../protocols/rpc/messages.ts'
import { portBytes, writePort } from '../capabilities/capability.ts'
import { selectorBytesMax } from './selector.ts'

export const firstKind = 16
const kinds = [
  'REQ',
  'REP',
  'ACK',
  'AYA',
  'IAA',
  'TA',
  'AU',
  'CAN',
  'ITM',
  'CRE',
] as const satisfies readonly Message['kind'][]
/** Kinds of frames that these messages take, from `firstKind` on. */
export const kindsCount = kinds.length
const kindNumbers = Object.fromEntries(kinds.map((kind, index) => [kind, firstKind + index])) as Record<
  Message['kind'],
  number
>
const statuses: readonly ReplyStatus[] = ['ok', 'failed', 'dropped', 'lost']
const phases = ['waiting', 'running'] as const
const refusals = ['port', 'incarnation', 'call'] as const

const selectorStart = 41
export const headerBytesMax = selectorStart + selectorBytesMax
const noDeadline = 2 ** 48 - 1
const nothing = new Uint8Array(0)

export interface EncodedMessage {
  readonly kind: number
  /** The scratch header: valid until the next `encodeMessage`. */
  readonly header: Uint8Array
  readonly headerBytes: number
  readonly body: Uint8Array | undefined
}

const encoded = {
  kind: 0,
  header: new Uint8Array(headerBytesMax),
  headerBytes: 0,
  body: undefined as Uint8Array | undefined,
}

export function encodeMessage(message: Message): EncodedMessage {
  const header = encoded.header
  encoded.kind = kindNumbers[message.kind]
  encoded.body = undefined
  writeUint16(header, 0, message.slot)
  writeUint48(header, 2, message.sequence)
  encoded.headerBytes = writeRest(header, message)
  return encoded
}

function writeRest(header: Uint8Array, message: Message): number {
  switch (message.kind) {
    case 'REQ':
      encoded.body = message.body
      return writeReq(header, message)
    case 'REP':
      header[8] = statuses.indexOf(message.status)
      writeUint32(header, 9, message.count)
      encoded.body = message.body
      return 13
    case 'ITM':
      writeUint32(header, 8, message.index)
      encoded.body = message.body
      return 12
    case 'CRE':
      writeUint32(header, 8, message.received)
      writeUint32(header, 12, message.limit)
      header[16] = message.resend ? 1 : 0
      return 17
    case 'IAA':
      header[8] = phases.indexOf(message.phase)
      return 9
    case 'AU':
      header[8] = refusals.indexOf(message.what)
      return 9
    case 'ACK':
    case 'AYA':
    case 'TA':
    case 'CAN':
      return 8
  }
}

function writeReq(header: Uint8Array, message: Req): number {
  writeUint48(header, 8, message.incarnation)
  const { remainingMs } = message
  writeUint48(header, 14, remainingMs < noDeadline ? Math.max(0, Math.ceil(remainingMs)) : noDeadline)
  writeUint16(header, 20, message.window)
  header[22] = message.priority
  writePort(header, 23, message.port)
  writeUint16(header, selectorStart - 2, message.selector.length)
  header.set(message.selector, selectorStart)
  return selectorStart + message.selector.length
}

/** The body is a view of `bytes`. */
export function decodeMessage(kind: number, bytes: Uint8Array, start: number, end: number): Message | undefined {
  const name = kinds[kind - firstKind]
  if (name === undefined || end - start < 8) return undefined
  const slot = readUint16(bytes, start)
  const sequence = readUint48(bytes, start + 2)
  const rest = start + 8
  switch (name) {
    case 'REQ':
      return readReq(slot, sequence, bytes, rest, end)
    case 'REP': {
      const status = statuses[bytes[rest] ?? 255]
      if (status === undefined || end < rest + 5) return undefined
      return {
        kind: 'REP',
        slot,
        sequence,
        status,
        count: readUint32(bytes, rest + 1),
        body: bytes.subarray(rest + 5, end),
      }
    }
    case 'ITM':
      if (end < rest + 4) return undefined
      return { kind: 'ITM', slot, sequence, index: readUint32(bytes, rest), body: bytes.subarray(rest + 4, end) }
    case 'CRE':
      if (end !== rest + 9) return undefined
      return readCre(slot, sequence, bytes, rest)
    case 'IAA': {
      const phase = end === rest + 1 ? phases[bytes[rest] ?? 255] : undefined
      return phase && { kind: 'IAA', slot, sequence, phase }
    }
    case 'AU': {
      const what = end === rest + 1 ? refusals[bytes[rest] ?? 255] : undefined
      return what && { kind: 'AU', slot, sequence, what }
    }
    case 'ACK':
    case 'AYA':
    case 'TA':
    case 'CAN':
      return end === rest ? { kind: name, slot, sequence } : undefined
  }
}

function readReq(slot: number, sequence: number, bytes: Uint8Array, at: number, end: number): Message | undefined {
  const selectorAt = at + selectorStart - 8
  if (end < selectorAt) return undefined
  const selectorBytes = readUint16(bytes, selectorAt - 2)
  const bodyStart = selectorAt + selectorBytes
  if (selectorBytes > selectorBytesMax || end < bodyStart) return undefined
  const remaining = readUint48(bytes, at + 6)
  return {
    kind: 'REQ',
    slot,
    sequence,
    incarnation: readUint48(bytes, at),
    remainingMs: remaining === noDeadline ? Number.POSITIVE_INFINITY : remaining,
    window: readUint16(bytes, at + 12),
    priority: bytes[at + 14] ?? 0,
    port: portAt(bytes, at + 15),
    selector: bytes.subarray(selectorAt, bodyStart),
    body: bodyStart === end ? nothing : bytes.subarray(bodyStart, end),
  }
}

function readCre(slot: number, sequence: number, bytes: Uint8Array, at: number): Message {
  const resend = bytes[at + 8] === 1
  return { kind: 'CRE', slot, sequence, received: readUint32(bytes, at), limit: readUint32(bytes, at + 4), resend }
}

interface KnownPort {
  readonly bytes: Uint8Array
  readonly port: Port
}
const knownPortsMax = 1_024
const knownPorts = new Map<number, KnownPort>()

/** The same few ports come again and again: their text is made once. */
function portAt(bytes: Uint8Array, at: number): Port {
  const key = readUint32(bytes, at)
  const known = knownPorts.get(key)
  if (known !== undefined && isSame(known.bytes, bytes, at)) return known.port
  const own = bytes.slice(at, at + portBytes)
  const made = port(toHex(own))
  if (knownPorts.size >= knownPortsMax) knownPorts.clear()
  knownPorts.set(key, { bytes: own, port: made })
  return made
}

function isSame(known: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < portBytes; index++) if (known[index] !== bytes[at + index]) return false
  return true
}

function writeUint16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8
  target[at + 1] = value
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

function writeUint48(target: Uint8Array, at: number, value: number): void {
  writeUint16(target, at, Math.floor(value / 2 ** 32))
  writeUint32(target, at + 2, value % 2 ** 32)
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 0x1_0000 + readUint16(bytes, at + 2)
}

function readUint48(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 2 ** 32 + readUint32(bytes, at + 2)
}

/**
 * The messages of the locate machine as bytes on a link, in kinds of frames after those of the rpc machine:
 *
 *   LOCATE   port 16, search u48
 *   HEREIS   port 16, search u48, isKept u8, proof 128
 *   NOTHERE  port 16
 *
 * The machine knows nothing of proofs: the driver adds one to each HEREIS that leaves, and checks it in each that
 * comes before the machine sees it (`port-proof.ts`). Decoding answers undefined for whatever is none of ours.
 */
import { toHex } from '../../lib/bytes.ts'
import { port } from '../../lib/identifiers.ts'
import type { Message } from '../../protocols/locate/messages.ts'
import { readU48, writeU48 } from '../../wire/frame.ts'
import { portBytes, writePort } from '../capabilities/capability.ts'
import { portProofBytes } from './port-proof.ts'
import { kindsCount, firstKind as firstRpcKind } from '../calls/rpc-frames.ts'

export const firstLocateKind = firstRpcKind + kindsCount
const kinds = ['LOCATE', 'HEREIS', 'NOTHERE'] as const satisfies readonly Message['kind'][]
const searchEnd = portBytes + 6
const hereIsBytes = searchEnd + 1 + portProofBytes

export interface LocateFrame {
  readonly kind: number
  readonly payload: Uint8Array
}

/** What a HEREIS says beside the machine's message. */
export interface HereIsNotes {
  readonly proof: Uint8Array
  /** The port outlives its server's process: where it vanishes it is worth looking for again. */
  readonly isKept: boolean
}

export interface DecodedLocate {
  readonly message: Message
  /** Of a HEREIS. Not yet checked. */
  readonly notes: HereIsNotes | undefined
}

/** `notes`: for a HEREIS, and only for one. */
export function encodeLocate(message: Message, notes?: HereIsNotes): LocateFrame {
  const payload = new Uint8Array(notes === undefined ? bytesOf(message) : hereIsBytes)
  writePort(payload, 0, message.port)
  if (message.kind !== 'NOTHERE') writeU48(payload, portBytes, message.search)
  if (notes !== undefined) {
    payload[searchEnd] = notes.isKept ? 1 : 0
    payload.set(notes.proof, searchEnd + 1)
  }
  return { kind: firstLocateKind + kinds.indexOf(message.kind), payload }
}

export function decodeLocate(kind: number, bytes: Uint8Array, start: number, end: number): DecodedLocate | undefined {
  const name = kinds[kind - firstLocateKind]
  if (name === undefined) return undefined
  const length = end - start
  if (length !== (name === 'HEREIS' ? hereIsBytes : bytesOf({ kind: name }))) return undefined
  const of = port(toHex(bytes.subarray(start, start + portBytes)))
  if (name === 'NOTHERE') return { message: { kind: name, port: of }, notes: undefined }
  const message = { kind: name, port: of, search: readU48(bytes, start + portBytes) }
  if (name === 'LOCATE') return { message, notes: undefined }
  const noted = start + searchEnd
  if ((bytes[noted] ?? 2) > 1) return undefined
  return { message, notes: { isKept: bytes[noted] === 1, proof: bytes.slice(noted + 1, end) } }
}

function bytesOf({ kind }: Pick<Message, 'kind'>): number {
  return kind === 'NOTHERE' ? portBytes : searchEnd
}

/**
 * Several byte strings in one: how jobs, and their results, travel together.
 *
 *     u32 id │ u32 label │ u32 length │ bytes …   (little-endian, repeated, no padding)
 *
 * Sending one message costs far more than adding a small job to it, on a link and between two threads alike; so
 * whatever is at hand in one turn goes as one. What id and label mean is the sender's and receiver's business.
 */
import { CardumenError } from '../lib/cardumen-error.ts'

export interface Parcel {
  readonly id: number
  readonly label: number
  readonly content: Uint8Array
}

const headBytes = 12
const nothing = new Uint8Array(0)

export function parcel(id: number, label: number, content: Uint8Array = nothing): Parcel {
  return { id, label, content }
}

/** Fresh bytes that own the whole of their buffer, so it can be transferred to another thread. */
export function packParcels(parcels: readonly Parcel[]): Uint8Array<ArrayBuffer> {
  let sizeBytes = 0
  for (const { content } of parcels) sizeBytes += headBytes + content.length
  const bytes = new Uint8Array(sizeBytes)
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const { id, label, content } of parcels) {
    view.setUint32(offset, id, true)
    view.setUint32(offset + 4, label, true)
    view.setUint32(offset + 8, content.length, true)
    bytes.set(content, offset + headBytes)
    offset += headBytes + content.length
  }
  return bytes
}

/**
 * The contents are views of `bytes`.
 * @throws CardumenError `frame-refused` for bytes that `packParcels` does not give.
 */
export function unpackParcels(bytes: Uint8Array): Parcel[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const parcels: Parcel[] = []
  let offset = 0
  while (offset < bytes.length) {
    const start = offset + headBytes
    const end = start <= bytes.length ? start + view.getUint32(offset + 8, true) : Number.POSITIVE_INFINITY
    if (end > bytes.length) throw new CardumenError('frame-refused', 'The parcels end in the middle of one.')
    parcels.push({
      id: view.getUint32(offset, true),
      label: view.getUint32(offset + 4, true),
      content: bytes.subarray(start, end),
    })
    offset = end
  }
  return parcels
}

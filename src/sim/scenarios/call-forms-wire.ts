/**
 * What the programs of `call-forms` write into bodies: the number of a call, and for the name server an address.
 */
import { type Address, address, incarnation, incarnationOf, memberId, memberOf, port } from '../../lib/identifiers.ts'

export const servicePort = port('0123456789abcdef0123456789abcdef')
export const namesPort = port('fedcba9876543210fedcba9876543210')
export const nothing = new Uint8Array(0)

/** A body of that size which begins with the call's number. */
export function numberedBody(id: number, sizeBytes: number): Uint8Array {
  const body = new Uint8Array(sizeBytes)
  new DataView(body.buffer).setUint32(0, id)
  return body
}

/** 0, which no call has: it is too short. */
export function numberIn(body: Uint8Array): number {
  return body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset).getUint32(0)
}

export function addressBody(of: Address): Uint8Array {
  const text = memberOf(of)
  const body = new Uint8Array(4 + text.length)
  new DataView(body.buffer).setUint32(0, incarnationOf(of))
  for (let index = 0; index < text.length; index++) body[4 + index] = text.charCodeAt(index)
  return body
}

/** Undefined: it says that there is none. */
export function addressIn(body: Uint8Array): Address | undefined {
  if (body.length <= 4) return undefined
  return address(memberId(String.fromCharCode(...body.subarray(4))), incarnation(numberIn(body)))
}

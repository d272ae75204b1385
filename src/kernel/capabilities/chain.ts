/**
 * The chain of one-way steps that makes a capability unforgeable and lets any holder narrow it.
 *
 *     object key = HMAC(server's key, header)          only the server can make it
 *     t0         = HMAC(object key, system, header)
 *     ti         = HMAC(t(i-1), caveat i)              whoever holds t(i-1) can make it; nobody can go back
 *
 * These are macaroons (Birgisson, Politz, Erlingsson, Taly, Vrable and Lentczner, 2014) over HMAC-SHA-256 (RFC 2104).
 * Each use of the function has a domain of its own in front, so that no step can stand in for another. Pure and
 * synchronous, since a holder narrows without asking anybody.
 */
import { toHex } from '../../lib/bytes.ts'
import { toUtf8 } from '../../lib/text.ts'
import { keyedHash, keyedHashBytes, keyedHashOf } from './keyed-hash.ts'

export const tailBytes = keyedHashBytes
const branchBytes = 16
const domains = {
  objectKey: toUtf8('cardumen object key\n'),
  first: toUtf8('cardumen capability\n'),
  caveat: toUtf8('cardumen caveat\n'),
  branch: toUtf8('cardumen branch\n'),
}

/** For one server: the key of each of its headers. */
export function objectKeysOf(serverKey: Uint8Array): (header: Uint8Array) => Uint8Array {
  const hash = keyedHashOf(serverKey)
  return (header) => hash([domains.objectKey, header])
}

/** What the first link says of the system: its identifier, with its length in front. */
export function systemBytes(systemId: string): Uint8Array {
  const text = toUtf8(systemId)
  return Uint8Array.of(text.length, ...text)
}

/** @param system - `systemBytes` of it. */
export function firstTail(objectKey: Uint8Array, system: Uint8Array, header: Uint8Array): Uint8Array {
  return keyedHash(objectKey, [domains.first, system, header])
}

export function nextTail(tail: Uint8Array, caveat: Uint8Array): Uint8Array {
  return keyedHash(tail, [domains.caveat, caveat])
}

/**
 * What names the capability with this tail, and with it all that were narrowed from it, without opening anything: for
 * revocation lists, logs and audits.
 */
export function branchOf(tail: Uint8Array): string {
  return toHex(keyedHash(tail, [domains.branch]).subarray(0, branchBytes))
}

/**
 * What a request shows its server: the capability, and the operation that is asked for.
 *
 *     | length u16 | capability, from behind its port | operation, UTF-8 |
 *
 * The port stands in the request already. A length of 0 says that no capability is shown, which is served only where
 * it was asked for (a yardstick for benches). Made once for each capability and operation that a client uses, then sent
 * with every call; so it is read without being copied.
 */
import { concatBytes } from '../../lib/bytes.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { Capability, capabilityBytesMax, objectStart } from '../capabilities/capability.ts'

const lengthBytes = 2
/** `std.` and 64 more. */
const operationBytesMax = 68
export const selectorBytesMax = lengthBytes + capabilityBytesMax - objectStart + operationBytesMax
/** Names of operations whose bytes are kept: clients are made far more often than operations. */
const namesMax = 1_024
const names = new Map<string, Uint8Array>()
const nothing = new Uint8Array(0)

export function encodeSelector(capability: Capability, operation: string): Uint8Array {
  return selectorOf(Capability.toBytes(capability).subarray(objectStart), operation)
}

export function encodeBareSelector(operation: string): Uint8Array {
  return selectorOf(nothing, operation)
}

/** Of the capability in it; 0: none is shown. Undefined where the bytes are no selector. */
export function shownBytes(selector: Uint8Array): number | undefined {
  if (selector.length < lengthBytes) return undefined
  const length = ((selector[0] ?? 0) << 8) | (selector[1] ?? 0)
  return lengthBytes + length <= selector.length ? length : undefined
}

/** What is shown, from behind the port; a view. `length` is what `shownBytes` gave. */
export function shownIn(selector: Uint8Array, length: number): Uint8Array {
  return selector.subarray(lengthBytes, lengthBytes + length)
}

/** Undefined where it is no UTF-8. */
export function operationIn(selector: Uint8Array, length: number): string | undefined {
  return fromUtf8(selector.subarray(lengthBytes + length))
}

/**
 * A number of 30 bits by which selectors are found again. It is made of the end of the chain, which is as good as
 * random, and of the operation; that two have the same number costs time and nothing else.
 */
export function keyOfSelector(selector: Uint8Array): number {
  const end = lengthBytes + (((selector[0] ?? 0) << 8) | (selector[1] ?? 0))
  let key = 0
  for (let at = Math.max(lengthBytes, end - 4); at < end; at++) key = (key << 8) | (selector[at] ?? 0)
  for (let at = end; at < selector.length; at++) key = Math.imul(key ^ (selector[at] ?? 0), 0x01000193)
  return (key ^ (key >>> 15)) & 0x3fff_ffff
}

function selectorOf(shown: Uint8Array, operation: string): Uint8Array {
  return concatBytes([Uint8Array.of(shown.length >>> 8, shown.length), shown, bytesOfName(operation)])
}

function bytesOfName(operation: string): Uint8Array {
  const known = names.get(operation)
  if (known !== undefined) return known
  const made = toUtf8(operation)
  if (names.size >= namesMax) names.clear()
  names.set(operation, made)
  return made
}

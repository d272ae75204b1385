/**
 * HMAC-SHA-256 (RFC 2104) of short texts under keys of 32 bytes: each link of a capability is one.
 *
 * The same as the one in the library, whose SHA-256 it uses, in half the time: that one makes four hashes with
 * their buffers for each use, and here two are kept and begun anew. All of it is synchronous, so no use meets another.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { assert } from '../../lib/assert.ts'

export const keyedHashBytes = 32
const innerPad = 0x36
const outerPad = 0x5c
const fresh = sha256.create()
const inner = sha256.create()
const outer = sha256.create()
const padded = new Uint8Array(keyedHashBytes)
const digest = new Uint8Array(keyedHashBytes)
/** What is left of a block of 64 behind a key of 32: as much padding. */
const innerRest = new Uint8Array(keyedHashBytes).fill(innerPad)
const outerRest = new Uint8Array(keyedHashBytes).fill(outerPad)

/** Of the parts, one behind the other. Where one part ends and the next begins does not count. */
export function keyedHash(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  assert(key.length === keyedHashBytes, 'a key has 32 bytes')
  begin(inner, key, innerPad, innerRest)
  begin(outer, key, outerPad, outerRest)
  return finished(parts)
}

/** The same for a key that is used again and again: what follows from the key alone is made once. */
export function keyedHashOf(key: Uint8Array): (parts: readonly Uint8Array[]) => Uint8Array {
  assert(key.length === keyedHashBytes, 'a key has 32 bytes')
  const [innerBegun, outerBegun] = [sha256.create(), sha256.create()]
  begin(innerBegun, key, innerPad, innerRest)
  begin(outerBegun, key, outerPad, outerRest)
  return (parts) => {
    innerBegun._cloneInto(inner)
    outerBegun._cloneInto(outer)
    return finished(parts)
  }
}

/** With `inner` and `outer` begun. */
function finished(parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) inner.update(part)
  inner.digestInto(digest)
  const result = new Uint8Array(keyedHashBytes)
  outer.update(digest).digestInto(result)
  return result
}

function begin(hash: typeof fresh, key: Uint8Array, pad: number, rest: Uint8Array): void {
  fresh._cloneInto(hash)
  for (let index = 0; index < keyedHashBytes; index++) padded[index] = (key[index] ?? 0) ^ pad
  hash.update(padded).update(rest)
}

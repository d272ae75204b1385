/**
 * Bodies whose every word follows from whose they are: so bytes that were lost, doubled or mixed up are noticed, and not
 * only their number.
 */
import { equalBytes } from '../../lib/bytes.ts'
import { textHash } from '../digest.ts'

/** Odd, and with bits all over it: neighbours differ in all bytes (Knuth's multiplicative hashing). */
const step = 0x9e3779b1

export function contentOf(owner: string, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let word = textHash(owner)
  for (let index = 0; index < words.length; index++) {
    words[index] = word
    word = (word + step) | 0
  }
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

export function isContentOf(owner: string, body: Uint8Array): boolean {
  const words = new Uint32Array(Math.ceil(body.length / 4))
  new Uint8Array(words.buffer).set(body)
  const expected = new Uint32Array(contentOf(owner, words.length * 4).buffer)
  const whole = Math.floor(body.length / 4)
  for (let index = 0; index < whole; index++) if (words[index] !== expected[index]) return false
  const rest = body.subarray(whole * 4)
  return equalBytes(rest, new Uint8Array(expected.buffer, whole * 4, rest.length))
}

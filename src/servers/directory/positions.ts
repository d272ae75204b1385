/**
 * Where a listing that a server broke off goes on: a name, sealed, since it may be one that the asker may not know of.
 *
 * The key follows from the server's own capability, so the next server opens what this one sealed, and nothing is kept.
 * The tag is a keyed hash of directory and name and begins the key stream (after Rogaway and Shrimpton, 2006): equal
 * names look equal, and nothing else shows, not even how long one is.
 */
import { keyedHash, keyedHashBytes } from '../../kernel/capabilities/keyed-hash.ts'
import { concatBytes, equalBytes } from '../../lib/bytes.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { nameBytesMax } from './names.ts'

/** One byte for the length. */
const paddedBytes = nameBytesMax + 1
export const positionBytes = keyedHashBytes + paddedBytes

export class Positions {
  readonly #tagKey: Uint8Array
  readonly #streamKey: Uint8Array

  /** @param secret - 32 bytes that only servers of the directory have. */
  constructor(secret: Uint8Array) {
    this.#tagKey = keyedHash(secret, [toUtf8('tag of a position')])
    this.#streamKey = keyedHash(secret, [toUtf8('stream of a position')])
  }

  seal(directory: number, name: string): Uint8Array {
    const bytes = toUtf8(name)
    const padded = new Uint8Array(paddedBytes)
    padded[0] = bytes.length
    padded.set(bytes, 1)
    const tag = this.#tagOf(directory, padded)
    return concatBytes([tag, this.#streamed(tag, padded)])
  }

  /** Undefined for what no server of this directory has sealed. */
  open(directory: number, position: Uint8Array): string | undefined {
    if (position.length !== positionBytes) return undefined
    const tag = position.subarray(0, keyedHashBytes)
    const padded = this.#streamed(tag, position.subarray(keyedHashBytes))
    if (!equalBytes(tag, this.#tagOf(directory, padded))) return undefined
    return fromUtf8(padded.subarray(1, 1 + (padded[0] ?? 0)))
  }

  #tagOf(directory: number, padded: Uint8Array): Uint8Array {
    return keyedHash(this.#tagKey, [toUtf8(`${directory} `), padded])
  }

  #streamed(tag: Uint8Array, bytes: Uint8Array): Uint8Array {
    const streamed = new Uint8Array(bytes)
    for (let start = 0; start < bytes.length; start += keyedHashBytes) {
      const block = keyedHash(this.#streamKey, [tag, Uint8Array.of(start / keyedHashBytes)])
      for (let at = 0; at < keyedHashBytes && start + at < bytes.length; at++)
        streamed[start + at] = (bytes[start + at] ?? 0) ^ (block[at] ?? 0)
    }
    return streamed
  }
}

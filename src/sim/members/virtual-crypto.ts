/**
 * Secrets, hashes and signatures of one life, all of which follow from the world's seed.
 *
 * Hashes are real SHA-256, since they travel and are compared. Signatures are not: no Ed25519 is computed. The world
 * keeps the secret of every key that was made in it, a signature is two hashes over secret and message, and verifying
 * looks the secret up. So a member that does not have the signer cannot make a signature that passes, and one bit
 * changed in key, message or signature is refused, which is all that the members' protocols rely on.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Crypto, Signer } from '../../edges/crypto.ts'
import { concatBytes, equalBytes, toHex } from '../../lib/bytes.ts'
import type { Random } from '../../lib/random.ts'

/** Keys of one world; over this the oldest are forgotten, and what they signed is refused. */
const keysMax = 65_536
const keyBytes = 32

/** One for each world. */
export class VirtualKeys {
  readonly #secrets = new Map<string, Uint8Array>()

  add(publicKey: Uint8Array, secret: Uint8Array): void {
    this.#secrets.set(toHex(publicKey), secret)
    if (this.#secrets.size <= keysMax) return
    for (const [oldest] of this.#secrets) {
      this.#secrets.delete(oldest)
      return
    }
  }

  secretOf(publicKey: Uint8Array): Uint8Array | undefined {
    return this.#secrets.get(toHex(publicKey))
  }
}

export class VirtualCrypto implements Crypto {
  readonly #random: Random
  readonly #keys: VirtualKeys

  /** `random`: a stream of this life alone. */
  constructor(random: Random, keys: VirtualKeys) {
    this.#random = random
    this.#keys = keys
  }

  randomBytes(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes)
    for (let index = 0; index < sizeBytes; index++) bytes[index] = this.#random.below(256)
    return bytes
  }

  sha256(bytes: Uint8Array): Uint8Array {
    return sha256(bytes)
  }

  newSigner(): Signer {
    return this.signerOf(this.randomBytes(keyBytes))
  }

  signerOf(seed: Uint8Array): Signer {
    const secret = seed.slice()
    const publicKey = half(0, secret, new Uint8Array(0))
    this.#keys.add(publicKey, secret)
    return { publicKey, sign: (message) => signature(secret, message) }
  }

  verify(publicKey: Uint8Array, message: Uint8Array, given: Uint8Array): boolean {
    const secret = this.#keys.secretOf(publicKey)
    return secret !== undefined && equalBytes(given, signature(secret, message))
  }
}

function signature(secret: Uint8Array, message: Uint8Array): Uint8Array {
  return concatBytes([half(1, secret, message), half(2, secret, message)])
}

function half(which: number, secret: Uint8Array, message: Uint8Array): Uint8Array {
  return sha256(concatBytes([Uint8Array.of(which), secret, message]))
}

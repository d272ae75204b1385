/**
 * Node's cryptography: one-shot and synchronous. Public keys are raw, 32 bytes, which Node takes and gives as JWK.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import type { Crypto, Signer } from '../edges/crypto.ts'

const keyBytes = 32
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

export const hostCrypto: Crypto = {
  randomBytes(sizeBytes: number): Uint8Array {
    return plain(randomBytes(sizeBytes))
  },

  sha256(bytes: Uint8Array): Uint8Array {
    return plain(hash('sha256', bytes, 'buffer'))
  },

  newSigner(): Signer {
    return signerWith(generateKeyPairSync('ed25519').privateKey)
  },

  signerOf(seed: Uint8Array): Signer {
    const key = Buffer.concat([privateKeyPrefix, seed])
    return signerWith(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
  },

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== keyBytes) return false
    try {
      return verify(undefined, message, keyOf(publicKey), signature)
    } catch {
      return false
    }
  },
}

function signerWith(privateKey: KeyObject): Signer {
  return {
    publicKey: rawKey(createPublicKey(privateKey)),
    sign: (message) => plain(sign(undefined, message, privateKey)),
  }
}

function rawKey(key: KeyObject): Uint8Array {
  return plain(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'))
}

function keyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  })
}

/** A Uint8Array of its own memory, since a Buffer's `slice` does not copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}

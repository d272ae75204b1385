/**
 * Keys, hashes and signatures that cost nothing and repeat: a million handshakes would take minutes with real ones.
 *
 * A signature is a copy of what everybody could compute, and verifying compares it whole: every mistake of the code
 * around it shows, none of the mathematics. It protects nothing.
 */
import type { Crypto, Signer } from '../../src/edges/crypto.ts'
import { crc32 } from '../../src/lib/crc32.ts'

const keyBytes = 32
const signatureBytes = 64

/** The random bytes are a count, the same for each. */
export function plainCrypto(): Pick<Crypto, 'randomBytes' | 'sha256' | 'newSigner' | 'signerOf' | 'verify'> {
  let count = 0
  return {
    randomBytes: (sizeBytes) => new Uint8Array(sizeBytes).fill(++count),
    sha256: (bytes) => stretched(bytes, keyBytes),
    newSigner: () => plainSigner(++count),
    signerOf: (seed) => plainSigner(seed[0] ?? 0),
    verify: (publicKey, message, signature) => {
      const right = signatureOf(publicKey, message)
      return right.length === signature.length && right.every((byte, at) => byte === signature[at])
    },
  }
}

export function plainSigner(number: number): Signer {
  const publicKey = new Uint8Array(keyBytes).fill(number)
  return { publicKey, sign: (message) => signatureOf(publicKey, message) }
}

function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return stretched(new Uint8Array([...publicKey, ...message]), signatureBytes)
}

function stretched(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const sum = crc32(bytes)
  return Uint8Array.from({ length: sizeBytes }, (_, at) => ((sum >>> (at % 24)) ^ (at * 31)) & 0xff)
}

/**
 * Secrets, hashes and signatures. Synchronous, so that a handshake or a check of a capability is one step.
 */
export interface Crypto {
  /** Unguessable bytes. */
  randomBytes(sizeBytes: number): Uint8Array
  sha256(bytes: Uint8Array): Uint8Array
  /** A fresh Ed25519 key pair; the private half never leaves the object. */
  newSigner(): Signer
  /** The key pair that follows from 32 secret bytes; the same each time. */
  signerOf(seed: Uint8Array): Signer
  /** False for a wrong signature and for a malformed key alike. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

export interface Signer {
  /** 32 raw bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** Hashes, keys and signatures of virtual members. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { seededRandom } from '../../lib/random.ts'
import { toUtf8 } from '../../lib/text.ts'
import { VirtualCrypto, VirtualKeys } from './virtual-crypto.ts'

const message = toUtf8('who I am')

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1
  return copy
}

test('hashes are those of the world outside', () => {
  const crypto = new VirtualCrypto(seededRandom(1), new VirtualKeys())
  assert.equal(Buffer.from(crypto.sha256(message)).toString('hex'), createHash('sha256').update(message).digest('hex'))
})

test('a signature passes at every member of the world, and nothing that differs in one bit does', () => {
  const keys = new VirtualKeys()
  const [ana, bruno] = [new VirtualCrypto(seededRandom(1), keys), new VirtualCrypto(seededRandom(2), keys)]
  const signer = ana.newSigner()
  const signature = signer.sign(message)
  assert.deepEqual([signer.publicKey.length, signature.length], [32, 64])
  assert.equal(bruno.verify(signer.publicKey, message, signature), true)
  assert.equal(bruno.verify(flipped(signer.publicKey), message, signature), false)
  assert.equal(bruno.verify(signer.publicKey, flipped(message), signature), false)
  assert.equal(bruno.verify(signer.publicKey, message, flipped(signature)), false)
  assert.equal(bruno.verify(signer.publicKey, message, signature.subarray(1)), false)
  assert.equal(bruno.verify(bruno.newSigner().publicKey, message, signature), false)
  assert.equal(bruno.verify(new Uint8Array(3), message, signature), false)
})

test('secrets follow from the seed of a life and differ between lives', () => {
  const drawn = (seed: number): string => {
    const crypto = new VirtualCrypto(seededRandom(seed), new VirtualKeys())
    return Buffer.from([...crypto.randomBytes(16), ...crypto.newSigner().publicKey]).toString('hex')
  }
  assert.equal(drawn(1), drawn(1))
  assert.notEqual(drawn(1), drawn(2))
})

test('the key pair of a seed is the same at every member and in every life, and another for each seed', () => {
  const keys = new VirtualKeys()
  const [ana, bruno] = [new VirtualCrypto(seededRandom(1), keys), new VirtualCrypto(seededRandom(2), keys)]
  const seed = new Uint8Array(32).fill(5)
  const signature = ana.signerOf(seed).sign(message)
  assert.deepEqual(bruno.signerOf(seed).publicKey, ana.signerOf(seed).publicKey)
  assert.equal(bruno.verify(bruno.signerOf(seed).publicKey, message, signature), true)
  assert.notDeepEqual(ana.signerOf(flipped(seed)).publicKey, ana.signerOf(seed).publicKey)
})

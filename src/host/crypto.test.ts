/** Keys are raw, signatures hold for one message and one key, and malformed ones are simply false. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '../lib/bytes.ts'
import { toUtf8 } from '../lib/text.ts'
import { hostCrypto } from './crypto.ts'

test('a signature holds for its message and key only', () => {
  const [signer, other] = [hostCrypto.newSigner(), hostCrypto.newSigner()]
  const message = toUtf8('message')
  const signature = signer.sign(message)
  assert.equal(signer.publicKey.length, 32)
  assert.equal(signature.length, 64)
  assert.equal(hostCrypto.verify(signer.publicKey, message, signature), true)
  assert.equal(hostCrypto.verify(other.publicKey, message, signature), false)
  assert.equal(hostCrypto.verify(signer.publicKey, toUtf8('massage'), signature), false)
  assert.equal(hostCrypto.verify(signer.publicKey, message, signature.subarray(1)), false)
  assert.equal(hostCrypto.verify(new Uint8Array(31), message, signature), false)
})

test('a signature of RFC 8032 is verified with its raw key', () => {
  const key = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a') ?? assert.fail()
  const signature =
    fromHex(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ) ?? assert.fail()
  assert.equal(hostCrypto.verify(key, new Uint8Array(0), signature), true)
})

// The first test vector of RFC 8032.
test('the key pair of a seed is the known one, and the same each time', () => {
  const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60') ?? assert.fail()
  const [signer, again] = [hostCrypto.signerOf(seed), hostCrypto.signerOf(seed)]
  assert.equal(toHex(signer.publicKey), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  assert.equal(
    toHex(signer.sign(new Uint8Array(0))),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  )
  assert.deepEqual(again.publicKey, signer.publicKey)
})

test('the hash of nothing is the known one', () => {
  assert.equal(
    toHex(hostCrypto.sha256(new Uint8Array(0))),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
})

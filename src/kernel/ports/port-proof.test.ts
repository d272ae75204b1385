/** Get-port and put-port: what a proof shows, and that nothing else passes for one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hostCrypto } from '../../host/crypto.ts'
import type { Address } from '../../lib/identifiers.ts'
import { testMemberKey, testSystemId } from '../fixtures/named-server.ts'
import { getPortBytes, isPortProof, portProofBytes, provePort, putPortOf } from './port-proof.ts'

const signer = hostCrypto.signerOf(new Uint8Array(getPortBytes).fill(3))
const its = putPortOf(hostCrypto, signer.publicKey)
const at = 'server#4' as Address
const place = { systemId: testSystemId, port: its, address: at }
const proof = provePort(signer, place, testMemberKey)

describe('a put-port', () => {
  it('follows from the get-port, and is another for each', () => {
    const again = hostCrypto.signerOf(new Uint8Array(getPortBytes).fill(3))
    assert.equal(putPortOf(hostCrypto, again.publicKey), its)
    assert.notEqual(putPortOf(hostCrypto, hostCrypto.newSigner().publicKey), its)
    assert.match(its, /^[0-9a-f]{32}$/)
  })
})

describe('the proof of a port', () => {
  it('holds for its system, port, address and key of the member, and for no other', () => {
    const other = putPortOf(hostCrypto, hostCrypto.newSigner().publicKey)
    assert.deepEqual(
      [
        isPortProof(hostCrypto, place, testMemberKey, proof),
        isPortProof(hostCrypto, { ...place, systemId: 'other' }, testMemberKey, proof),
        isPortProof(hostCrypto, { ...place, port: other }, testMemberKey, proof),
        isPortProof(hostCrypto, { ...place, address: 'server#5' as Address }, testMemberKey, proof),
        isPortProof(hostCrypto, place, new Uint8Array(32).fill(6), proof),
      ],
      [true, false, false, false, false],
    )
  })

  it('does not hold with any bit of it changed', () => {
    for (let bit = 0; bit < portProofBytes * 8; bit += 3) {
      const changed = proof.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(isPortProof(hostCrypto, place, testMemberKey, changed), false, `bit ${bit}`)
    }
  })

  it('is none of any bytes, of whatever length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        assert.equal(isPortProof(hostCrypto, place, testMemberKey, bytes), false),
      ),
    )
  })

  it('cannot be made with the key of another', () => {
    const impostor = hostCrypto.newSigner()
    const made = provePort(impostor, place, testMemberKey)
    assert.equal(isPortProof(hostCrypto, place, testMemberKey, made), false)
  })
})

/**
 * Get-port and put-port: what a server alone knows, and its image, under which all others know it.
 *
 * In Amoeba a put-port is F(get-port), and the network's own hardware was to apply F, so that whoever knows a put-port
 * can send to it but cannot listen on it (Tanenbaum, Mullender and van Renesse, 1986). Here the get-port is the seed of
 * an Ed25519 key pair and F the first 16 bytes of SHA-256 over its public half. Who claims to be the server shows that
 * public half and a signature over its own address, which every caller can check, and nobody else can make. An address
 * is of one life, so a proof says nothing about a later one; and with it stands the key that the member at this address
 * proves when a link is made, so that whoever rewrites the row of a live member poses as none of its servers.
 *
 *     | public half of the get-port 32 | public key of the member 32 | signature 64 |
 */
import type { Crypto, Signer } from '../../edges/crypto.ts'
import { concatBytes, equalBytes, toHex } from '../../lib/bytes.ts'
import { type Address, type Port, port } from '../../lib/identifiers.ts'
import { toUtf8 } from '../../lib/text.ts'
import { portBytes } from '../capabilities/capability.ts'

export const getPortBytes = 32
const publicKeyBytes = 32
const signatureBytes = 64
const keysBytes = 2 * publicKeyBytes
export const portProofBytes = keysBytes + signatureBytes

/** F: from the public half of a get-port to the put-port. */
export function putPortOf(crypto: Pick<Crypto, 'sha256'>, publicKey: Uint8Array): Port {
  const image = crypto.sha256(concatBytes([toUtf8('cardumen put-port\n'), publicKey]))
  return port(toHex(image.subarray(0, portBytes)))
}

/** Where a port is said to be. */
export interface PortPlace {
  readonly systemId: string
  readonly port: Port
  readonly address: Address
}

/**
 * That the holder of the get-port serves it at this address.
 * @param memberKey - what the member there proves with each link.
 */
export function provePort(signer: Signer, place: PortPlace, memberKey: Uint8Array): Uint8Array {
  return concatBytes([signer.publicKey, memberKey, signer.sign(statement(place, memberKey))])
}

/** The key of the member that the holder of the get-port says it is at. Undefined: the bytes prove nothing. */
export function provenMemberKey(crypto: Crypto, place: PortPlace, proof: Uint8Array): Uint8Array | undefined {
  if (proof.length !== portProofBytes) return undefined
  const publicKey = proof.subarray(0, publicKeyBytes)
  if (putPortOf(crypto, publicKey) !== place.port) return undefined
  const memberKey = proof.subarray(publicKeyBytes, keysBytes)
  return crypto.verify(publicKey, statement(place, memberKey), proof.subarray(keysBytes)) ? memberKey : undefined
}

/** @param memberKey - that the member at this address has proved, or has to prove when a link is made. */
export function isPortProof(crypto: Crypto, place: PortPlace, memberKey: Uint8Array, proof: Uint8Array): boolean {
  const proven = provenMemberKey(crypto, place, proof)
  return proven !== undefined && equalBytes(proven, memberKey)
}

function statement({ systemId, port: ofPort, address }: PortPlace, memberKey: Uint8Array): Uint8Array {
  return toUtf8(JSON.stringify(['cardumen port', systemId, ofPort, address, toHex(memberKey)]))
}

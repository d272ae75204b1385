/**
 * How two members make sure of each other before anything else passes between them.
 *
 *   dialler                                    acceptor
 *     | HELLO from, to, key, nonce ------------> |   identify `from`, compare the key
 *     | <------------ HELLO + PROOF of acceptor  |
 *     | PROOF of dialler, then messages -------> |   established
 *
 * A proof signs both nonces, both addresses and the role, so neither half can be replayed elsewhere or mirrored.
 * Whoever refuses sends a REFUSAL with the reason before it closes. The link is not encrypted by this: it runs
 * over sockets of one user on one host. This file is pure; `link.ts` drives it.
 */
import { equalBytes } from '../../lib/bytes.ts'
import type { Address } from '../../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'

export const protocolVersion = 1
export const handshakeTimeoutMs = 5_000
/** Of a HELLO, a PROOF or a REFUSAL. */
export const handshakeBytesMax = 1_024
export const nonceBytes = 32
const keyBytes = 32
const signatureBytes = 64
const textBytesMax = 255
const magic = toUtf8('cardumen')

export interface Hello {
  readonly version: number
  readonly systemId: string
  readonly from: Address
  readonly to: Address
  readonly publicKey: Uint8Array
  readonly nonce: Uint8Array
}

/** `| "cardumen" | version u16 | key | nonce | system | from | to | room for later versions |`, texts with a length byte. */
export function encodeHello(hello: Hello): Uint8Array {
  const texts = [hello.systemId, hello.from, hello.to].map(toUtf8)
  const bytes = new Uint8Array(handshakeBytesMax)
  let at = 0
  const put = (part: Uint8Array): void => {
    bytes.set(part, at)
    at += part.length
  }
  put(magic)
  put(Uint8Array.of(hello.version >>> 8, hello.version & 0xff))
  put(hello.publicKey)
  put(hello.nonce)
  for (const text of texts) {
    put(Uint8Array.of(text.length))
    put(text)
  }
  return bytes.slice(0, at)
}

/**
 * Undefined where the bytes are no HELLO. One of another version may be shaped in another way behind the version,
 * so all else is empty then.
 */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length > handshakeBytesMax || !equalBytes(bytes.subarray(0, magic.length), magic)) return undefined
  let at = magic.length
  const take = (count: number): Uint8Array => bytes.slice(at, (at += count))
  const [high, low] = take(2)
  if (high === undefined || low === undefined) return undefined
  const version = high * 0x100 + low
  if (version !== protocolVersion) return unknownHello(version)
  const publicKey = take(keyBytes)
  const nonce = take(nonceBytes)
  const texts = [0, 1, 2].map(() => fromUtf8(take(take(1)[0] ?? textBytesMax + 1)))
  const [systemId, from, to] = texts
  if (at > bytes.length || systemId === undefined || from === undefined || to === undefined) return undefined
  return { version, systemId, from: from as Address, to: to as Address, publicKey, nonce }
}

function unknownHello(version: number): Hello {
  const nobody = '' as Address
  return { version, systemId: '', from: nobody, to: nobody, publicKey: new Uint8Array(0), nonce: new Uint8Array(0) }
}

export interface Expected {
  readonly systemId: string
  readonly self: Address
  /** Known to a dialler from the start. */
  readonly peer: Address | undefined
}

/** Why the peer must be refused, by what it says alone; undefined where it may be whom we want. */
export function refusalOf(hello: Hello, expected: Expected): string | undefined {
  if (hello.version !== protocolVersion) return `protocol version ${hello.version} where ${protocolVersion} is spoken`
  if (hello.systemId !== expected.systemId) return 'a member of another system'
  if (hello.to !== expected.self) return `looking for ${shown(hello.to)}, but this is ${expected.self}`
  if (expected.peer !== undefined && hello.from !== expected.peer)
    return `${shown(hello.from)} where ${expected.peer} was expected`
  return undefined
}

function shown(address: Address): string {
  return JSON.stringify(address.slice(0, 80))
}

export type Role = 'dialler' | 'acceptor'

/** What the member in `role` signs. */
export function proofMessage(role: Role, diallers: Hello, acceptors: Hello): Uint8Array {
  return toUtf8(
    JSON.stringify([
      'cardumen link',
      protocolVersion,
      role,
      diallers.systemId,
      diallers.from,
      acceptors.from,
      [...diallers.nonce],
      [...acceptors.nonce],
    ]),
  )
}

export function isProof(bytes: Uint8Array): boolean {
  return bytes.length === signatureBytes
}

/** `| code length u8 | code | reason |` */
export function encodeRefusal(code: string, reason: string): Uint8Array {
  const codeBytes = toUtf8(code)
  const reasonBytes = toUtf8(reason).subarray(0, textBytesMax)
  const bytes = new Uint8Array(1 + codeBytes.length + reasonBytes.length)
  bytes[0] = codeBytes.length
  bytes.set(codeBytes, 1)
  bytes.set(reasonBytes, 1 + codeBytes.length)
  return bytes
}

export interface Refusal {
  readonly code: string
  readonly reason: string
}

/** For people and for the error's code; a malformed one is still a refusal. */
export function decodeRefusal(bytes: Uint8Array): Refusal {
  const codeLength = bytes[0] ?? 0
  const code = fromUtf8(bytes.slice(1, 1 + codeLength)) ?? ''
  const reason = fromUtf8(bytes.slice(1 + codeLength, 1 + codeLength + textBytesMax)) ?? ''
  return { code, reason }
}

/**
 * Caveats: what each link of a capability's chain takes away, as values and as bytes.
 *
 *     rights      mask u32                         what is left of them
 *     expiry      unix time in ms, u48             refused from that moment on, by the server's clock
 *     holder      Ed25519 public key, 32 bytes     only for the member that proved this key when its link was made
 *     operations  names, each with a length byte   only these
 *
 * Each is `| kind u8 | length u8 | payload |`. There is one encoding for each value, so that a chain cannot be written
 * in two ways. A kind that this version does not know makes the whole capability unreadable: a restriction that is not
 * understood must not be passed over.
 */
import { fromUtf8, toUtf8 } from '../../lib/text.ts'

export const holderBytes = 32
const payloadBytesMax = 255
/** The year 10889: what 48 bits hold. */
export const expiryMsMax = 2 ** 48 - 1
const kinds = { rights: 1, expiry: 2, holder: 3, operations: 4 } as const

export type Caveat =
  | { readonly kind: 'rights'; readonly mask: number }
  | { readonly kind: 'expiry'; readonly atMs: number }
  | { readonly kind: 'holder'; readonly publicKey: Uint8Array }
  /** Sorted, without repetition, at least one. */
  | { readonly kind: 'operations'; readonly names: readonly string[] }

/** Undefined where it does not fit: only a list of operations can be too long. */
export function encodeCaveat(caveat: Caveat): Uint8Array | undefined {
  const payload = payloadOf(caveat)
  if (payload.length > payloadBytesMax) return undefined
  const bytes = new Uint8Array(2 + payload.length)
  bytes[0] = kinds[caveat.kind]
  bytes[1] = payload.length
  bytes.set(payload, 2)
  return bytes
}

/** Of the caveat that begins at `at`; undefined where there is none that ends before `end`. */
export function caveatEnd(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (at + 2 > end) return undefined
  const next = at + 2 + (bytes[at + 1] ?? 0)
  return next <= end ? next : undefined
}

/** @param bytes - one caveat, from its kind to its end. Undefined where it is none of ours. */
export function decodeCaveat(bytes: Uint8Array): Caveat | undefined {
  const payload = bytes.subarray(2)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  switch (bytes[0]) {
    case kinds.rights:
      return payload.length === 4 ? { kind: 'rights', mask: view.getUint32(0) } : undefined
    case kinds.expiry:
      if (payload.length !== 6) return undefined
      return { kind: 'expiry', atMs: view.getUint16(0) * 2 ** 32 + view.getUint32(2) }
    case kinds.holder:
      return payload.length === holderBytes ? { kind: 'holder', publicKey: payload.slice() } : undefined
    case kinds.operations: {
      const names = decodeNames(payload)
      return names && { kind: 'operations', names }
    }
    default:
      return undefined
  }
}

function payloadOf(caveat: Caveat): Uint8Array {
  switch (caveat.kind) {
    case 'rights': {
      const payload = new Uint8Array(4)
      new DataView(payload.buffer).setUint32(0, caveat.mask)
      return payload
    }
    case 'expiry': {
      const payload = new Uint8Array(6)
      const view = new DataView(payload.buffer)
      view.setUint16(0, Math.floor(caveat.atMs / 2 ** 32))
      view.setUint32(2, caveat.atMs % 2 ** 32)
      return payload
    }
    case 'holder':
      return caveat.publicKey
    case 'operations':
      return encodeNames(caveat.names)
  }
}

function encodeNames(names: readonly string[]): Uint8Array {
  return Uint8Array.from(
    names.flatMap((name) => {
      const bytes = toUtf8(name)
      return [bytes.length, ...bytes]
    }),
  )
}

function decodeNames(payload: Uint8Array): readonly string[] | undefined {
  const names: string[] = []
  for (let at = 0; at < payload.length; ) {
    const end = at + 1 + (payload[at] ?? 0)
    const name = end > payload.length ? undefined : fromUtf8(payload.subarray(at + 1, end))
    const last = names.at(-1)
    if (name === undefined || name === '' || (last !== undefined && name <= last)) return undefined
    names.push(name)
    at = end
  }
  return names.length === 0 ? undefined : names
}

/**
 * The rows under which a server is found: `port/<port>` says where a port is, `name/<name>/<port>` which servers a name
 * has.
 *
 *   port/<port>          address proof kept|drawn serial
 *   name/<name>/<port>   capability address proof kept|drawn serial
 *
 * Whoever can write the engine can write a row, but not the proof in it (`port-proof.ts`): readers check it before they
 * send anything there. `kept`: the port outlives its server's process, so where it vanishes it may come back. The
 * serial number tells two servings of one member apart. Pure functions of text; `server-entries.ts` writes the rows.
 */
import { fromHex, toHex } from '../../lib/bytes.ts'
import { type Address, isMemberId, memberOf, type Port } from '../../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { Capability } from '../capabilities/capability.ts'
import { portProofBytes } from './port-proof.ts'

export const namePrefix = 'name/'
export const portPrefix = 'port/'
const lifetimes = ['drawn', 'kept'] as const

export interface PortRow {
  readonly address: Address
  /** Not yet checked. */
  readonly proof: Uint8Array
  readonly isKept: boolean
  readonly serial: number
}

export interface NameRow extends PortRow {
  readonly capability: Capability
}

export function portKeyOf(port: Port): string {
  return portPrefix + port
}

export function nameKeyOf(name: string, port: Port): string {
  return `${namePrefix}${name}/${port}`
}

export function encodePortRow({ address, proof, isKept, serial }: PortRow): Uint8Array {
  return toUtf8(`${address} ${toHex(proof)} ${lifetimes[isKept ? 1 : 0]} ${serial}`)
}

export function encodeNameRow(row: NameRow): Uint8Array {
  return toUtf8(`${toHex(Capability.toBytes(row.capability))} ${fromUtf8(encodePortRow(row)) ?? ''}`)
}

/** Undefined where the value is no such row. */
export function decodePortRow(value: Uint8Array): PortRow | undefined {
  return portRowOf((fromUtf8(value) ?? '').split(' '))
}

export function decodeNameRow(value: Uint8Array): NameRow | undefined {
  const [hex = '', ...rest] = (fromUtf8(value) ?? '').split(' ')
  const bytes = fromHex(hex)
  const capability = bytes && Capability.fromBytes(bytes)
  const row = portRowOf(rest)
  return capability && row && { capability, ...row }
}

function portRowOf(parts: readonly string[]): PortRow | undefined {
  const [address = '', hex = '', lifetime = '', number = ''] = parts
  const proof = hex.length === portProofBytes * 2 ? fromHex(hex) : undefined
  const known: readonly string[] = lifetimes
  if (parts.length !== 4 || proof === undefined || !known.includes(lifetime) || !/^\d{1,15}$/.test(number))
    return undefined
  if (!/#\d{1,15}$/.test(address) || !isMemberId(memberOf(address as Address))) return undefined
  return { address: address as Address, proof, isKept: lifetime === 'kept', serial: Number(number) }
}

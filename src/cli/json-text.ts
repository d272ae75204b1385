/**
 * Values that travel between members as JSON text, for the command line; what JSON has no word for gets a plain one.
 *
 * Bytes become base64, a capability its hexadecimal text, maps and sets lists, big integers strings. This is for reading
 * and for scripts: it does not read back into the same value.
 */
import { Capability } from '../kernel/capability.ts'
import { toHex } from '../lib/bytes.ts'

export function jsonOf(value: unknown, indentation?: number): string {
  return JSON.stringify(plain(value), undefined, indentation) ?? 'null'
}

function plain(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Capability) return toHex(Capability.toBytes(value))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof Map) return [...value].map(([key, each]) => [plain(key), plain(each)])
  if (value instanceof Set) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, plain(each)]),
  )
}

/**
 * Values that travel between members as JSON text, for the command line; what JSON has no word for gets a plain one.
 *
 * Bytes become base64, maps and sets lists, big integers strings. A capability is shown redacted, as in logs, since what
 * is printed is often kept; its secret text stands there only where that was asked for. This is for reading and for
 * scripts: it does not read back into the same value.
 */
import { Capability } from '../kernel/capabilities/capability.ts'

interface JsonOptions {
  readonly indentation?: number | undefined
  /** With the texts of capabilities, which open objects. */
  readonly withSecrets?: boolean | undefined
}

export function jsonOf(value: unknown, { indentation, withSecrets = false }: JsonOptions = {}): string {
  return JSON.stringify(plain(value, withSecrets), undefined, indentation) ?? 'null'
}

function plain(value: unknown, withSecrets: boolean): unknown {
  const inner = (each: unknown): unknown => plain(each, withSecrets)
  if (value === undefined) return null
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Capability) return withSecrets ? Capability.toText(value) : value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof Map) return [...value].map(([key, each]) => [inner(key), inner(each)])
  if (value instanceof Set) return [...value].map(inner)
  if (Array.isArray(value)) return value.map(inner)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, inner(each)]),
  )
}

/**
 * When a capability shall expire, as people write it: `2h` from now, or the day or the second of a date.
 */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from './units.ts'

/** Milliseconds of Unix time. @throws InvalidArgumentError */
export function parseExpiry(text: string, nowMs = Date.now()): number {
  const span = parseDuration(text)
  if (span !== undefined) return nowMs + span
  const atMs = /^\d{4}-\d{2}-\d{2}(?:$|T)/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(atMs) && atMs > nowMs) return atMs
  throw new InvalidArgumentError('It is a time from now such as 30m, 2h or 7d, or a date to come such as 2030-01-31.')
}

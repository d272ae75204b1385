/**
 * Whether a message is one that a peer which keeps to the protocol could send: a port is 32 hexadecimal digits, and
 * the number of a search one that may have been given. What fails is counted and dropped.
 */
import type { Message } from './messages.ts'
import type { Limits } from './state.ts'

export function isWellFormed(message: Message, limits: Limits): boolean {
  if (typeof message.port !== 'string' || !/^[0-9a-f]{32}$/.test(message.port)) return false
  if (message.kind === 'NOTHERE') return true
  if (message.kind !== 'LOCATE' && message.kind !== 'HEREIS') return false
  return Number.isSafeInteger(message.search) && message.search >= 1 && message.search <= limits.searchMax
}

/**
 * Whether a message is one that a member of the ring which keeps to the protocol could send.
 *
 * Every number is held against its bound before the machine does anything with it; what fails is counted and dropped.
 */
import { type Address, memberOf } from '../../lib/identifiers.ts'
import type { Message } from './messages.ts'
import type { State } from './state.ts'

export function isWellFormed(state: State, from: Address, message: Message): boolean {
  const { limits, ring, self } = state
  if (from === self || !ring.includes(memberOf(from))) return false
  if (!isCount(message.generation, limits.numberMax) || message.generation < 1) return false
  if (!isCount(message.hop, limits.numberMax) || message.hop < 1) return false
  return message.kind === 'ACK' || (message.kind === 'TOKEN' && isCount(message.entry, limits.numberMax))
}

export function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}

/**
 * Whether a message is one that a peer which keeps to the protocol could send.
 *
 * A hostile or broken peer may put any number anywhere. Each is held against its bound here, once, before the machine
 * does anything with it: a slot that would make a table long, a window that would make a handler run ahead, a NaN
 * that would defeat every comparison. What fails is counted and dropped. Bodies are not looked into.
 */
import type { Message } from './messages.ts'
import type { Limits } from './state.ts'

export function isWellFormed(message: Message, limits: Limits): boolean {
  const { slot, sequence } = message
  if (!isCount(slot) || slot >= limits.slotsMax) return false
  if (!isCount(sequence) || sequence < 1 || sequence > limits.sequenceMax) return false
  switch (message.kind) {
    case 'REQ': {
      const { priority, window, remainingMs } = message
      if (!isCount(priority) || priority > limits.priorityMax) return false
      return isCount(window) && window <= limits.windowMax && remainingMs >= 0
    }
    case 'REP':
      return isCount(message.count)
    case 'ITM':
      return isCount(message.index)
    case 'CRE':
      return isCount(message.received) && isCount(message.limit)
    case 'ACK':
    case 'AYA':
    case 'IAA':
    case 'TA':
    case 'AU':
    case 'CAN':
      return true
    default:
      return false
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

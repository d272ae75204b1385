/**
 * Whether a message is one that a member which keeps to the protocol could send.
 *
 * Elections go up the ranks, answers come down, and an epoch belongs to the rank that it says; what fails is counted
 * and dropped.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Message } from './messages.ts'
import { type State, rankOf } from './state.ts'

export function isWellFormed(state: State, from: Address, message: Message): boolean {
  const rank = rankOf(state, from)
  const { epoch } = message
  if (rank === -1 || rank === state.rank) return false
  if (!Number.isSafeInteger(epoch) || epoch < 0 || epoch > state.limits.epochMax) return false
  switch (message.kind) {
    case 'ELECTION':
      return rank < state.rank
    case 'ANSWER':
      return rank > state.rank
    case 'COORDINATOR':
      return epoch > 0 && epoch % state.members.length === rank
    default:
      return false
  }
}

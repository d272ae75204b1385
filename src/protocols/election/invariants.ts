/**
 * What must hold of elections between two steps: of one member's state, and of the states of all that are alive.
 *
 * Simulation and search hold every state against it. A sentence for each thing that does not hold. That one leader
 * stands alone is not among them: the algorithm promises it per epoch only.
 */
import { type State, rankOf } from './state.ts'

export function brokenInvariants(state: State): string[] {
  const { role, leader, leaderEpoch, epoch, persistedEpoch, rank, members } = state
  const broken: string[] = []
  const expect = (holds: boolean, text: string): void => {
    if (!holds) broken.push(`${state.self}: ${text}`)
  }
  expect(state.peers.size < members.length, 'it knows more peers than there are members')
  expect(leaderEpoch <= epoch, 'it knows a leader of an epoch that it has not heard of')
  expect((role === 'leading') === (leader === state.self), 'it leads and does not know it, or the other way round')
  expect(role === 'following' || role === 'leading' || leader === undefined, 'it looks for a leader and has one')
  expect(role !== 'leading' || leaderEpoch <= persistedEpoch, 'it leads in an epoch that is not on disk')
  expect(persistedEpoch === 0 || persistedEpoch % members.length === rank, 'it took an epoch of another member')
  if (leader !== undefined) {
    expect(leaderEpoch % members.length === rankOf(state, leader), 'its leader leads in an epoch of another member')
    expect(rankOf(state, leader) >= rank, 'it follows a member that ranks below it')
  }
  return broken
}

/** Of all members that are alive: at most one leader per epoch, and nobody believes in another one for it. */
export function brokenTogether(states: readonly State[]): string[] {
  const leaders = new Map<number, string>()
  const broken: string[] = []
  for (const { self, leader, leaderEpoch } of states) {
    if (leader === undefined) continue
    const other = leaders.get(leaderEpoch)
    if (other !== undefined && other !== leader) {
      broken.push(`${self} takes ${leader} for the leader of epoch ${leaderEpoch}, others take ${other}`)
    }
    leaders.set(leaderEpoch, leader)
  }
  return broken
}

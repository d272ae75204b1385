/**
 * What a member remembers of elections. Plain data, with no time in it: it can be cloned, hashed and searched.
 *
 * Its size is that of the list of members, which never changes. Only the epochs that this member took itself need to
 * survive it; what it knows of those of others it may forget.
 */
import { type Address, type MemberId, memberOf } from '../../lib/identifiers.ts'

export interface Limits {
  /** How long a member waits for an answer from above: more than twice the longest delay of a message. */
  readonly answerMs: number
  /** How long it then waits to hear who leads: time for those above to wait for answers and to write. */
  readonly coordinatorMs: number
  /** How often a leader says again that it leads, which mends what lost messages left; Infinity: never. */
  readonly announceMs: number
  /** No epoch is higher: what 48 bits hold. The same at every member. */
  readonly epochMax: number
}

export const defaultLimits: Limits = { answerMs: 200, coordinatorMs: 1_000, announceMs: 1_000, epochMax: 2 ** 48 - 1 }

/**
 * `following`: a leader, or nobody yet. `electing`: has asked those above. `waiting`: one of them has answered, or the
 * last claim failed. `claiming`: has won, and its epoch is being written. `leading`: its epoch is on disk.
 */
export type Role = 'following' | 'electing' | 'waiting' | 'claiming' | 'leading'

export interface State {
  readonly self: Address
  /** In the order of their ranks, which is that of their names; the same at every member, for ever. */
  readonly members: readonly MemberId[]
  readonly rank: number
  readonly limits: Limits
  /** The life of each other member; those known to be dead are not in it. */
  readonly peers: Map<MemberId, Address>
  role: Role
  /** Written by `becomeX` only, with the role. Undefined: none is known. */
  leader: Address | undefined
  /** Of the last leader known. */
  leaderEpoch: number
  /** The greatest epoch heard of, or taken. */
  epoch: number
  /** The epoch that this life took last; 0: none yet. */
  claim: number
  /** The greatest epoch of this member's that is on disk. */
  persistedEpoch: number
  /** Messages refused because no peer that keeps to the protocol could have sent them. */
  malformed: number
}

/** `peers` are the lives known to be there at the start; a `joined` tells of further ones. */
export function initialState(
  self: Address,
  members: readonly MemberId[],
  peers: readonly Address[],
  limits: Limits = defaultLimits,
): State {
  const ranked = members.toSorted((a, b) => (a < b ? -1 : 1))
  return {
    self,
    members: ranked,
    rank: ranked.indexOf(memberOf(self)),
    limits,
    peers: new Map(peers.filter((peer) => peer !== self).map((peer) => [memberOf(peer), peer])),
    role: 'following',
    leader: undefined,
    leaderEpoch: 0,
    epoch: 0,
    claim: 0,
    persistedEpoch: 0,
    malformed: 0,
  }
}

/** -1: no member. */
export function rankOf(state: State, address: Address): number {
  return state.members.indexOf(memberOf(address))
}

/** Lives of the members above this one that are not known to be dead, by rank. */
export function peersAbove(state: State): Address[] {
  return livesOf(state, state.members.slice(state.rank + 1))
}

export function peersBelow(state: State): Address[] {
  return livesOf(state, state.members.slice(0, state.rank))
}

/** The least epoch of this member's that is greater than every one that it knows. */
export function nextEpoch(state: State): number {
  const count = state.members.length
  const round = Math.floor(state.epoch / count)
  const own = round * count + state.rank
  return own > state.epoch ? own : own + count
}

function livesOf(state: State, members: readonly MemberId[]): Address[] {
  return members.map((member) => state.peers.get(member)).filter((address) => address !== undefined)
}

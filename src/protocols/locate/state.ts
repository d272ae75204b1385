/**
 * What a member remembers of where ports are. Plain data, with no time in it: it can be cloned, hashed and searched.
 *
 * Each table has its bound in `limits`. What may be forgotten is forgotten, the least recently used first (the cache,
 * and who was told); what may not is refused (searches, those who wait, ports served, peers).
 */
import { type Address, type MemberId, memberOf, type Port } from '../../lib/identifiers.ts'

export interface Limits {
  /** Places remembered. */
  readonly cacheMax: number
  /** Searches under way. */
  readonly searchesMax: number
  /** Requests that wait for one search. */
  readonly waitingMax: number
  /** Ports served here. */
  readonly servedMax: number
  /** Of one port served here: those who were told, and hear of its withdrawal. */
  readonly toldMax: number
  readonly peersMax: number
  /** Peers asked in the first round; each further round asks twice as many. */
  readonly firstRoundPeers: number
  /** So many rounds ask everybody, since a message may be lost. */
  readonly fullRounds: number
  /** How long a round waits for an answer. */
  readonly roundMs: number
  /** No search has a higher number: what 48 bits hold. */
  readonly searchMax: number
}

export const defaultLimits: Limits = {
  cacheMax: 4_096,
  searchesMax: 1_024,
  waitingMax: 1_024,
  servedMax: 65_536,
  toldMax: 256,
  peersMax: 4_096,
  firstRoundPeers: 4,
  fullRounds: 2,
  roundMs: 50,
  searchMax: 2 ** 48 - 1,
}

export interface State {
  readonly self: Address
  readonly limits: Limits
  /** The life of each other member that is alive. */
  readonly peers: Map<MemberId, Address>
  /** Where ports were found; the one used last stands last. */
  readonly cache: Map<Port, Address>
  readonly searches: Map<Port, Search>
  /** Ports that are here, and the peers that were told so, the latest last. */
  readonly served: Map<Port, Set<Address>>
  /** Searches begun in this life. */
  begun: number
  /** Messages refused because no peer that keeps to the protocol could have sent them. */
  malformed: number
}

export interface Search {
  readonly port: Port
  readonly number: number
  /** Whom to ask, in this order. */
  readonly order: Address[]
  /** From 0. */
  round: number
  /** Rounds so far that asked everybody. */
  fullRounds: number
  /** Requests that wait for it; never empty. */
  readonly waiting: Set<number>
}

/** `peers` are the lives known to be there at the start; a `joined` tells of further ones. */
export function initialState(self: Address, peers: readonly Address[], limits: Limits = defaultLimits): State {
  return {
    self,
    limits,
    peers: new Map(peers.filter((peer) => peer !== self).map((peer) => [memberOf(peer), peer])),
    cache: new Map(),
    searches: new Map(),
    served: new Map(),
    begun: 0,
    malformed: 0,
  }
}

export function isPeer(state: State, address: Address): boolean {
  return state.peers.get(memberOf(address)) === address
}

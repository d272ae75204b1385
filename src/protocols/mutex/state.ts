/**
 * What a member of the ring remembers. Plain data, with no time in it: it can be cloned, hashed and searched.
 *
 * Memory is bounded by the ring's length and by `waitingMax`. Nothing is kept on disk: a member that dies with the
 * token has lost it, and its next life knows of no token until one comes.
 */
import type { Address, MemberId } from '../../lib/identifiers.ts'
import { memberOf } from '../../lib/identifiers.ts'
import type { Token } from './messages.ts'

export interface Limits {
  /** Wishes to enter that wait at one member; a further one is refused. */
  readonly waitingMax: number
  /** How long a token that nobody wants stays at each member; 0: it is passed on at once, for ever. */
  readonly restMs: number
  /** A TOKEN that is not acknowledged is sent again after so long, and then after twice as long… */
  readonly resendMs: number
  /** …up to this. */
  readonly resendMsMax: number
  /** No generation, hop or entry is higher: what 48 bits hold. The same at every member. */
  readonly numberMax: number
}

export const defaultLimits: Limits = {
  waitingMax: 1_024,
  restMs: 20,
  resendMs: 100,
  resendMsMax: 2_000,
  numberMax: 2 ** 48 - 1,
}

export interface State {
  readonly self: Address
  /** The order of the ring, the same at every member; whoever is not alive is skipped. */
  readonly ring: readonly MemberId[]
  readonly limits: Limits
  /** The life of each member that is alive, this one's too. */
  readonly alive: Map<MemberId, Address>
  /** The greatest that this life has heard of; 0: none yet. */
  generation: number
  /** The greatest hop of that generation at which the token was taken here; -1: it was not yet. */
  hopSeen: number
  /** The token, while it is here. */
  token: Token | undefined
  /** Who is inside; the token is then here, though it may be of a later generation than the entry. */
  inside: number | undefined
  /** Requests that want to enter, oldest first. */
  readonly waiting: number[]
  /** A token that was passed on and not acknowledged: it is not here any more, and must not be used. */
  passing: Passing | undefined
  /** Messages refused because no peer that keeps to the protocol could have sent them. */
  malformed: number
}

export interface Passing {
  readonly to: Address
  readonly token: Token
  /** Until it is sent again. */
  resendMs: number
}

/** `alive` are the lives known to be there at the start; a `joined` tells of further ones. */
export function initialState(
  self: Address,
  ring: readonly MemberId[],
  alive: readonly Address[],
  limits: Limits = defaultLimits,
): State {
  return {
    self,
    ring,
    limits,
    alive: new Map([...alive, self].map((each) => [memberOf(each), each])),
    generation: 0,
    hopSeen: -1,
    token: undefined,
    inside: undefined,
    waiting: [],
    passing: undefined,
    malformed: 0,
  }
}

/** The next member of the ring that is alive; undefined where this one is alone. */
export function successor(state: State): Address | undefined {
  const { ring } = state
  const at = ring.indexOf(memberOf(state.self))
  for (let step = 1; step < ring.length; step++) {
    const member = ring[(at + step) % ring.length]
    const address = member === undefined ? undefined : state.alive.get(member)
    if (address !== undefined) return address
  }
  return undefined
}

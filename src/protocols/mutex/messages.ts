/**
 * Mutual exclusion by a token: the messages, and how they flow.
 *
 *   a                    b                    c            the ring: a, b, c, and a again
 *   | TOKEN hop 1 ------>|                    |
 *   |<-------- ACK hop 1 |  enters, leaves    |
 *   |                    | TOKEN hop 2 ------>|  wants nothing: the token rests, then goes on
 *   |                    |<-------- ACK hop 2 |
 *   |<------------------------- TOKEN hop 3   |
 *
 *   lost:       TOKEN --->, silence, TOKEN --->: the same hop again, which its receiver knows
 *   dead peer:  the ring closes over it; whoever was handing it the token says `lost`
 *   regenerate: a token of a greater generation starts; the older one is dropped wherever it turns up
 *
 * The hop number grows with each passing, so a copy of a TOKEN is told from a later one by one number a member.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Effects } from '../../lib/machine.ts'

export interface Token {
  /** Which token this is: a regenerated one has a greater number. */
  readonly generation: number
  /** How often it was passed on. */
  readonly hop: number
  /** How often somebody entered with it. */
  readonly entry: number
}

/** Compared by generation, then by entry: each entry's is greater than every earlier one's of that token. */
export type FencingToken = readonly [generation: number, entry: number]

export type Message =
  | (Token & { readonly kind: 'TOKEN' })
  /** The TOKEN has come, or is of no use any more: it need not be sent again. */
  | { readonly kind: 'ACK'; readonly generation: number; readonly hop: number }

/** `rest`: the token has rested here long enough. `resend`: no ACK has come. */
export type Timer = { readonly kind: 'rest' } | { readonly kind: 'resend' }

/** What the driver asks for. A `request` is the driver's name for one wish to enter. */
export type Call =
  | { readonly kind: 'enter'; readonly request: number }
  /** Ends the entry; or takes back the wish, where it has not been granted yet. */
  | { readonly kind: 'leave'; readonly request: number }
  /**
   * The old token is lost, and this member was chosen to make another. A generation is given to one member, once: the
   * epoch of an election is such a number. Also how the first token comes to be. Where that member dies, another one is
   * given a later generation even if an older token still goes round: stores may have met the one that died with it.
   */
  | { readonly kind: 'regenerate'; readonly generation: number }
  /** The peer's process is gone, for certain. */
  | { readonly kind: 'parted'; readonly peer: Address }
  /** A life of a member on the ring; an earlier life of that member is over. */
  | { readonly kind: 'joined'; readonly address: Address }

export type RefusalReason =
  /** As many wishes wait here as may. */
  | 'too-many-waiting'
  /** That request waits or is inside already. */
  | 'request-known'
  /** Nothing of that request is known. */
  | 'request-unknown'
  /** A token of this generation or of a later one is known, or the number cannot be one. */
  | 'generation-stale'
  /** That member is not on the ring. */
  | 'not-on-the-ring'

export type Outcome =
  /** The request is inside until its `leave`. What it does to a store carries the fencing token. */
  | { readonly kind: 'entered'; readonly request: number; readonly fencingToken: FencingToken }
  | { readonly kind: 'left'; readonly request: number }
  /** A token of a later generation is about: stores that have seen it refuse what this request still does. */
  | { readonly kind: 'overtaken'; readonly request: number; readonly generation: number }
  /** The peer to which the token was being handed died, so the token of this generation may be lost. */
  | { readonly kind: 'lost'; readonly generation: number }
  | {
      readonly kind: 'refused'
      readonly call: Call['kind']
      readonly subject: number | Address
      readonly reason: RefusalReason
    }

export type Sink = Effects<Message, Timer, Outcome>

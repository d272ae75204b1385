/**
 * Finding the member at which a port is: the messages, and how they flow.
 *
 *   a                 b     c     d     e          who looks for a port asks a few first
 *   | LOCATE -------->|     |     |     |          … silence …
 *   | LOCATE -------->|     |     |     |          then twice as many, those again among them,
 *   | LOCATE -------------->|     |     |
 *   |<-------------- HEREIS |     |     |          until it is answered, or all were asked in vain
 *
 *   withdrawn:  NOTHERE ---> to those who were told HEREIS, so that they forget it
 *
 * FLIP's locate (Amoeba; Kaashoek, van Renesse, van Staveren and Tanenbaum, 1993) broadcasts over ever more networks.
 * Links know no broadcast, so the ring that widens is one of members. A server announces nothing until it is asked,
 * and who does not serve the port is silent.
 */
import type { Address, Port } from '../../lib/identifiers.ts'
import type { Effects } from '../../lib/machine.ts'

export type Message =
  /** `search` numbers the searches of one life, so that the answer to an earlier one is not taken for this one's. */
  | { readonly kind: 'LOCATE' | 'HEREIS'; readonly port: Port; readonly search: number }
  | { readonly kind: 'NOTHERE'; readonly port: Port }

/** Nobody has answered that round of that search. */
export interface Timer {
  readonly kind: 'round'
  readonly port: Port
  readonly search: number
  readonly round: number
}

/** What the driver asks for. A `request` is the driver's name for one question. */
export type Call =
  | { readonly kind: 'locate'; readonly request: number; readonly port: Port }
  /** Nobody waits for the answer any more; there will be none. */
  | { readonly kind: 'cancel'; readonly request: number; readonly port: Port }
  /** The port is at this member from now on. */
  | { readonly kind: 'serve'; readonly port: Port }
  | { readonly kind: 'withdraw'; readonly port: Port }
  /** The driver found out that the port is not there (any more), as when a request came back. */
  | { readonly kind: 'not-here'; readonly port: Port; readonly at: Address }
  /** The peer's process is gone, for certain. */
  | { readonly kind: 'parted'; readonly peer: Address }
  /** A life of a member; an earlier life of that member is over. */
  | { readonly kind: 'joined'; readonly address: Address }

export type RefusalReason = 'too-many-searches' | 'too-many-waiting' | 'too-many-served' | 'too-many-peers'

/** A `locate` has one of the first three, unless it is cancelled. */
export type Outcome =
  /** It was there when it was asked, or last heard of; the driver says `not-here` where it proves not to be. */
  | { readonly kind: 'located'; readonly request: number; readonly port: Port; readonly at: Address }
  /** Everybody was asked and nobody answered in time. */
  | { readonly kind: 'not-found'; readonly request: number; readonly port: Port }
  | { readonly kind: 'not-asked'; readonly request: number; readonly port: Port; readonly reason: RefusalReason }
  | {
      readonly kind: 'refused'
      readonly call: 'serve' | 'joined'
      readonly subject: Port | Address
      readonly reason: RefusalReason
    }

export type Sink = Effects<Message, Timer, Outcome>

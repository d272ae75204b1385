/**
 * Election of a leader by bullying: the messages, and how they flow.
 *
 *   low                 middle                high (dead)      ranks grow to the right
 *   | ELECTION -------->|                     |   low suspects the leader, and asks all above it
 *   | ELECTION ------------------------------>|
 *   |<---------- ANSWER |                     |   low stops: somebody above it is alive
 *   |                   | ELECTION ---------->|   middle holds its own election
 *   |                   |   … silence …           nobody above it answers: it takes an epoch, on disk
 *   |<- COORDINATOR 7   |                     |   and only then says that it leads
 *
 *   not announced:  low waits in vain for the COORDINATOR: it holds another election
 *   stale:          a COORDINATOR of an older epoch is refused
 *   repeated:       a leader says COORDINATOR again and again, to all; whoever ranks above it and hears it, bullies it
 *
 * Each message carries the greatest epoch that its sender has heard of, so that a winner takes a greater one. An epoch
 * says whose it is: modulo the number of members it is the winner's rank. So no two members ever take the same.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Effects } from '../../lib/machine.ts'

/** `epoch`: in a COORDINATOR the leader's own; in the others the greatest known, 0 where none is. */
export interface Message {
  readonly kind: 'ELECTION' | 'ANSWER' | 'COORDINATOR'
  readonly epoch: number
}

export type Timer =
  /** Nobody above has answered. */
  | { readonly kind: 'answer' }
  /** Nobody has become leader. */
  | { readonly kind: 'coordinator' }
  /** The leader says again that it leads. */
  | { readonly kind: 'announce' }

/** What the driver asks for. */
export type Call =
  /** The leader is suspected, or there is none: hold an election, unless one is under way. */
  | { readonly kind: 'start' }
  /** The peer's process is gone, for certain. */
  | { readonly kind: 'parted'; readonly peer: Address }
  /** A life of a member; an earlier life of that member is over. */
  | { readonly kind: 'joined'; readonly address: Address }

export type Outcome =
  /** This member leads, in this epoch, which is on disk. */
  | { readonly kind: 'elected'; readonly epoch: number }
  /** It led in that epoch, and knows now that it does not any more. */
  | { readonly kind: 'deposed'; readonly epoch: number }
  /** Another one leads. */
  | { readonly kind: 'led'; readonly leader: Address; readonly epoch: number }
  /** It had won, but could not write its epoch down; another election follows. */
  | { readonly kind: 'claim-failed'; readonly epoch: number; readonly code: string }
  | { readonly kind: 'refused'; readonly address: Address; readonly reason: 'not-a-member' }

/** An epoch that this member may have announced. */
export interface Persisted {
  readonly epoch: number
}

export type Sink = Effects<Message, Timer, Outcome, Persisted>

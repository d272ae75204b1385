/**
 * Mutual exclusion over shared memory: what customers and memory say to each other, one message for one access.
 *
 *   customer 1           memory            customer 2      each arrow to the memory is one access: nothing is
 *   | WRITE choosing[1] -->|                    |          done with more than one register at a time
 *   |<-------------- VALUE |                    |
 *   |                      |<-- READ choosing[1] |         VALUE answers every access; to a WRITE it says only
 *   |                      | VALUE ------------>|          that it is over
 *   | READ number[2] ----->|                    |
 *   |<-------------- VALUE |                    |
 *
 * Between two answers a customer has exactly one access outstanding. A driver on real memory carries the same accesses
 * out itself, and hands the values straight to the program (`program.ts`); nothing travels there.
 */
import type { Effects } from '../../lib/machine.ts'

/** One access to one register, by its place. The last two are indivisible: they read, write, and give what was there. */
export type Access =
  | { readonly kind: 'READ'; readonly register: number }
  | { readonly kind: 'WRITE'; readonly register: number; readonly value: number }
  | { readonly kind: 'EXCHANGE'; readonly register: number; readonly value: number }
  | { readonly kind: 'ADD'; readonly register: number; readonly value: number }

export type Answer = { readonly kind: 'VALUE'; readonly value: number }

/** Of the memory to itself, where a write lasts: it is over when this arrives. */
export type Settle = { readonly kind: 'SETTLE'; readonly customer: number; readonly register: number }

export type Message = Access | Answer | Settle

export type Call =
  /** To a customer that is outside: it wants in. */
  | { readonly kind: 'enter' }
  /** To a customer that is inside. */
  | { readonly kind: 'leave' }
  /** To the memory: that customer is dead, and until `reset` its registers may give anything. */
  | { readonly kind: 'fail'; readonly customer: number }
  /** To the memory: that customer is dead, and its registers are 0 from here on. */
  | { readonly kind: 'reset'; readonly customer: number }

export type Outcome =
  /** It is about to make its first access. */
  | { readonly kind: 'begun'; readonly customer: number }
  /** It is past the doorway: who begins after this is served after it, where the program promises that. */
  | { readonly kind: 'waiting'; readonly customer: number }
  | { readonly kind: 'entered'; readonly customer: number }
  | { readonly kind: 'left'; readonly customer: number }
  | { readonly kind: 'failed'; readonly customer: number }

export type Sink = Effects<Message, never, Outcome>

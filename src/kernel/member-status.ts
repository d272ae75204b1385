/**
 * What a member says of itself to people and tools: what it serves and waits for, and what it has refused.
 */
import type { Address } from '../lib/identifiers.ts'
import type { LinksStatus } from './links/links.ts'
import type { RefusalCounts } from './capabilities/refusals.ts'

export interface MemberStatus {
  readonly address: Address
  readonly callsInFlight: number
  readonly services: readonly string[]
  readonly links: LinksStatus
  /** Messages that no machine knows. */
  readonly messagesRefused: number
  /** Everything that was refused: capabilities, inputs, frames, handshakes, proofs of ports. */
  readonly refusals: RefusalCounts
  /** How often the engine failed while members or names were followed; what is known of them may be old meanwhile. */
  readonly engineTroubles: number
  /** The rpc machine, for people. */
  readonly rpc: string
  /** The locate machine, for people. */
  readonly locate: string
}

/**
 * What a member has refused: counted by reason and by peer, told to people now and then, and made cheap for who goes on.
 *
 * Each peer has a bucket of refusals of capabilities. Once it is empty, capabilities of that peer which are not known
 * to be genuine are refused without being computed (`throttled`), so a flood of wrong ones costs little; what it uses
 * rightly goes on. A reason is told when it first comes, then at most once in ten seconds, with the number meanwhile.
 * Nothing here knows a capability, and no text has more of one than whose it was.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Address } from '../../lib/identifiers.ts'

/** Capabilities that a peer may have refused at once before it is throttled, and how many more in each second. */
export const refusedBurstMax = 200
export const refusedPerSecondMax = 100
/** Peers whose refusals are counted apart; the one that was refused longest ago is forgotten over this. */
export const refusedPeersMax = 1_024
/** Between two summaries of one reason. */
export const summaryMs = 10_000
/** Peers that a status names, those with the most refusals. */
const peersShown = 8

const ofCapabilities = ['forged', 'expired', 'revoked', 'right', 'operation', 'holder'] as const
const ofOther = ['input', 'frame', 'handshake', 'proof', 'throttled'] as const
export type RefusalReason = (typeof ofCapabilities)[number] | (typeof ofOther)[number]

export interface RefusalCounts {
  readonly total: number
  readonly byReason: Readonly<Partial<Record<RefusalReason, number>>>
  /** Those with the most, of the peers that are remembered. */
  readonly peers: readonly { readonly peer: Address; readonly refused: number }[]
}

export interface RefusalsOptions {
  readonly clock: Clock
  /** A sentence for a log. */
  onSummary(text: string): void
}

interface PeerRefusals {
  refused: number
  /** Refusals of capabilities that are left before it is throttled, as of `at`. */
  left: number
  at: number
}

interface ReasonRefusals {
  count: number
  untold: number
  lastPeer: Address | undefined
  cancel: Cancel | undefined
}

export class Refusals {
  readonly #options: RefusalsOptions
  /** The one that was refused last stands last. */
  readonly #peers = new Map<Address, PeerRefusals>()
  readonly #reasons = new Map<RefusalReason, ReasonRefusals>()
  #isClosed = false

  constructor(options: RefusalsOptions) {
    this.#options = options
  }

  /** Undefined: nobody has proved who that is. */
  onRefused(peer: Address | undefined, reason: RefusalReason): void {
    if (peer !== undefined) this.#countFor(peer, (ofCapabilities as readonly RefusalReason[]).includes(reason))
    const known = this.#reasons.get(reason) ?? { count: 0, untold: 0, lastPeer: undefined, cancel: undefined }
    this.#reasons.set(reason, known)
    known.count++
    known.untold++
    known.lastPeer = peer
    if (known.cancel === undefined) this.#tell(reason, known)
  }

  /** Whether a capability that the peer shows, and that is not known to be genuine, is worth computing. */
  mayVerify(peer: Address): boolean {
    const known = this.#peers.get(peer)
    return known === undefined || leftAt(known, this.#options.clock.now()) >= 1
  }

  counts(): RefusalCounts {
    const byReason = Object.fromEntries([...this.#reasons].map(([reason, { count }]) => [reason, count]))
    const peers = [...this.#peers].map(([peer, { refused }]) => ({ peer, refused }))
    return {
      total: [...this.#reasons.values()].reduce((sum, { count }) => sum + count, 0),
      byReason,
      peers: peers.sort((left, right) => right.refused - left.refused).slice(0, peersShown),
    }
  }

  /** The peer is dead. */
  forget(peer: Address): void {
    this.#peers.delete(peer)
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true
    for (const { cancel } of this.#reasons.values()) cancel?.()
  }

  #countFor(peer: Address, isOfCapability: boolean): void {
    const now = this.#options.clock.now()
    const known = this.#peers.get(peer) ?? { refused: 0, left: refusedBurstMax, at: now }
    this.#peers.delete(peer)
    this.#peers.set(peer, known)
    known.refused++
    known.left = leftAt(known, now)
    known.at = now
    if (isOfCapability) known.left = Math.max(0, known.left - 1)
    if (this.#peers.size <= refusedPeersMax) return
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest)
      return
    }
  }

  #tell(reason: RefusalReason, of: ReasonRefusals): void {
    of.cancel = undefined
    if (of.untold === 0 || this.#isClosed) return
    const { untold, lastPeer } = of
    of.untold = 0
    of.cancel = this.#options.clock.after(summaryMs, () => this.#tell(reason, of), { background: true })
    const times = untold === 1 ? 'once' : `${untold} times`
    const who = lastPeer === undefined ? 'a connection that proved no member' : lastPeer
    this.#options.onSummary(`Refused ${times}: ${wordsOf(reason)}; the last from ${who}.`)
  }
}

function leftAt({ left, at }: PeerRefusals, now: number): number {
  return Math.min(refusedBurstMax, left + ((now - at) * refusedPerSecondMax) / 1_000)
}

function wordsOf(reason: RefusalReason): string {
  switch (reason) {
    case 'forged':
      return 'a capability that this member gave to nobody'
    case 'expired':
      return 'a capability after its expiry'
    case 'revoked':
      return 'a revoked capability'
    case 'right':
      return 'a capability without the right that the operation needs'
    case 'operation':
      return 'an operation that there is not, or not for that capability'
    case 'holder':
      return 'a capability in the hands of another member than its holder'
    case 'input':
      return 'an input that does not fit its operation'
    case 'frame':
      return 'a frame or message that is none'
    case 'handshake':
      return 'a handshake'
    case 'proof':
      return 'a row or an answer that named the server of a port without proof'
    case 'throttled':
      return 'a capability of a peer that had too many refused'
  }
}

/**
 * What a member keeps of one peer: its queue, its links, how dialling goes; and what of it is shown to people.
 *
 * It is plain data with questions about it, so that `links.ts`, which changes it, has room for what happens when. What a
 * peer may take is counted here over all its links: else whoever makes more of them would have more. It dials nothing.
 */
import type { Cancel } from '../../edges/clock.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Link } from './link.ts'
import { emptyQueue, type LinkQueue } from './link-queue.ts'

/** Of one peer that are dealt with before others have their turn; counted after every piece that is read. */
const messagesPerTurn = 8

export interface LinkStatus {
  readonly peer: Address
  readonly state: 'up' | 'dialling' | 'resting'
  readonly connections: number
  readonly sentMessages: number
  readonly receivedMessages: number
  readonly queuedMessages: number
  readonly queuedBytes: number
  readonly framesRefused: number
  readonly breaks: number
}

export interface LinksStatus {
  readonly peers: readonly LinkStatus[]
  /** Connections that never became a link, since something in their handshake was wrong. */
  readonly handshakesRefused: number
  /** Frames that were none, from peers and from strangers. */
  readonly framesRefused: number
}

export interface Peer {
  readonly address: Address
  readonly queue: LinkQueue
  readonly links: Set<Link>
  /** The open link that is sent on. */
  sender: Link | undefined
  isDialling: boolean
  isForgotten: boolean
  cancelRetry: Cancel | undefined
  /** Attempts since the last link, and when they are given up. */
  attempts: number
  patienceEnds: number
  everUp: boolean
  holds: number
  breaks: number
  /** Of links that are closed. */
  readonly past: { sentMessages: number; receivedMessages: number; framesRefused: number }
}

export function restingPeer(address: Address): Peer {
  return {
    address,
    queue: emptyQueue(address),
    links: new Set(),
    sender: undefined,
    isDialling: false,
    isForgotten: false,
    cancelRetry: undefined,
    attempts: 0,
    patienceEnds: 0,
    everUp: false,
    holds: 0,
    breaks: 0,
    past: { sentMessages: 0, receivedMessages: 0, framesRefused: 0 },
  }
}

export function isDialling(peer: Peer): boolean {
  return peer.isDialling || peer.cancelRetry !== undefined
}

export function statusOf(peer: Peer): LinkStatus {
  const { queue, past } = peer
  const links = [...peer.links]
  return {
    peer: peer.address,
    state: peer.sender !== undefined ? 'up' : isDialling(peer) ? 'dialling' : 'resting',
    connections: links.length,
    sentMessages: links.reduce((sum, link) => sum + link.sentMessages, past.sentMessages),
    receivedMessages: links.reduce((sum, link) => sum + link.receivedMessages, past.receivedMessages),
    queuedMessages: queue.smallMessages + queue.streams,
    queuedBytes: queue.smallBytes + queue.streamBytes,
    framesRefused: links.reduce((sum, link) => sum + link.framesRefused, past.framesRefused),
    breaks: peer.breaks,
  }
}

/** Closes a link of the peer, but not the one that is sent on, and rather one that does not close already. */
export function dropOldest(peer: Peer): void {
  const others = [...peer.links].filter((link) => link !== peer.sender)
  const oldest = others.find((link) => link.isOpen) ?? others[0]
  oldest?.destroy()
}

/** For one link of the peer: its links divide what the peer has. Undefined: of all open links there are no others. */
export function turnShareOf(peer: Peer | undefined, linksOpen: number): number | undefined {
  const ofPeer = peer?.links.size ?? 1
  return linksOpen > ofPeer ? Math.ceil(messagesPerTurn / ofPeer) : undefined
}

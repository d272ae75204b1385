/**
 * The links of one member: dialled at first use, accepted from others, let go when idle, made anew after a break.
 *
 * A peer is one incarnation. Two members that dial each other at the same moment get two links; each sends on the
 * one it had first and both listen on both. What was handed to a socket when it broke may or may not have arrived:
 * `onDown` says so, and the kernel asks about its calls. What had not been handed over waits in the peer's queue.
 * A link says nothing about life and death: whoever knows that a peer has died calls `forget`.
 */
import type { Cancel } from '../../edges/clock.ts'
import type { Connection, Endpoint, Listener, Network } from '../../edges/network.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { Arrivals } from './arrivals.ts'
import { Link, type LinkEvents } from './link.ts'
import { Opening, type OpeningContext, type PeerRecord } from './link-opening.ts'
import { dropOldest, isDialling, type LinksStatus, type Peer, restingPeer, statusOf, turnShareOf } from './link-peer.ts'
import { clear, enqueue, hasRoom, isBackedUp, isEmpty, type Priority, rewind } from './link-queue.ts'

export type { PeerRecord } from './link-opening.ts'
export type { LinkStatus, LinksStatus } from './link-peer.ts'
export type { Priority } from './link-queue.ts'

const idleMsDefault = 60_000
/** Looks at a link within its idle time; it is let go after the last look that finds it unused. */
const idleChecks = 4
/** How long a peer is dialled before what waits for it is given up. */
const dialPatienceMs = 1_500
const dialTimeoutMs = 1_000
const backoffMsMin = 10
const backoffMsMax = 400
/** Accepted connections that have not finished their handshake; over this the oldest makes room. */
export const openingsMax = 256
/** To one peer: two that dial each other have two, and a broken one may not have been noticed yet. */
export const linksPerPeerMax = 4
/** Peers that are kept in mind; the oldest that rest are dropped over this. */
const peersMax = 4_096

export interface LinksOptions extends OpeningContext {
  readonly network: Network
  readonly random: Random
  readonly idleMs?: number
  readonly events: LinksEvents
}

export interface LinksEvents {
  /** The bytes may be kept, not changed. */
  onMessage(from: Address, kind: number, lamport: number, bytes: Uint8Array, start: number, end: number): void
  /** A link is there, for the first time or again. */
  onUp(peer: Address): void
  /** A connection broke; what was sent on it may be lost. `onUp` follows where another one is left. */
  onDown(peer: Address, error: unknown): void
  /** It could not be dialled. What waited for it was thrown away and will not be sent. */
  onUnreachable(peer: Address, error: CardumenError, everUp: boolean): void
  /** For those who count: a connection in its handshake, whose peer has proved nothing, or a frame of a peer. */
  onRefused?(peer: Address | undefined, reason: 'handshake' | 'frame'): void
  /** So much of the peer was refused that it is read slowly. Asked for each of its turns. */
  isThrottled?(peer: Address): boolean
}

export class Links {
  readonly #options: LinksOptions
  readonly #peers = new Map<Address, Peer>()
  readonly #openings = new Set<Opening>()
  /** Of these the accepted ones, the oldest first. */
  readonly #accepted = new Set<Opening>()
  readonly #arrivals: Arrivals
  #linksOpen = 0
  readonly #linkEvents: LinkEvents
  #listener: Listener | undefined
  #cancelIdle: Cancel | undefined
  #isClosed = false
  #onAllClosed: (() => void) | undefined
  #handshakesRefused = 0
  #framesRefused = 0

  constructor(options: LinksOptions) {
    this.#options = options
    const { clock, events } = options
    this.#arrivals = new Arrivals({
      clock,
      admit: (connection) => this.#admit(connection),
      onTurnedAway: () => this.#countRefusal('handshake-refused', undefined),
    })
    this.#linkEvents = {
      isSender: (link) => this.#peers.get(link.peer)?.sender === link,
      onMessage: (from, kind, lamport, bytes, start, end) => events.onMessage(from, kind, lamport, bytes, start, end),
      onLeaving: (link) => this.#onLeaving(link),
      onClosed: (link, error) => this.#onLinkClosed(link, error),
    }
  }

  /** Accepts links from others. Resolves to where they can dial. */
  async listen(name: string): Promise<readonly Endpoint[]> {
    const listener = await this.#options.network.listen(name, (connection) => this.#arrivals.add(connection))
    if (this.#isClosed) await listener.close()
    this.#listener = listener
    return listener.endpoints
  }

  /**
   * Sends a message, or keeps it until there is a link. Copies the header and a small body; a larger one must not
   * change any more. False: no room, or closed; nothing was taken.
   * @throws CardumenError `too-large`
   */
  send(
    to: Address,
    kind: number,
    priority: Priority,
    header: Uint8Array,
    headerBytes: number,
    body: Uint8Array | undefined,
  ): boolean {
    const peer = this.#peers.get(to) ?? this.#newPeer(to)
    if (peer.sender !== undefined) return peer.sender.send(kind, priority, header, headerBytes, body)
    if (this.#isClosed || !enqueue(peer.queue, kind, this.#options.lamport.tick(), priority, header, headerBytes, body))
      return false
    this.#dialIfNeeded(peer)
    return true
  }

  /** Whether a message to the peer would be taken. Poll it no faster than the peer can send: on `onUp` or a timer. */
  hasRoom(to: Address): boolean {
    const peer = this.#peers.get(to)
    return !this.#isClosed && (peer === undefined || hasRoom(peer.queue))
  }

  /** Whether so much waits for the peer that whoever makes more for it should wait. */
  isBackedUp(to: Address): boolean {
    const peer = this.#peers.get(to)
    return peer !== undefined && isBackedUp(peer.queue)
  }

  /** Makes a link where there is none, for whoever waits for something from the peer. `onUp` or `onUnreachable` follows. */
  connect(to: Address): void {
    this.#dialIfNeeded(this.#peers.get(to) ?? this.#newPeer(to))
  }

  /** Keeps the link to the peer although it is idle, until as many `release`s. */
  hold(peer: Address): void {
    ;(this.#peers.get(peer) ?? this.#newPeer(peer)).holds++
  }

  release(address: Address): void {
    const peer = this.#peers.get(address)
    if (peer !== undefined && peer.holds > 0) peer.holds--
  }

  /** The peer has died: closes its links without `onDown` and throws away what waited for it. */
  forget(address: Address): void {
    const peer = this.#peers.get(address)
    if (peer === undefined) return
    this.#peers.delete(address)
    peer.isForgotten = true
    peer.cancelRetry?.()
    clear(peer.queue)
    peer.sender = undefined
    for (const link of peer.links) link.destroy()
  }

  status(): LinksStatus {
    return {
      peers: [...this.#peers.values()].map(statusOf),
      handshakesRefused: this.#handshakesRefused,
      framesRefused: this.#framesRefused,
    }
  }

  /** Sends what was handed to sockets, throws away what waits, and resolves when every connection has ended. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelIdle?.()
    this.#arrivals.close()
    for (const opening of this.#openings) opening.destroy()
    const closing = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve
    })
    for (const peer of this.#peers.values()) {
      peer.cancelRetry?.()
      peer.sender = undefined
      for (const link of peer.links) link.flush()
      clear(peer.queue)
      for (const link of peer.links) link.end()
    }
    this.#resolveIfAllClosed()
    await Promise.all([closing, this.#listener?.close()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #newPeer(address: Address): Peer {
    if (this.#peers.size >= peersMax) this.#dropResting()
    const peer = restingPeer(address)
    this.#peers.set(address, peer)
    return peer
  }

  #dropResting(): void {
    for (const [address, peer] of this.#peers) {
      if (peer.links.size === 0 && !isDialling(peer) && peer.holds === 0) this.#peers.delete(address)
      if (this.#peers.size < peersMax) return
    }
  }

  #dialIfNeeded(peer: Peer): void {
    if (this.#isClosed || peer.isForgotten || isDialling(peer) || peer.sender !== undefined) return
    void this.#dial(peer)
  }

  async #dial(peer: Peer): Promise<void> {
    peer.isDialling = true
    peer.cancelRetry = undefined
    if (peer.attempts === 0) peer.patienceEnds = this.#options.clock.now() + dialPatienceMs
    peer.attempts++
    try {
      const record = await this.#options.identify(peer.address)
      if (record === undefined)
        return this.#giveUp(peer, new CardumenError('unreachable', `${peer.address} is no member.`))
      const connection = await this.#connect(record)
      if (this.#isClosed || peer.isForgotten) return connection.destroy()
      // The record's address may be another string of the same text.
      this.#open(connection, { ...record, address: peer.address })
    } catch (cause) {
      this.#onDialFailed(peer, new CardumenError('unreachable', `${peer.address} could not be dialled.`, { cause }))
    }
  }

  /** Tries the endpoints in their order; fails as the last one did. */
  async #connect(record: PeerRecord): Promise<Connection> {
    let failure: unknown = new CardumenError('unreachable', `${record.address} listens nowhere.`)
    for (const endpoint of record.endpoints) {
      try {
        return await this.#options.network.dial(endpoint, { timeoutMs: dialTimeoutMs })
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  /** False: there is no room for a further handshake. */
  #admit(connection: Connection): boolean {
    if (this.#isClosed || (this.#accepted.size >= openingsMax && !this.#makeRoom())) return false
    this.#open(connection, undefined)
    return true
  }

  /**
   * On a socket of this machine nobody can tell before the handshake who dials, so nobody has a share: the oldest goes.
   * Whoever means well is faster than so many newcomers, unless they come faster than a handshake's milliseconds.
   */
  #makeRoom(): boolean {
    for (const opening of this.#accepted) {
      if (opening.isIdentifying) continue
      opening.evict()
      this.#accepted.delete(opening)
      return true
    }
    return false
  }

  #open(connection: Connection, record: PeerRecord | undefined): void {
    const isOver = (): void => {
      this.#openings.delete(opening)
      this.#accepted.delete(opening)
    }
    const opening: Opening = new Opening(connection, record, this.#options, {
      messagesPerTurn: ({ peer }) => turnShareOf(this.#peers.get(peer), this.#linksOpen),
      isThrottled: ({ peer }) => this.#options.events.isThrottled?.(peer) === true,
      onProven: (address, proven) => {
        isOver()
        return this.#onProven(address, proven, record !== undefined)
      },
      onEnded: isOver,
      onFailed: (error) => {
        this.#countRefusal(error.code, undefined)
        if (record === undefined && error.code === 'frame-refused') this.#arrivals.onStrange()
        const peer = record === undefined ? undefined : this.#peers.get(record.address)
        if (peer !== undefined) this.#onDialFailed(peer, error)
      },
    })
    this.#openings.add(opening)
    if (record === undefined) this.#accepted.add(opening)
  }

  #countRefusal(code: CardumenError['code'], peer: Address | undefined): void {
    if (code === 'handshake-refused') this.#handshakesRefused++
    else if (code === 'frame-refused') this.#framesRefused++
    else return
    this.#options.events.onRefused?.(peer, code === 'handshake-refused' ? 'handshake' : 'frame')
  }

  #onProven(address: Address, connection: Connection, isDialler: boolean): Link {
    const peer = this.#peers.get(address) ?? this.#newPeer(address)
    if (peer.links.size >= linksPerPeerMax) dropOldest(peer)
    this.#linksOpen++
    const link = new Link(peer.address, connection, peer.queue, this.#options, this.#linkEvents)
    peer.links.add(link)
    if (isDialler) peer.isDialling = false
    peer.attempts = 0
    this.#watchIdle()
    if (peer.sender === undefined) {
      peer.cancelRetry?.()
      peer.cancelRetry = undefined
      this.#sendOn(peer, link)
      this.#options.events.onUp(peer.address)
    }
    return link
  }

  #sendOn(peer: Peer, link: Link): void {
    peer.sender = link
    peer.everUp = true
    link.flush()
  }

  #onDialFailed(peer: Peer, error: CardumenError): void {
    peer.isDialling = false
    if (this.#isClosed || peer.isForgotten || peer.sender !== undefined) return
    if (error.code !== 'unreachable') return this.#giveUp(peer, error)
    if (this.#options.clock.now() >= peer.patienceEnds) return this.#giveUp(peer, error)
    const backoffMs =
      Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(peer.attempts, 10)) * (0.5 + this.#options.random.next() / 2)
    peer.cancelRetry = this.#options.clock.after(backoffMs, () => {
      peer.cancelRetry = undefined
      this.#dialIfNeeded(peer)
    })
  }

  #giveUp(peer: Peer, error: CardumenError): void {
    peer.isDialling = false
    if (this.#isClosed || peer.isForgotten || peer.sender !== undefined) return
    peer.attempts = 0
    clear(peer.queue)
    this.#options.events.onUnreachable(peer.address, error, peer.everUp)
  }

  #onLeaving(link: Link): void {
    const peer = this.#peers.get(link.peer)
    if (peer === undefined || peer.sender !== link) return
    this.#replaceSender(peer)
  }

  /** The next open link of the peer takes over, or a new one is dialled where something waits. */
  #replaceSender(peer: Peer): void {
    peer.sender = undefined
    rewind(peer.queue)
    const next = this.#isClosed ? undefined : [...peer.links].find((link) => link.isOpen)
    if (next !== undefined) this.#sendOn(peer, next)
    else if (!isEmpty(peer.queue)) this.#dialIfNeeded(peer)
  }

  #onLinkClosed(link: Link, error: unknown): void {
    this.#linksOpen--
    for (let refused = 0; refused < link.framesRefused; refused++) this.#countRefusal('frame-refused', link.peer)
    const peer = this.#peers.get(link.peer)
    if (peer?.links.delete(link) === true) {
      peer.past.sentMessages += link.sentMessages
      peer.past.receivedMessages += link.receivedMessages
      peer.past.framesRefused += link.framesRefused
      if (error !== undefined && !this.#isClosed) this.#onBroken(peer, link, error)
    }
    this.#resolveIfAllClosed()
  }

  #onBroken(peer: Peer, link: Link, error: unknown): void {
    peer.breaks++
    if (peer.sender === link) this.#replaceSender(peer)
    this.#options.events.onDown(peer.address, error)
    if (peer.sender !== undefined) this.#options.events.onUp(peer.address)
  }

  #resolveIfAllClosed(): void {
    if (this.#onAllClosed === undefined) return
    for (const peer of this.#peers.values()) if (peer.links.size > 0) return
    this.#onAllClosed()
  }

  #watchIdle(): void {
    if (this.#cancelIdle !== undefined || this.#isClosed) return
    const delayMs = (this.#options.idleMs ?? idleMsDefault) / idleChecks
    this.#cancelIdle = this.#options.clock.after(delayMs, () => this.#onIdleCheck(), { background: true })
  }

  #onIdleCheck(): void {
    this.#cancelIdle = undefined
    let hasLinks = false
    for (const peer of this.#peers.values()) {
      for (const link of peer.links) {
        hasLinks = true
        if (link.idleLooks(peer.holds > 0) >= idleChecks) link.leave()
      }
    }
    if (hasLinks) this.#watchIdle()
  }
}

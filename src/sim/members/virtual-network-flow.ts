/**
 * One direction of one connection: what the sender has not let go of, what is under way, and what waits for a cut to
 * heal.
 *
 *   write -> backlog -> (window) -> wire -> the receiver's inbox -> acknowledged
 *                          `-> held while the direction is cut or the machine beyond it is silent
 *
 * Segments keep their order: each arrival takes the first of those under way, whichever event it was entered for. A
 * cut holds them; the next retransmission after it heals sends them, and after 15 s without an answer the sender gives
 * up. Acknowledgements are not sent one by one: they count at once, except that a window that was full opens only
 * after the way back, and never through a cut. Keep-alives there are none, so a sender that says nothing notices nothing.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { AgendaEntry } from '../time/agenda.ts'
import { Fifo } from './fifo.ts'
import { lossGiveUpMs, nextTryAtMs, type VirtualLink } from './virtual-network-link.ts'
import type { ProcessTimeline, VirtualProcess } from './virtual-process.ts'

/** Bytes on the wire and in the receiver's system that its program has not read; the rest waits at the sender. */
const windowBytes = 262_144
/** How long a sender goes on without any answer. */
const giveUpMs = 15_000

/** What is under way for longer than this arrives sooner when its link becomes wider. */
const lateMs = 500

interface Arrival {
  atMs: number
  cancel: () => void
}

/** A segment of bytes; the sender's orderly end; or the end of a stream of which the rest is lost. */
export type Segment = Uint8Array | 'end' | 'reset'

export type NetworkEvent = 'connected' | 'refused' | 'closed' | 'broken' | 'reset' | 'lost' | 'held' | 'given-up'

/** `name`: the member at which it happened. */
export type NetworkEventHook = (event: NetworkEvent, detail: { readonly peer: string }, name: string) => void

export interface FlowWorld {
  readonly timeline: ProcessTimeline
  /** Flows that get no answer; asked again when the network changes. */
  readonly stalled: Set<Flow>
  /** Flows with something under way that needs long; told when their link becomes wider. */
  readonly late: Set<Flow>
  readonly onEvent: NetworkEventHook | undefined
  /** Its machine is down, so nothing refuses what is sent to it. */
  isSilent(process: VirtualProcess): boolean
}

export interface FlowEnd {
  readonly process: VirtualProcess
  readonly isClosed: boolean
  receive(segment: Segment): void
  /** Everything that was pushed has left the process. */
  onEmptied(): void
  /** The other side's system knows nothing of this connection. */
  readonly onReset: () => void
  /** Gives the connection up. */
  fail(error: CardumenError): void
}

export class Flow {
  readonly #world: FlowWorld
  readonly #source: FlowEnd
  readonly #target: FlowEnd
  readonly #link: VirtualLink
  readonly #back: VirtualLink
  readonly #backlog = new Fifo<Segment>()
  readonly #wire = new Fifo<Segment>()
  readonly #held = new Fifo<Segment>()
  #backlogBytes = 0
  #unackedBytes = 0
  /** Read by the receiver; the sender cannot hear it through a cut. */
  #unheardBytes = 0
  #lastArrivalMs = 0
  readonly #late = new Set<Arrival>()
  #isPumpDue = false
  #isLost = false
  #isDropped = false
  #silentSinceMs = 0
  #giveUp: AgendaEntry | undefined
  #retransmission: AgendaEntry | undefined

  constructor(world: FlowWorld, ends: readonly [FlowEnd, FlowEnd], links: readonly [VirtualLink, VirtualLink]) {
    this.#world = world
    this.#source = ends[0]
    this.#target = ends[1]
    this.#link = links[0]
    this.#back = links[1]
  }

  /** Bytes that have not left the sending process. */
  get backlogBytes(): number {
    return this.#backlogBytes
  }

  /** Nothing waits in the sending process. */
  get isEmpty(): boolean {
    return this.#backlog.size === 0
  }

  push(segment: Segment): void {
    if (this.isEmpty && this.#fits(segment)) return this.#transmit(segment)
    this.#backlog.push(segment)
    this.#backlogBytes += sizeOf(segment)
  }

  /** The receiver's program has read so much. */
  onRead(sizeBytes: number): void {
    if (!this.#back.isCut) return this.#acknowledge(sizeBytes)
    this.#unheardBytes += sizeBytes
    this.#startGiveUp()
  }

  /** The receiver's system answers that there is no such connection. */
  refuse(): void {
    if (this.#back.isCut) return this.#startGiveUp()
    const atMs = this.#world.timeline.nowMs + this.#back.drawDelayMs()
    this.#source.process.post(atMs, this.#source.onReset)
  }

  /** The receiver's machine went down without a word. */
  onSilence(): void {
    if (this.#unackedBytes > 0) this.#startGiveUp()
  }

  /** What had not left the sending process never does. */
  dropBacklog(): void {
    this.#backlog.clear()
    this.#backlogBytes = 0
  }

  /** Nothing is sent any more. What is under way arrives, unless that is lost too. */
  drop(isWireLost: boolean): void {
    this.#isDropped = true
    this.dropBacklog()
    this.#held.clear()
    if (isWireLost) this.#wire.clear()
    this.#endSilence()
    if (this.#retransmission !== undefined) this.#world.timeline.cancel(this.#retransmission)
    this.#retransmission = undefined
  }

  /** Tells the receiver that the connection is gone; nobody repeats it where it gets lost in a cut. */
  sendReset(): void {
    if (this.#link.isCut) return
    const atMs = this.#world.timeline.nowMs + this.#link.drawDelayMs()
    this.#target.process.post(atMs, this.#target.onReset)
  }

  /** The network has changed, or the machine beyond is up again. */
  retry(): void {
    if (this.#retransmission !== undefined || this.#isBlocked) return
    const atMs = nextTryAtMs(this.#silentSinceMs, this.#world.timeline.nowMs)
    this.#retransmission = this.#world.timeline.enter(atMs, this.#onRetransmission)
  }

  get #isBlocked(): boolean {
    return this.#link.isCut || this.#world.isSilent(this.#target.process)
  }

  #fits(segment: Segment): boolean {
    return this.#unackedBytes === 0 || this.#unackedBytes + sizeOf(segment) <= windowBytes
  }

  #transmit(segment: Segment): void {
    if (this.#isDropped) return
    this.#unackedBytes += sizeOf(segment)
    if (this.#held.size > 0 || this.#isBlocked) this.#hold(segment)
    else this.#send(segment)
  }

  #send(segment: Segment): void {
    if (this.#isLost || this.#isDropped) return
    const { timeline } = this.#world
    if (!this.#target.process.isAlive) return this.refuse()
    if (typeof segment !== 'string' && this.#link.drawsBreak()) return this.#break()
    const arrivesMs = this.#link.send(sizeOf(segment), timeline.nowMs)
    if (this.#link.lossesOfLast > 0) this.#note('lost')
    if (arrivesMs === Number.POSITIVE_INFINITY) return this.#lose()
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivesMs)
    this.#wire.push(segment)
    this.#enterArrival(timeline.nowMs)
    if (this.#back.isCut) this.#startGiveUp()
  }

  /** What comes late may come sooner, should the link become wider. */
  #enterArrival(nowMs: number): void {
    const atMs = this.#lastArrivalMs
    if (atMs - nowMs < lateMs) return this.#target.process.post(atMs, this.#deliver)
    const arrival: Arrival = { atMs, cancel: () => undefined }
    this.#late.add(arrival)
    this.#world.late.add(this)
    this.#schedule(arrival)
  }

  #schedule(arrival: Arrival): void {
    arrival.cancel = this.#target.process.at(arrival.atMs, () => {
      this.#late.delete(arrival)
      if (this.#late.size === 0) this.#world.late.delete(this)
      this.#deliver()
    })
  }

  /** The link's conditions have changed, and what is under way needs only so much of its time. */
  hasten(link: VirtualLink, share: number): void {
    if (!this.#target.process.isAlive) this.#world.late.delete(this)
    if (link !== this.#link || share >= 1) return
    const { nowMs } = this.#world.timeline
    this.#lastArrivalMs = nowMs
    for (const arrival of this.#late) {
      if (arrival.atMs <= nowMs) continue
      arrival.cancel()
      arrival.atMs = nowMs + (arrival.atMs - nowMs) * share
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrival.atMs)
      this.#schedule(arrival)
    }
  }

  readonly #deliver = (): void => {
    const segment = this.#wire.shift()
    if (segment !== undefined) this.#target.receive(segment)
  }

  #break(): void {
    this.#note('broken')
    this.#source.fail(new CardumenError('unreachable', `The connection to ${this.#link.to} broke.`))
  }

  /** Nothing that follows can arrive either. */
  #lose(): void {
    this.#isLost = true
    this.#source.process.post(this.#world.timeline.nowMs + lossGiveUpMs, () => this.#abandon())
  }

  #hold(segment: Segment): void {
    this.#held.push(segment)
    this.#note('held')
    this.#startGiveUp()
  }

  #startGiveUp(): void {
    if (this.#isDropped || this.#world.stalled.has(this)) return
    this.#world.stalled.add(this)
    this.#silentSinceMs = this.#world.timeline.nowMs
    this.#giveUp = this.#world.timeline.enter(this.#silentSinceMs + giveUpMs, this.#onGiveUp)
  }

  #endSilence(): void {
    this.#world.stalled.delete(this)
    if (this.#giveUp !== undefined) this.#world.timeline.cancel(this.#giveUp)
    this.#giveUp = undefined
  }

  readonly #onGiveUp = (): void => {
    this.#giveUp = undefined
    if (!this.#source.process.isAlive) this.drop(false)
    // Else the way is open again, and the retransmission decides.
    else if (this.#retransmission === undefined)
      this.#source.process.post(this.#world.timeline.nowMs, () => this.#abandon())
  }

  #abandon(): void {
    this.#note('given-up')
    this.drop(false)
    this.#source.fail(new CardumenError('unreachable', `${this.#link.to} does not answer any more.`))
  }

  readonly #onRetransmission = (): void => {
    this.#retransmission = undefined
    if (this.#isBlocked || this.#back.isCut) {
      if (this.#giveUp === undefined) return this.#abandon()
      if (this.#isBlocked) return
    } else {
      this.#endSilence()
      this.#acknowledge(this.#unheardBytes)
      this.#unheardBytes = 0
    }
    if (!this.#target.process.isAlive || this.#target.isClosed) return this.refuse()
    for (let count = this.#held.size; count > 0; count--) {
      const segment = this.#held.shift()
      if (segment !== undefined) this.#send(segment)
    }
  }

  #acknowledge(sizeBytes: number): void {
    this.#unackedBytes -= sizeBytes
    if (this.isEmpty || this.#isPumpDue) return
    this.#isPumpDue = true
    this.#source.process.post(this.#world.timeline.nowMs + this.#back.drawDelayMs(), this.#pump)
  }

  readonly #pump = (): void => {
    this.#isPumpDue = false
    if (this.isEmpty) return
    for (let next = this.#backlog.first; next !== undefined && this.#fits(next); next = this.#backlog.first) {
      this.#backlog.shift()
      this.#backlogBytes -= sizeOf(next)
      this.#transmit(next)
    }
    if (this.isEmpty) this.#source.onEmptied()
  }

  #note(event: NetworkEvent): void {
    this.#world.onEvent?.(event, { peer: this.#link.to }, this.#link.from)
  }
}

function sizeOf(segment: Segment): number {
  return typeof segment === 'string' ? 0 : segment.length
}

/**
 * One end of a connection, as its member holds it.
 *
 * It behaves as a socket does on a host: it says nothing before it is handled, keeps what comes while it is paused,
 * answers the other side's end with its own once everything it wrote has left, and tells of its close once, last. What
 * is on the wire is the two flows'. The bytes that a receiver gets are a copy of its own.
 */
import type { Connection, ConnectionEvents } from '../../edges/network.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Fifo } from './fifo.ts'
import { SegmentCopies } from './segment-copies.ts'
import { Flow, type FlowEnd, type FlowWorld, type Segment } from './virtual-network-flow.ts'
import type { VirtualLink } from './virtual-network-link.ts'
import type { Ended, VirtualProcess } from './virtual-process.ts'

/** From so many buffered bytes on `write` asks its caller to wait. */
const highWaterBytes = 16_384
/** A longer segment is lent, as sockets lend theirs. */
const ownedBytesMax = 16_384

export interface ConnectionWorld extends FlowWorld {
  /** The member that holds it need not remember it any more. */
  onClosed(connection: VirtualConnection): void
}

/** `links`: from the first to the second, and back. */
export function connectionPair(
  world: ConnectionWorld,
  processes: readonly [VirtualProcess, VirtualProcess],
  links: readonly [VirtualLink, VirtualLink],
): readonly [VirtualConnection, VirtualConnection] {
  const near = new VirtualConnection(world, processes[0])
  const far = new VirtualConnection(world, processes[1])
  const there = new Flow(world, [near, far], links)
  const back = new Flow(world, [far, near], [links[1], links[0]])
  near.join(there, back, processes[1].name)
  far.join(back, there, processes[0].name)
  return [near, far]
}

export class VirtualConnection implements Connection, FlowEnd {
  readonly process: VirtualProcess
  readonly #world: ConnectionWorld
  #out: Flow | undefined
  #in: Flow | undefined
  #peer = ''
  #events: ConnectionEvents | undefined
  /** At most a window's bytes, and the end. */
  readonly #inbox = new Fifo<Segment>()
  readonly #copies = new SegmentCopies()
  #isPaused = false
  #isReadDue = false
  #wantsDrain = false
  #isEnding = false
  #hasEndArrived = false
  #isClosed = false
  #isCloseTold = false
  #error: CardumenError | undefined

  constructor(world: ConnectionWorld, process: VirtualProcess) {
    this.#world = world
    this.process = process
  }

  /** Once, before anything else. */
  join(out: Flow, incoming: Flow, peer: string): void {
    this.#out = out
    this.#in = incoming
    this.#peer = peer
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get bufferedBytes(): number {
    return this.#out?.backlogBytes ?? 0
  }

  handle(events: ConnectionEvents): void {
    this.#events = events
    if (this.#isClosed) this.#tellClose()
    else this.#readSoon()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    for (const segment of this.#copies.of(chunks)) {
      if (this.#isEnding || this.#isClosed) return false
      this.#out?.push(segment)
    }
    if (this.#isEnding || this.#isClosed) return false
    const hasRoom = this.bufferedBytes < highWaterBytes
    if (!hasRoom) this.#wantsDrain = true
    return hasRoom
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#readSoon()
  }

  end(): void {
    if (this.#isEnding || this.#isClosed) return
    this.#isEnding = true
    this.#out?.push('end')
    this.#closeIfEnded()
  }

  destroy(): void {
    if (this.#isClosed) return
    const isUnread = this.#inbox.size > 0
    this.#out?.dropBacklog()
    this.#out?.push(isUnread ? 'reset' : 'end')
    this.#close(undefined)
  }

  receive(segment: Segment): void {
    if (this.#isClosed) return this.#refuse(segment)
    if (this.#events === undefined || this.#isPaused || this.#inbox.size > 0) this.#inbox.push(segment)
    else this.#take(segment)
  }

  onEmptied(): void {
    this.#closeIfEnded()
    if (!this.#wantsDrain || this.#isClosed) return
    this.#wantsDrain = false
    this.#events?.onDrain()
  }

  readonly onReset = (): void => {
    if (this.#isClosed) return
    // What came before it is still read by an owner who has not looked yet.
    if (this.#events === undefined) this.#inbox.push('reset')
    else this.#onReset()
  }

  fail(error: CardumenError): void {
    if (this.#isClosed) return
    this.#out?.drop(true)
    this.#out?.sendReset()
    this.#close(error)
  }

  /** Its life is over: it hears nothing any more, and the system below it may tell the other side, or not. */
  onProcessEnded(how: Ended): void {
    this.#isClosed = true
    this.#isCloseTold = true
    this.#events = undefined
    this.#inbox.clear()
    if (how === 'machine') {
      this.#out?.drop(false)
      this.#in?.onSilence()
    } else {
      this.#out?.dropBacklog()
      this.#out?.push('reset')
    }
  }

  #take(segment: Segment): void {
    if (segment === 'end') return this.#onEnd()
    if (segment === 'reset') return this.#onReset()
    this.#in?.onRead(segment.length)
    if (segment.length <= ownedBytesMax) return this.#events?.onData(segment, false)
    this.#events?.onData(segment, true)
    // Whoever kept it finds other bytes there, as where a socket reads into its one buffer again.
    segment.fill(0xa5)
  }

  /** Nobody is here for bytes any more; an end needs no answer. */
  #refuse(segment: Segment): void {
    if (typeof segment !== 'string') this.#in?.refuse()
  }

  #onEnd(): void {
    this.#hasEndArrived = true
    this.end()
    this.#closeIfEnded()
  }

  #onReset(): void {
    this.#world.onEvent?.('reset', { peer: this.#peer }, this.process.name)
    this.#out?.drop(true)
    this.#close(new CardumenError('unreachable', `${this.#peer} reset the connection.`))
  }

  #closeIfEnded(): void {
    if (this.#isEnding && this.#hasEndArrived && this.#out?.isEmpty === true) this.#close(undefined)
  }

  #close(error: CardumenError | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#error = error
    this.#inbox.clear()
    this.#world.onClosed(this)
    this.#world.onEvent?.('closed', { peer: this.#peer }, this.process.name)
    if (this.#events !== undefined) this.#tellClose()
  }

  #tellClose(): void {
    if (this.#isCloseTold) return
    this.#isCloseTold = true
    this.process.post(this.#world.timeline.nowMs, () => this.#events?.onClose(this.#error))
  }

  #readSoon(): void {
    if (this.#isReadDue || this.#inbox.size === 0) return
    this.#isReadDue = true
    this.process.post(this.#world.timeline.nowMs, this.#read)
  }

  /** One segment an event, as on a host. */
  readonly #read = (): void => {
    this.#isReadDue = false
    if (this.#isPaused || this.#isClosed || this.#events === undefined) return
    const segment = this.#inbox.shift()
    if (segment !== undefined) this.#take(segment)
    if (!this.#isPaused) this.#readSoon()
  }
}

/**
 * One attempt to connect: a question there and an answer back, repeated while nothing answers, until its time is over.
 *
 * The question is answered by the system of the other machine, so a paused program does not keep it waiting. Both
 * directions must be open when it leaves; a cut after that lets the question through.
 */
import type { Connection, Endpoint } from '../../edges/network.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { NetworkEvent, NetworkEventHook } from './virtual-network-flow.ts'
import { nextTryAtMs, type VirtualLink } from './virtual-network-link.ts'
import type { ProcessTimeline, VirtualProcess } from './virtual-process.ts'

export interface DialWorld {
  readonly timeline: ProcessTimeline
  readonly onEvent: NetworkEventHook | undefined
  link(from: string, to: string): VirtualLink
  /** The dialler's end; undefined where nobody listens. */
  accept(dialler: VirtualProcess, endpoint: Endpoint): Connection | undefined
}

export interface DialRequest {
  readonly process: VirtualProcess
  readonly endpoint: Endpoint
  /** Whose endpoint it is. */
  readonly target: string
  /** The target's machine is down at this moment. */
  isSilent(): boolean
}

export class Dial {
  readonly #world: DialWorld
  readonly #request: DialRequest
  readonly #there: VirtualLink
  readonly #back: VirtualLink
  readonly #settle: (connection: Connection) => void
  readonly #fail: (error: CardumenError) => void
  #startedMs = 0
  #cancelTimeout = (): void => {}
  #isOver = false

  constructor(
    world: DialWorld,
    request: DialRequest,
    settle: (connection: Connection) => void,
    fail: (error: CardumenError) => void,
  ) {
    this.#world = world
    this.#request = request
    this.#settle = settle
    this.#fail = fail
    this.#there = world.link(request.process.name, request.target)
    this.#back = world.link(request.target, request.process.name)
  }

  start(timeoutMs: number): void {
    this.#startedMs = this.#world.timeline.nowMs
    this.#cancelTimeout = this.#request.process.after(timeoutMs, () => this.#onFailed())
    this.#ask()
  }

  readonly #ask = (): void => {
    if (this.#isOver || !this.#request.process.isAlive) return
    const { timeline } = this.#world
    const isOpen = !this.#there.isCut && !this.#back.isCut && !this.#request.isSilent()
    const arrivesMs = isOpen ? this.#there.send(0, timeline.nowMs) : Number.POSITIVE_INFINITY
    if (arrivesMs < Number.POSITIVE_INFINITY) timeline.enter(arrivesMs, () => this.#onAsked())
    else timeline.enter(nextTryAtMs(this.#startedMs, timeline.nowMs), this.#ask)
  }

  /** At the other machine. */
  #onAsked(): void {
    const { process, endpoint } = this.#request
    if (this.#isOver || !process.isAlive) return
    if (this.#request.isSilent()) return this.#ask()
    const connection = this.#world.accept(process, endpoint)
    const atMs = this.#world.timeline.nowMs + this.#back.drawDelayMs()
    process.post(atMs, () => (connection === undefined ? this.#onFailed() : this.#onAccepted(connection)))
  }

  #onAccepted(connection: Connection): void {
    if (this.#isOver) return connection.destroy()
    this.#end('connected')
    this.#settle(connection)
  }

  #onFailed(): void {
    if (this.#isOver) return
    this.#end('refused')
    this.#fail(new CardumenError('unreachable', `Nobody answers at ${this.#request.endpoint}.`))
  }

  #end(event: NetworkEvent): void {
    this.#isOver = true
    this.#cancelTimeout()
    this.#world.onEvent?.(event, { peer: this.#request.target }, this.#request.process.name)
  }
}

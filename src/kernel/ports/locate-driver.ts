/**
 * Runs the locate machine on a member: who serves this port, asked of the other members where the engine does not say.
 *
 * It guards the machine: a HEREIS counts only with the proof that its sender holds the port's get-port
 * (`port-proof.ts`), and the proof is looked at only where a search waits for it, so nobody makes this member compute
 * by sending answers that were not asked for. A peer can take back (NOTHERE) only what it said of itself. Calls of the
 * machine never come up during a step here, since its outcomes only settle promises.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { TraceHook } from '../../edges/trace.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import type { LamportClock } from '../../lib/lamport-clock.ts'
import type { Effects, Input } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import { locate } from '../../protocols/locate/locate.ts'
import type { Call, Message, Outcome, Timer } from '../../protocols/locate/messages.ts'
import { initialState, isPeer, type State } from '../../protocols/locate/state.ts'
import { decodeLocate, encodeLocate, type HereIsNotes } from './locate-frames.ts'
import { isPortProof } from './port-proof.ts'
import type { Priority } from '../service.ts'
import type { Links } from '../links/links.ts'
import { StepTrace } from '../step-trace.ts'

export interface LocateDriverOptions {
  readonly self: Address
  readonly systemId: string
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly lamport: LamportClock
  /** False: the link has no room; the next round asks again. */
  readonly send: Links['send']
  /** The key that a member has proved; every member that has a link to this one has one. */
  publicKeyOf(member: Address): Uint8Array | undefined
  /** `from` does not serve the port any more, as it says itself. */
  onNotHere(port: Port, from: Address): void
  /** The answer of this peer proved nothing. */
  onUnproven(from: Address): void
  /** A step threw, which is a fault of ours; the error is thrown on as well. */
  onBroken(): void
}

/** A port that is served here. */
export interface ServedPort extends HereIsNotes {
  /** Whether this member may speak for it at this moment. */
  isOurs(): boolean
}

export interface LocatedPort {
  readonly address: Address
  readonly isKept: boolean
}

type LocateInput = Input<Message, Timer, Call>

/** Short, and somebody waits for it. */
const priority: Priority = 0

export class LocateDriver implements Effects<Message, Timer, Outcome> {
  readonly #options: LocateDriverOptions
  readonly #state: State
  readonly #timers = new Map<string, Cancel>()
  /** Bounded as the machine's `served`. */
  readonly #served = new Map<Port, ServedPort>()
  /** Whoever waits for a search; bounded by the machine's searches and those who wait for each. */
  readonly #waiting = new Map<number, (found: LocatedPort | undefined) => void>()
  /** Ports of the machine's cache that are kept; bounded with it. */
  readonly #kept = new Set<Port>()
  #requests = 0
  #isClosed = false
  readonly #trace: StepTrace

  constructor(options: LocateDriverOptions) {
    this.#options = options
    this.#state = initialState(options.self, [])
    const { self, clock, lamport } = options
    this.#trace = new StepTrace({ machine: locate.name, self, clock, lamport })
  }

  /** Undefined: nobody answered, which proves nothing. */
  locate(port: Port): Promise<LocatedPort | undefined> {
    return new Promise((resolve) => {
      if (this.#isClosed) return resolve(undefined)
      const request = ++this.#requests
      this.#waiting.set(request, resolve)
      this.#call({ kind: 'locate', request, port })
    })
  }

  /** Answers for the port from now on. */
  serve(port: Port, served: ServedPort): void {
    this.#served.set(port, served)
    this.#call({ kind: 'serve', port })
  }

  /** Tells those who were told that it is here. */
  withdraw(port: Port): void {
    this.#call({ kind: 'withdraw', port })
    this.#served.delete(port)
  }

  /** It proved not to be where it was found. */
  notHere(port: Port, at: Address): void {
    this.#call({ kind: 'not-here', port, at })
  }

  joined(address: Address): void {
    this.#call({ kind: 'joined', address })
  }

  parted(peer: Address): void {
    this.#call({ kind: 'parted', peer })
  }

  /** False: no message of ours; whoever sent it is at fault. */
  onMessage(from: Address, kind: number, bytes: Uint8Array, start: number, end: number, lamportTime: number): boolean {
    const decoded = decodeLocate(kind, bytes, start, end)
    if (decoded === undefined) return false
    const { message, notes } = decoded
    if (!this.#isToBeHeard(from, message, notes)) return true
    this.#step({ kind: 'message', from, message }, lamportTime)
    if (message.kind === 'NOTHERE') this.#options.onNotHere(message.port, from)
    return true
  }

  inspect(): string {
    return locate.inspect(this.#state)
  }

  setTraceHook(hook: TraceHook | undefined): void {
    this.#trace.setHook(hook)
  }

  /** Nobody is found any more. */
  close(): void {
    this.#isClosed = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    for (const resolve of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
  }

  send(to: Address, message: Message): void {
    const { lamport } = this.#options
    const served = message.kind === 'HEREIS' ? this.#served.get(message.port) : undefined
    if (message.kind === 'HEREIS' && served === undefined) return
    const { kind, payload } = encodeLocate(message, served)
    if (!this.#options.send(to, kind, priority, payload, payload.length, undefined)) lamport.tick()
    this.#trace.sent(to, message)
  }

  setTimer(timer: Timer, delayMs: number): void {
    const key = keyOf(timer)
    this.#timers.get(key)?.()
    const run = (): void => {
      this.#timers.delete(key)
      this.#step({ kind: 'timer', timer })
    }
    this.#timers.set(key, this.#options.clock.after(delayMs, run))
    this.#trace.timerSet(timer.kind, delayMs)
  }

  clearTimer(timer: Timer): void {
    const key = keyOf(timer)
    this.#timers.get(key)?.()
    this.#timers.delete(key)
    this.#trace.timerCleared(timer.kind)
  }

  /** The machine keeps nothing on disk. */
  persist(record: never): void {
    void record
  }

  /** What was refused for want of room (`serve`, `joined`) is found through the engine, as ever. */
  outcome(outcome: Outcome): void {
    this.#trace.outcome(outcome)
    if (outcome.kind === 'refused') return
    const resolve = this.#waiting.get(outcome.request)
    this.#waiting.delete(outcome.request)
    if (outcome.kind !== 'located') return resolve?.(undefined)
    const { at, port } = outcome
    resolve?.({ address: at, isKept: this.#served.get(port)?.isKept ?? this.#kept.has(port) })
  }

  #isToBeHeard(from: Address, message: Message, notes: HereIsNotes | undefined): boolean {
    if (message.kind === 'LOCATE') return this.#served.get(message.port)?.isOurs() === true
    if (message.kind === 'NOTHERE') return this.#state.cache.get(message.port) === from || isPeer(this.#state, from)
    const { port } = message
    if (notes === undefined || this.#state.searches.get(port)?.number !== message.search) return false
    if (!isPeer(this.#state, from)) return false
    const { crypto, systemId } = this.#options
    const publicKey = this.#options.publicKeyOf(from)
    const place = { systemId, port, address: from }
    if (publicKey === undefined || !isPortProof(crypto, place, publicKey, notes.proof)) {
      this.#options.onUnproven(from)
      return false
    }
    this.#noteKept(port, notes.isKept)
    return true
  }

  #noteKept(port: Port, isKept: boolean): void {
    if (!isKept) return void this.#kept.delete(port)
    if (this.#kept.size >= this.#state.limits.cacheMax) this.#kept.clear()
    this.#kept.add(port)
  }

  #call(call: Call): void {
    this.#step({ kind: 'call', call })
  }

  #step(input: LocateInput, lamportTime = 0): void {
    if (this.#isClosed) return
    const { clock, random } = this.#options
    this.#trace.begin()
    try {
      locate.step(this.#state, input, { now: clock.now(), random }, this)
    } catch (error) {
      this.close()
      this.#options.onBroken()
      throw error
    }
    this.#trace.end(input, lamportTime)
  }
}

function keyOf({ port, search, round }: Timer): string {
  return `${port} ${search} ${round}`
}

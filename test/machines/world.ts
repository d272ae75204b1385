/**
 * A world for one machine: members that run it, a network that may lose, repeat and reorder, and a virtual clock.
 *
 * Everything follows from the seed, so a run that went wrong is run again by its seed. Members can crash, start again
 * as a new life, and be paused (what comes meanwhile waits). A message to an address reaches that life only, as links
 * promise; a network may be told to break the promise (`strays`). It takes machines that keep nothing on disk.
 * Nothing here knows what the machine does: a test adds the programs above it and the checks.
 */
import {
  type Address,
  address,
  incarnation,
  instant,
  type MemberId,
  memberId,
  memberOf,
} from '../../src/lib/identifiers.ts'
import type { Effects, Input, Machine } from '../../src/lib/machine.ts'
import { type Random, seededRandom } from '../../src/lib/random.ts'
import { Agenda } from './agenda.ts'

/** Decides what becomes of each message. */
export interface Network<Message> {
  /** After how many milliseconds each copy arrives: none is a loss, two are a repetition. */
  delaysMs(from: Address, to: Address, message: Message, random: Random): readonly number[]
  /** Whether a message for a life that is over may reach the next one. */
  strays?(message: Message): boolean
}

/** What a test sees of a run, in its order. */
export type Sight<Message, Timer, Call, Outcome> =
  | { readonly kind: 'input'; readonly member: Address; readonly input: Input<Message, Timer, Call> }
  | { readonly kind: 'stepped'; readonly member: Address }
  | {
      readonly kind: 'sent'
      readonly from: Address
      readonly to: Address
      readonly message: Message
      readonly delaysMs: readonly number[]
    }
  | { readonly kind: 'timer'; readonly member: Address; readonly timer: Timer; readonly delayMs: number }
  | { readonly kind: 'outcome'; readonly member: Address; readonly outcome: Outcome }
  | { readonly kind: 'started' | 'crashed' | 'paused' | 'resumed'; readonly member: Address }

export interface WorldOptions<State, Message, Timer, Call, Outcome> {
  readonly machine: Machine<State, Message, Timer, Call, Outcome>
  readonly seed: number
  readonly network: Network<Message>
  /** The program above a member: hears each outcome after the step that caused it. */
  onOutcome(member: Address, outcome: Outcome): void
  onSight?(sight: Sight<Message, Timer, Call, Outcome>): void
}

/** Events of a run; one that takes more is caught in a circle. */
const eventsMax = 2_000_000

interface Life<State, Message, Timer, Call> {
  readonly address: Address
  readonly state: State
  /** By the text of the timer: which setting of it is the latest. */
  readonly timers: Map<string, number>
  isPaused: boolean
  readonly missed: Input<Message, Timer, Call>[]
}

export class World<State, Message, Timer, Call, Outcome> {
  readonly random: Random
  readonly #options: WorldOptions<State, Message, Timer, Call, Outcome>
  readonly #agenda = new Agenda()
  readonly #lives = new Map<MemberId, Life<State, Message, Timer, Call>>()
  readonly #incarnations = new Map<MemberId, number>()
  #nowMs = 0
  #settings = 0
  #events = 0

  constructor(options: WorldOptions<State, Message, Timer, Call, Outcome>) {
    this.#options = options
    this.random = seededRandom(options.seed)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** A new life of the member; an earlier one has crashed. */
  start(name: string, initial: (self: Address, incarnation: number) => State): Address {
    const id = memberId(name)
    if (this.#lives.has(id)) throw new Error(`${name} is running`)
    const life = (this.#incarnations.get(id) ?? 0) + 1
    this.#incarnations.set(id, life)
    const self = address(id, incarnation(life))
    this.#lives.set(id, { address: self, state: initial(self, life), timers: new Map(), isPaused: false, missed: [] })
    this.#see({ kind: 'started', member: self })
    return self
  }

  crash(of: Address): void {
    if (this.#life(of) === undefined) return
    this.#lives.delete(memberOf(of))
    this.#see({ kind: 'crashed', member: of })
  }

  pause(of: Address): void {
    const life = this.#life(of)
    if (life === undefined || life.isPaused) return
    life.isPaused = true
    this.#see({ kind: 'paused', member: of })
  }

  resume(of: Address): void {
    const life = this.#life(of)
    if (life === undefined || !life.isPaused) return
    life.isPaused = false
    this.#see({ kind: 'resumed', member: of })
    for (const input of life.missed.splice(0)) if (this.#life(of) === life) this.#input(life, input)
  }

  /** What the program above the member asks of the machine; lost where that life is over. */
  submit(to: Address, call: Call): void {
    const life = this.#life(to)
    if (life !== undefined) this.#input(life, { kind: 'call', call })
  }

  /** Hands the member a message as if `from` had sent it. */
  inject(from: Address, to: Address, message: Message): void {
    const life = this.#life(to)
    if (life !== undefined) this.#input(life, { kind: 'message', from, message })
  }

  /** Lets a timer fire out of time, as a spurious one would. */
  fire(of: Address, timer: Timer): void {
    const life = this.#life(of)
    if (life !== undefined) this.#input(life, { kind: 'timer', timer })
  }

  after(delayMs: number, run: () => void): void {
    this.#agenda.enter(this.#nowMs + delayMs, run)
  }

  isRunning(of: Address): boolean {
    return this.#life(of) !== undefined
  }

  isPaused(of: Address): boolean {
    return this.#life(of)?.isPaused === true
  }

  /** Undefined: that life is over. */
  stateOf(of: Address): State | undefined {
    return this.#life(of)?.state
  }

  /** Lets everything happen that is to happen up to then. */
  run(untilMs: number): void {
    while (this.#agenda.nextMs <= untilMs) {
      const entry = this.#agenda.take()
      if (entry === undefined) break
      if (++this.#events > eventsMax) throw new Error(`the world runs in a circle at ${this.#nowMs} ms`)
      this.#nowMs = entry.atMs
      entry.run()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #life(of: Address): Life<State, Message, Timer, Call> | undefined {
    const life = this.#lives.get(memberOf(of))
    return life?.address === of ? life : undefined
  }

  #input(life: Life<State, Message, Timer, Call>, input: Input<Message, Timer, Call>): void {
    if (life.isPaused) {
      life.missed.push(input)
      return
    }
    const outcomes: Outcome[] = []
    this.#see({ kind: 'input', member: life.address, input })
    const context = { now: instant(this.#nowMs), random: this.random }
    this.#options.machine.step(life.state, input, context, this.#effects(life, outcomes))
    this.#see({ kind: 'stepped', member: life.address })
    for (const outcome of outcomes) this.#options.onOutcome(life.address, outcome)
  }

  #effects(life: Life<State, Message, Timer, Call>, outcomes: Outcome[]): Effects<Message, Timer, Outcome> {
    return {
      send: (to, message) => this.#send(life.address, to, message),
      setTimer: (timer, delayMs) => this.#setTimer(life, timer, delayMs),
      clearTimer: (timer) => void life.timers.delete(JSON.stringify(timer)),
      persist: () => {
        throw new Error('this world has no disk')
      },
      outcome: (outcome) => {
        outcomes.push(outcome)
        this.#see({ kind: 'outcome', member: life.address, outcome })
      },
    }
  }

  #send(from: Address, to: Address, message: Message): void {
    const delaysMs = this.#options.network.delaysMs(from, to, message, this.random)
    this.#see({ kind: 'sent', from, to, message, delaysMs })
    for (const delayMs of delaysMs) this.after(delayMs, () => this.#arrive(from, to, message))
  }

  #arrive(from: Address, to: Address, message: Message): void {
    const life = this.#lives.get(memberOf(to))
    if (life === undefined) return
    if (life.address !== to && this.#options.network.strays?.(message) !== true) return
    this.#input(life, { kind: 'message', from, message })
  }

  #setTimer(life: Life<State, Message, Timer, Call>, timer: Timer, delayMs: number): void {
    const name = JSON.stringify(timer)
    const setting = ++this.#settings
    life.timers.set(name, setting)
    this.#see({ kind: 'timer', member: life.address, timer, delayMs })
    if (delayMs === Number.POSITIVE_INFINITY) return
    this.after(delayMs, () => {
      if (life.timers.get(name) !== setting || this.#life(life.address) !== life) return
      life.timers.delete(name)
      this.#input(life, { kind: 'timer', timer })
    })
  }

  #see(sight: Sight<Message, Timer, Call, Outcome>): void {
    this.#options.onSight?.(sight)
  }
}

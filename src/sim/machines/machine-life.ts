/**
 * Runs a machine in one life of a virtual member, as a driver on a host would: inputs go in one at a time, and each
 * effect is carried out in the order in which the machine called it.
 *
 * The contract of `src/lib/machine.ts`, to the letter: a send or an outcome that follows a `persist` is held back until
 * that record is on disk, then leaves, and then the machine hears `persisted`. Where the record could not be kept, what
 * followed it never leaves, and the machine hears `persist-failed` for it and for every record that it has appended
 * since. Timers are no promise to anyone and are set at once. What comes to a paused or busy member waits in its order.
 */
import { assert } from '../../lib/assert.ts'
import { type Address, instant } from '../../lib/identifiers.ts'
import type { Context, Effects, Input, Machine } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import type { Digest } from '../digest.ts'
import type { Agenda } from '../time/agenda.ts'
import type { LifeTrace } from './life-trace.ts'
import type { MemberClock } from './member-clock.ts'
import type { RecordDisk } from './record-disk.ts'
import type { Sight } from './sight.ts'
import { TimerTable } from './timer-table.ts'

/** What a member keeps from one life to the next. */
export interface MemberParts<Persisted> {
  readonly index: number
  readonly clock: MemberClock
  readonly disk: RecordDisk<Persisted>
  readonly random: Random
  /** So long each event keeps it busy. */
  slowMs: number
}

/** The world around a life. */
export interface Ground<State, Message, Timer, Call, Outcome, Persisted> {
  readonly machine: Machine<State, Message, Timer, Call, Outcome, Persisted>
  readonly agenda: Agenda
  readonly digest: Digest
  readonly counts: { events: number; lost: number }
  /** Virtual time. */
  nowMs: number
  syncMs(): number
  transmit(from: Address, to: Address, message: Message, lamport: number): void
  onOutcome(member: Address, outcome: Outcome): void
  readonly onSight: ((sight: Sight<Message, Timer, Call, Outcome, Persisted>) => void) | undefined
}

/** What waits for a paused or busy member; a further message finds no room and is lost. Its own timers always do. */
const heldMax = 20_000
/** What waits for the disk; a further message is lost. */
const heldBackMax = 20_000

/** Undefined input: the disk has ended a sync. */
interface Held<Message, Timer, Call, Persisted> {
  readonly input: Input<Message, Timer, Call, Persisted> | undefined
  readonly lamport: number
}

type HeldBack<Message, Outcome> =
  | { readonly kind: 'until-persisted' }
  | { readonly kind: 'send'; readonly to: Address; readonly message: Message; readonly lamport: number }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }

/** For the digest. */
const inputCodes = { call: 1, message: 2, timer: 3, persisted: 4, 'persist-failed': 5, recovered: 6 } as const

export class MachineLife<State, Message, Timer, Call, Outcome, Persisted>
  implements Effects<Message, Timer, Outcome, Persisted>
{
  readonly address: Address
  readonly state: State
  readonly #ground: Ground<State, Message, Timer, Call, Outcome, Persisted>
  readonly #parts: MemberParts<Persisted>
  readonly #trace: LifeTrace | undefined
  readonly #context: { -readonly [Key in keyof Context]: Context[Key] }
  readonly #timers: TimerTable<Timer>
  readonly #held: Held<Message, Timer, Call, Persisted>[] = []
  /** Begins with the first record that is not on disk yet; empty where there is none. */
  readonly #heldBack: HeldBack<Message, Outcome>[] = []
  #outcomes: Outcome[] | undefined
  #isPaused = false
  #isOver = false
  #isStepping = false
  #isWaking = false
  #busyUntilMs = 0

  constructor(
    ground: Ground<State, Message, Timer, Call, Outcome, Persisted>,
    parts: MemberParts<Persisted>,
    address: Address,
    state: State,
    trace: LifeTrace | undefined,
  ) {
    this.address = address
    this.state = state
    this.#ground = ground
    this.#parts = parts
    this.#trace = trace
    this.#context = { now: instant(parts.clock.readMs(ground.nowMs)), random: parts.random }
    this.#timers = new TimerTable(ground.agenda, parts.clock, (timer) => this.take({ kind: 'timer', timer }))
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether something has come to it that it has not got to yet. */
  get isBehind(): boolean {
    return this.#held.length > 0
  }

  /** Something happens to the machine: now, or when it gets to it. */
  take(input: Input<Message, Timer, Call, Persisted> | undefined, lamport = 0): void {
    assert(!this.#isStepping, `${this.address} is given something in the middle of a step`)
    if (this.#isOver) return
    if (!this.#isPaused && this.#held.length === 0 && this.#busyUntilMs <= this.#ground.nowMs) {
      this.#happen(input, lamport)
      return
    }
    if (input?.kind === 'message' && this.#held.length >= heldMax) {
      this.#ground.counts.lost++
      return
    }
    this.#held.push({ input, lamport })
    this.#wakeLater()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#catchUp()
  }

  onClockChanged(): void {
    this.#timers.onClockChanged(this.#ground.nowMs)
  }

  /** Over for good; nothing that it held back leaves any more. */
  end(how: 'process' | 'machine'): void {
    this.#isOver = true
    this.#timers.clearAll()
    this.#held.length = 0
    for (const each of this.#heldBack.splice(0)) if (each.kind === 'send') this.#ground.counts.lost++
    this.#parts.disk.crash(how)
  }

  #happen(input: Input<Message, Timer, Call, Persisted> | undefined, lamport: number): void {
    if (this.#parts.slowMs > 0) this.#busyUntilMs = this.#ground.nowMs + this.#parts.slowMs
    if (input === undefined) this.#onSyncEnded()
    else this.#step(input, lamport)
  }

  #catchUp(): void {
    while (!this.#isOver && !this.#isPaused && this.#busyUntilMs <= this.#ground.nowMs) {
      const next = this.#held.shift()
      if (next === undefined) return
      this.#happen(next.input, next.lamport)
    }
    this.#wakeLater()
  }

  #wakeLater(): void {
    if (this.#isWaking || this.#isOver || this.#isPaused || this.#held.length === 0) return
    if (this.#busyUntilMs <= this.#ground.nowMs) return // It is catching up already.
    this.#isWaking = true
    this.#ground.agenda.enter(this.#busyUntilMs, () => {
      this.#isWaking = false
      this.#catchUp()
    })
  }

  #step(input: Input<Message, Timer, Call, Persisted>, lamport: number): void {
    const ground = this.#ground
    ground.counts.events++
    ground.digest.addNumber(ground.nowMs)
    ground.digest.addNumber(this.#parts.index * 8 + inputCodes[input.kind])
    ground.onSight?.({ kind: 'input', member: this.address, input })
    this.#context.now = instant(this.#parts.clock.readMs(ground.nowMs))
    this.#trace?.begin(lamport)
    this.#isStepping = true
    ground.machine.step(this.state, input, this.#context, this)
    this.#isStepping = false
    this.#trace?.end(ground.nowMs, input, lamport)
    ground.onSight?.({ kind: 'stepped', member: this.address })
    if (this.#parts.disk.wantsSync) this.#beginSync()
    const outcomes = this.#outcomes
    if (outcomes === undefined) return
    this.#outcomes = undefined
    for (const outcome of outcomes) if (!this.#isOver) ground.onOutcome(this.address, outcome)
  }

  send(to: Address, message: Message): void {
    const lamport = this.#trace?.sent(to, message) ?? 0
    if (this.#heldBack.length === 0) this.#ground.transmit(this.address, to, message, lamport)
    else if (this.#heldBack.length < heldBackMax) this.#heldBack.push({ kind: 'send', to, message, lamport })
    else this.#ground.counts.lost++
  }

  setTimer(timer: Timer, delayMs: number): void {
    this.#trace?.timerSet(timer, delayMs)
    this.#ground.onSight?.({ kind: 'timer', member: this.address, timer, delayMs })
    this.#timers.set(timer, delayMs, this.#ground.nowMs)
  }

  clearTimer(timer: Timer): void {
    this.#trace?.note('clear-timer', timer)
    this.#timers.clear(timer)
  }

  persist(record: Persisted): void {
    this.#trace?.note('persist', record)
    this.#ground.onSight?.({ kind: 'persist', member: this.address, record })
    this.#parts.disk.append(record)
    this.#heldBack.push({ kind: 'until-persisted' })
  }

  outcome(outcome: Outcome): void {
    this.#trace?.note('outcome', outcome)
    if (this.#heldBack.length > 0) {
      this.#heldBack.push({ kind: 'outcome', outcome })
      return
    }
    this.#ground.onSight?.({ kind: 'outcome', member: this.address, outcome })
    if (this.#outcomes === undefined) this.#outcomes = [outcome]
    else this.#outcomes.push(outcome)
  }

  #beginSync(): void {
    const { disk } = this.#parts
    disk.beginSync()
    this.#ground.agenda.enter(this.#ground.nowMs + this.#ground.syncMs(), () => {
      if (this.#isOver) return
      disk.endSync()
      this.take(undefined)
    })
  }

  #onSyncEnded(): void {
    const { disk } = this.#parts
    for (const record of disk.takeDurable()) {
      this.#release()
      if (this.#isOver) return
      this.#step({ kind: 'persisted', record }, 0)
      if (this.#isOver) return
    }
    const failed = disk.takeFailed()
    if (failed !== undefined) {
      for (const each of this.#heldBack.splice(0)) if (each.kind === 'send') this.#ground.counts.lost++
      for (const record of failed.records) {
        if (!this.#isOver) this.#step({ kind: 'persist-failed', record, code: failed.code }, 0)
      }
    }
    if (!this.#isOver && disk.wantsSync) this.#beginSync()
  }

  /** The first record is on disk: what waited for it alone leaves. */
  #release(): void {
    assert(this.#heldBack.shift()?.kind === 'until-persisted', 'what is held back begins with a record')
    while (this.#heldBack.length > 0 && this.#heldBack[0]?.kind !== 'until-persisted') {
      const next = this.#heldBack.shift()
      if (next?.kind === 'send') this.#ground.transmit(this.address, next.to, next.message, next.lamport)
      if (next?.kind !== 'outcome') continue
      this.#ground.onSight?.({ kind: 'outcome', member: this.address, outcome: next.outcome })
      this.#ground.onOutcome(this.address, next.outcome)
    }
  }
}

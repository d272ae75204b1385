/**
 * Carries out one choice: from a global state, which stays as it is, to the next one.
 *
 * Only the member that steps is copied deeply; everything else is shared with the state before. It keeps the contract
 * of effects: what is sent after a record was given to the disk leaves when that is written, and never where the write
 * fails or a crash comes first. A step that throws is a violation like any other, and is told as one.
 */
import { assert } from '../../lib/assert.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { address, type Address, incarnation, incarnationOf, instant, type MemberId } from '../../lib/identifiers.ts'
import type { Context, Effects, Input } from '../../lib/machine.ts'
import type { AnyModel, Choice, PlannedCall } from './exploration.ts'
import { type AnyGlobal, type AnyMember, dataKey, type Spent } from './global-state.ts'
import { Draws } from './draws.ts'
import { clonePlain } from './plain-data.ts'
import type { LifeTrace } from '../machines/life-trace.ts'
import type { TraceRecorder } from './trace-recorder.ts'

export interface Taken {
  readonly global: AnyGlobal
  /** What a step threw; the state means nothing then. */
  readonly broken: string | undefined
}

type Draft<Value> = {
  -readonly [Key in keyof Value]: Value[Key] extends readonly (infer Item)[] ? Item[] : Value[Key]
}
type AnyInput = Input<unknown, unknown, unknown, unknown>
type FlightChoice = Extract<Choice, { readonly kind: 'deliver' | 'duplicate' | 'lose' }>
type Movement = Omit<FlightChoice, 'what' | 'drawn'>
type Fault = Exclude<keyof Spent, 'forms'>

/** Messages of one choice that arrive at once. */
const atOnceMax = 1_000

export class Transitions implements Effects<unknown, unknown, unknown, unknown> {
  readonly #model: AnyModel
  readonly #recorder: TraceRecorder | undefined
  readonly #random: Draws
  readonly #context: { -readonly [Key in keyof Context]: Context[Key] }
  #next: Draft<AnyGlobal>
  /** Those of `#next` that are not shared with the state before. */
  #edited: Draft<AnyMember>[] = []
  /** The one that steps. */
  #self: Draft<AnyMember> | undefined
  /** Of the step under way. */
  #trace: LifeTrace | undefined
  #isHistoryEdited = false
  #broken: string | undefined

  constructor(model: AnyModel, recorder?: TraceRecorder) {
    this.#model = model
    this.#recorder = recorder
    this.#random = new Draws(model.draws === 'each')
    this.#context = { now: instant(0), random: this.#random }
    this.#next = { members: [], inFlight: [], history: { value: undefined, forms: [] }, spent: nothingSpent }
  }

  /** `choice` is one that `choicesOf` gave for this state, or for an equal one. */
  take(from: AnyGlobal, choice: Choice): Taken {
    const { members, inFlight, history, spent } = from
    this.#next = { members: [...members], inFlight: [...inFlight], history, spent }
    this.#edited = []
    this.#isHistoryEdited = false
    this.#broken = undefined
    this.#recorder?.advance()
    this.#random.begin(choice.drawn)
    this.#carryOut(choice)
    if (this.#model.arrivesAtOnce !== undefined) this.#deliverAtOnce()
    return { global: this.#next, broken: this.#broken }
  }

  /** What the steps of the last choice drew, in a model that explores each draw. */
  get drawn(): readonly number[] {
    return this.#random.drawn
  }

  /** What the steps of the next choice are to draw so that they go otherwise than last; undefined: all ways were gone. */
  otherDraws(): readonly number[] | undefined {
    return this.#random.others()
  }

  /** Ends where members do not answer each other at once for ever, which would be the model's fault. */
  #deliverAtOnce(): void {
    for (let delivered = 0; this.#broken === undefined; delivered++) {
      const flight = this.#next.inFlight.find(({ message }) => this.#model.arrivesAtOnce?.(message))
      if (flight === undefined) return
      assert(delivered < atOnceMax, 'messages that arrive at once come to an end')
      const { from, to } = flight
      const onLink = this.#next.inFlight.filter((other) => other.from === from && other.to === to)
      this.#move({ kind: 'deliver', from, to, index: onLink.indexOf(flight) })
    }
  }

  #carryOut(choice: Choice): void {
    switch (choice.kind) {
      case 'call':
        return this.#makeCall(choice.member, choice.index)
      case 'deliver':
      case 'duplicate':
      case 'lose':
        return this.#move(choice)
      case 'timer':
        return this.#fire(choice.member, choice.index)
      case 'persisted':
        return this.#finishWrite(choice.member, true)
      case 'persist-failed':
        return this.#finishWrite(choice.member, false)
      case 'crash':
        return this.#crash(choice.member, choice.kept)
      case 'restart':
        return this.#restart(choice.member)
    }
  }

  #makeCall(name: MemberId, index: number): void {
    const member = this.#edit(name)
    const [waiting] = member.calls.splice(index, 1)
    assert(waiting !== undefined, 'a call that is made was to be made')
    this.#step(member, { kind: 'call', call: clonePlain(waiting.call) })
  }

  #move(choice: Movement): void {
    const { inFlight } = this.#next
    const onLink = inFlight.filter((flight) => flight.from === choice.from && flight.to === choice.to)
    const flight = onLink[choice.index]
    assert(flight !== undefined, 'a message that moves is under way')
    if (choice.kind !== 'duplicate') inFlight.splice(inFlight.indexOf(flight), 1)
    if (choice.kind === 'lose') return this.#spend('losses')
    if (choice.kind === 'duplicate') this.#spend('duplicates')
    const input: AnyInput = { kind: 'message', from: flight.from, message: clonePlain(flight.message) }
    this.#step(this.#editLife(flight.to), input, flight.lamport)
  }

  #fire(name: MemberId, index: number): void {
    const member = this.#edit(name)
    const [armed] = member.timers.splice(index, 1)
    assert(armed !== undefined, 'a timer that fires is armed')
    this.#spend('timerFirings')
    member.nowMs = Math.max(member.nowMs, armed.dueAtMs)
    this.#step(member, { kind: 'timer', timer: clonePlain(armed.timer) })
  }

  /** Where the write failed, what was sent after it and before the next record never leaves. */
  #finishWrite(name: MemberId, isWritten: boolean): void {
    const member = this.#edit(name)
    const first = member.outbox.shift()
    assert(first?.kind === 'persist', 'an outbox begins with what is being written')
    for (let held = member.outbox[0]; held?.kind === 'send'; held = member.outbox[0]) {
      member.outbox.shift()
      if (isWritten) this.#launch(member.address, held.to, held.message, held.lamport)
    }
    const record = clonePlain(first.record)
    if (isWritten) member.records.push(first.record)
    else this.#spend('persistFailures')
    this.#step(
      member,
      isWritten ? { kind: 'persisted', record } : { kind: 'persist-failed', record, code: 'disk-full' },
    )
  }

  #crash(name: MemberId, kept: number): void {
    const member = this.#edit(name)
    this.#spend('crashes')
    this.#recorder?.fault(member.address, 'crash')
    const writing = member.outbox.flatMap((output) => (output.kind === 'persist' ? [output.record] : []))
    member.records.push(...writing.slice(0, kept))
    member.state = undefined
    member.nowMs = 0
    member.timers = []
    member.outbox = []
    member.calls = member.calls.filter((call) => !call.endsWithLife)
    this.#next.inFlight = this.#next.inFlight.filter((flight) => flight.to !== member.address)
    this.#plan(this.#model.onCrash?.(this.#editHistory(), member.address))
  }

  #restart(name: MemberId): void {
    const member = this.#edit(name)
    member.address = address(name, incarnation(incarnationOf(member.address) + 1))
    const live = this.#next.members.filter((each) => each === member || each.state !== undefined)
    member.state = this.#model.initialState(
      member.address,
      live.map((each) => each.address),
    )
    this.#plan(this.#model.onRestart?.(this.#editHistory(), member.address))
    this.#step(member, { kind: 'recovered', records: clonePlain(member.records) })
  }

  #step(member: Draft<AnyMember>, input: AnyInput, lamport = 0): void {
    member.state = clonePlain(member.state)
    this.#self = member
    this.#context.now = instant(member.nowMs)
    this.#random.beginStep()
    this.#trace = this.#recorder?.begin(member.address, lamport)
    try {
      this.#model.machine.step(member.state, input, this.#context, this)
    } catch (error) {
      if (isCardumenError(error)) throw error
      this.#broken = `${member.address} threw: ${error instanceof Error ? error.message : String(error)}`
    }
    if (this.#trace !== undefined) this.#recorder?.end(this.#trace, input, lamport)
    this.#self = undefined
  }

  send(to: Address, message: unknown): void {
    const self = this.#stepping()
    const lamport = this.#trace?.sent(to, message) ?? 0
    const copy = clonePlain(message)
    if (self.outbox.length > 0) self.outbox.push({ kind: 'send', to, message: copy, lamport })
    else this.#launch(self.address, to, copy, lamport)
  }

  setTimer(timer: unknown, delayMs: number): void {
    this.#trace?.timerSet(timer, delayMs)
    const { timers, nowMs } = this.#stepping()
    const key = this.#disarm(timer)
    if (delayMs === Number.POSITIVE_INFINITY) return
    const dueAtMs = this.#model.time === 'by-timers' ? nowMs + delayMs : 0
    timers.push({ timer: clonePlain(timer), key, dueAtMs })
  }

  clearTimer(timer: unknown): void {
    this.#trace?.note('clear-timer', timer)
    this.#disarm(timer)
  }

  persist(record: unknown): void {
    this.#trace?.note('persist', record)
    this.#stepping().outbox.push({ kind: 'persist', record: clonePlain(record) })
  }

  outcome(outcome: unknown): void {
    this.#trace?.note('outcome', outcome)
    if (this.#model.onOutcome === undefined) return
    this.#plan(this.#model.onOutcome(this.#editHistory(), this.#stepping().address, clonePlain(outcome)))
  }

  #stepping(): Draft<AnyMember> {
    assert(this.#self !== undefined, 'effects are called during a step only')
    return this.#self
  }

  #disarm(timer: unknown): string {
    const { timers } = this.#stepping()
    const key = dataKey(timer)
    const place = timers.findIndex((armed) => armed.key === key)
    if (place >= 0) timers.splice(place, 1)
    return key
  }

  /** To a life that is over, or to nobody, nothing ever arrives. */
  #launch(from: Address, to: Address, message: unknown, lamport: number): void {
    const isLive = this.#next.members.some((member) => member.address === to && member.state !== undefined)
    if (isLive) this.#next.inFlight.push({ from, to, message, lamport, forms: [] })
  }

  #plan(planned: readonly PlannedCall<unknown>[] | undefined): void {
    for (const { member, call, endsWithLife = false } of planned ?? []) {
      const edited = this.#edit(member)
      if (edited.state !== undefined || !endsWithLife) edited.calls.push({ call, key: dataKey(call), endsWithLife })
    }
  }

  #edit(name: MemberId): Draft<AnyMember> {
    const known = this.#edited.find((member) => member.name === name)
    if (known !== undefined) return known
    const { members } = this.#next
    const place = members.findIndex((member) => member.name === name)
    const member = members[place]
    assert(member !== undefined, 'a choice names a member of the model')
    const { timers, records, outbox, calls } = member
    const copy = { ...member, timers: [...timers], records: [...records], outbox: [...outbox], calls: [...calls] }
    copy.forms = []
    members[place] = copy
    this.#edited.push(copy)
    return copy
  }

  #editLife(life: Address): Draft<AnyMember> {
    const member = this.#next.members.find((each) => each.address === life)
    assert(member?.state !== undefined, 'a message under way goes to a life that is not over')
    return this.#edit(member.name)
  }

  #editHistory(): unknown {
    if (!this.#isHistoryEdited) this.#next.history = { value: clonePlain(this.#next.history.value), forms: [] }
    this.#isHistoryEdited = true
    return this.#next.history.value
  }

  /** What has no bound is not counted: states that differ by nothing else are the same. */
  #spend(fault: Fault): void {
    if (this.#model.bounds[`${fault}Max`] === Number.POSITIVE_INFINITY) return
    const { spent } = this.#next
    this.#next.spent = { ...spent, [fault]: spent[fault] + 1, forms: [] }
  }
}

const nothingSpent: Spent = {
  losses: 0,
  duplicates: 0,
  crashes: 0,
  timerFirings: 0,
  persistFailures: 0,
  forms: [],
}

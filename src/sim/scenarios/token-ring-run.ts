/**
 * One run of the token ring: programs that want to enter, the kernel below them, and whoever makes a lost token again.
 *
 * The last is an oracle in the place of an election: some time after a death it looks whether the token is still there,
 * and if not tells some member to make one of a greater generation. In some runs it is wrong, and makes a second token
 * although the first is there: then only fencing tokens keep the entries apart. An order may reach its member twice.
 *
 * Where the plan has crashes at all, some runs have the worst ones too: those who have just passed the token on die one
 * after the other, nobody hears their acknowledgements, and they are back before their deaths are known.
 */
import type { TraceHook } from '../../edges/trace.ts'
import { type Address, memberId, memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { brokenInvariants, brokenTogether } from '../../protocols/mutex/invariants.ts'
import type { Call, FencingToken, Message, Outcome, Timer } from '../../protocols/mutex/messages.ts'
import { mutex } from '../../protocols/mutex/mutex.ts'
import { defaultLimits, initialState, type Limits, type State } from '../../protocols/mutex/state.ts'
import type { Machine } from '../../lib/machine.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Report } from '../scenario.ts'
import { FailureDetector } from './failure-detector.ts'
import { RingLedger } from './token-ring-ledger.ts'
import { isTokenThere } from './token-ring-presence.ts'
import { GuardedStore } from './token-ring-store.ts'
import { ViolationList } from './violation-list.ts'
import { played, reportOf } from './machine-run.ts'

export type TokenRing = Machine<State, Message, Timer, Call, Outcome>

export interface TokenRingOptions {
  readonly machine?: TokenRing
  /** False only to see that a check finds it. */
  readonly isFenced?: boolean
  readonly onTrace?: TraceHook
  /** How often each kind of outcome came up, over all runs that share it. */
  readonly outcomes?: Map<string, number>
  /** Usual: as many as the seed draws. */
  readonly wishes?: number
  /** Usual: half a minute. */
  readonly quietMs?: number
}

const limits: Limits = { ...defaultLimits, waitingMax: 8 }
const quietMsUsual = 31_000
const lost: readonly number[] = []
/** Of a member's wish, once nothing fails any more: late messages, a new token, and everybody before it. */
const entryWithinMs = 30_000
const wishesMax = 80
const spuriousTimersMax = 20
const wishesWindowMs = 6_000
const holdMsMax = 60
const longHoldMsMax = 1_500
const lossSeenMsMin = 100
const lossSeenMsMax = 1_600
/** After a new token was ordered, it is looked at again: the member that was told may have died. */
const mendAgainMs = 2_000
/** An order that comes again does so by then. */
const repeatedWithinMs = 100
/** Of members that die one after the other, each right after it has passed the token on. */
const streakLength = 2
const streaksMax = 4
const deadMsMax = 40
const deathAfterMsMax = 3
/** Acknowledgements are lost for so long. */
const deafMs = 150

export class TokenRingRun {
  readonly #store: GuardedStore
  readonly #plan: Plan
  readonly #options: TokenRingOptions
  readonly #names: readonly string[]
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  readonly #detector: FailureDetector
  readonly #violations: ViolationList
  readonly #ledger: RingLedger
  readonly #driver: Random
  readonly #mishaps: Random
  /** Of those that pass the token on next, so many die of it; undefined: none is to. */
  #streak: { left: number; hop: number } | undefined
  #deafUntilMs = 0
  #generation = 0
  #deaths = 0
  #isMending = false
  #statesChecked = 0

  constructor(plan: Plan, options: TokenRingOptions = {}) {
    this.#plan = plan
    this.#options = options
    this.#store = new GuardedStore(options.isFenced)
    this.#names = memberNames(plan.members)
    this.#driver = randomStream(plan.seed, 'driver')
    this.#mishaps = randomStream(plan.seed, 'mishaps')
    this.#violations = new ViolationList(() => this.#world.nowMs)
    this.#ledger = new RingLedger(this.#violations, () => this.#world.nowMs)
    const { onTrace, machine = mutex } = options
    const ring = this.#names.map(memberId)
    this.#world = new MachineWorld<State, Message, Timer, Call, Outcome>({
      ...{ machine, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self, life) => initialState(self, ring, this.#detector.aliveFor(life, this.#names), limits),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#detector.onStarted(member),
      onCrashed: (member, how) => this.#onCrashed(member, how),
      fate: (_from, _to, { kind }) => (kind === 'ACK' && this.#world.nowMs < this.#deafUntilMs ? lost : undefined),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkStates(sight.member)
        if (sight.kind === 'sent' && sight.message.kind === 'TOKEN') this.#onPassed(sight.from, sight.message.hop)
        if (sight.kind === 'input' && sight.input.kind === 'call' && sight.input.call.kind === 'enter')
          this.#ledger.onTaken(sight.input.call.request)
      },
      ...(onTrace === undefined ? {} : { onTrace }),
    })
    this.#detector = new FailureDetector(this.#world, randomStream(plan.seed, 'detector'))
  }

  /** What is still to happen, and what all members remember: neither may grow with time. */
  get sizes(): { readonly agenda: number; readonly states: number } {
    const states = this.#detector.running.map((each) => this.#world.stateOf(each))
    return {
      agenda: this.#world.agendaSize,
      states: states.reduce((sum, state) => sum + (state?.alive.size ?? 0) + (state?.waiting.length ?? 0), 0),
    }
  }

  play(): void {
    played(
      () => this.#play(),
      (claim, text) => this.#violations.add(claim, text),
    )
  }

  report(): Report {
    return reportOf(this.#world, this.#violations.all, this.#ledger.size + this.#statesChecked)
  }

  #play(): void {
    const { seed, durationMs } = this.#plan
    const random = randomStream(seed, 'work')
    for (const name of this.#names) this.#world.start(name)
    this.#regenerate()
    const drawn = Math.ceil(((1 + random.below(wishesMax)) * durationMs) / wishesWindowMs)
    const count = this.#options.wishes ?? drawn
    for (let request = 1; request <= count; request++)
      this.#world.at(random.next() * durationMs, () => this.#wish(request, randomStream(seed, `wish ${request}`)))
    if (random.next() < 0.4 && count > 0)
      for (let left = 1 + random.below(3); left > 0; left--)
        this.#world.at(random.next() * durationMs, () => this.#regenerate())
    if (random.next() < 0.3)
      for (let left = 1 + random.below(spuriousTimersMax); left > 0; left--)
        this.#world.at(random.next() * durationMs, () => this.#fire(random))
    this.#plantStreaks()
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + (this.#options.quietMs ?? quietMsUsual))
    const isQuiet = this.#deaths === 0 && this.#generation === 1
    const endedMs = this.#world.nowMs
    this.#ledger.checkEnd({ faultsEndedMs: durationMs, withinMs: entryWithinMs, endedMs }, isQuiet)
    const { value, accepted } = this.#store
    this.#violations.expect(value === accepted, 'no-lost-update', `${accepted} additions of one give ${value}`)
    this.#checkTokenIsCurrent()
  }

  /** Else whoever enters is of no use: the store refuses all that it does. */
  #checkTokenIsCurrent(): void {
    const known = this.#states().map(({ generation }) => generation)
    const [newest] = this.#store.newest
    const isCurrent = known.length === 0 || known.some((generation) => generation >= newest)
    const text = `the store has met generation ${newest}, and the newest that anybody knows is ${Math.max(...known)}`
    this.#violations.expect(isCurrent, 'token-current', text)
  }

  #plantStreaks(): void {
    const { durationMs, faults } = this.#plan
    if (!faults.some(({ kind }) => kind === 'crash')) return
    for (let left = this.#mishaps.below(streaksMax + 1); left > 0; left--)
      this.#world.at(this.#mishaps.next() * durationMs, () => {
        this.#streak ??= { left: streakLength, hop: 0 }
      })
  }

  /** The first of a streak only loses its acknowledgement; those after it, who have it from there, die. */
  #onPassed(from: Address, hop: number): void {
    const streak = this.#streak
    if (streak === undefined || hop <= streak.hop) return
    if (streak.hop > 0) {
      const how = this.#mishaps.next() < 0.5 ? 'process' : 'machine'
      this.#world.after(this.#mishaps.next() * deathAfterMsMax, () => this.#dieShortly(from, how))
    }
    this.#deafUntilMs = this.#world.nowMs + deafMs
    this.#streak = streak.left-- > 0 ? { ...streak, hop } : undefined
  }

  #dieShortly(member: Address, how: 'process' | 'machine'): void {
    this.#world.crash(member, how)
    const name = memberOf(member)
    this.#world.after(this.#mishaps.next() * deadMsMax, () => {
      if (this.#world.addressOf(name) === undefined) this.#world.start(name)
    })
  }

  /** Out of time, as machines have to bear. */
  #fire(random: Random): void {
    const member = this.#world.addressOf(this.#names[random.below(this.#names.length)] ?? '')
    if (member !== undefined) this.#world.fire(member, { kind: random.next() < 0.5 ? 'rest' : 'resend' })
  }

  #wish(request: number, random: Random): void {
    const member = this.#world.addressOf(this.#names[random.below(this.#names.length)] ?? '')
    if (member === undefined || this.#world.isPaused(member)) return
    this.#ledger.open(request, member)
    this.#world.submit(member, { kind: 'enter', request })
    if (random.next() < 0.1)
      this.#world.after(random.next() * 200, () => this.#world.submit(member, { kind: 'leave', request }))
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    const { outcomes } = this.#options
    outcomes?.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1)
    switch (outcome.kind) {
      case 'entered':
        this.#ledger.onEntered(member, outcome.request, outcome.fencingToken)
        return this.#visit(member, outcome.request, outcome.fencingToken)
      case 'left':
        return this.#ledger.onOver(outcome.request)
      case 'lost':
        this.#violations.expect(this.#deaths > 0, 'token-kept', `${member} lost the token, and nobody has died`)
        return this.#mendLater()
      case 'overtaken':
        return this.#violations.expect(
          outcome.generation <= this.#generation,
          'generation-given',
          `${member} is overtaken by generation ${outcome.generation}, which nobody was given`,
        )
      case 'refused':
        if (outcome.call === 'enter') this.#ledger.onOver(Number(outcome.subject))
        return
    }
  }

  /** Reads, adds one, writes, and leaves; its requests to the store go on where it has been overtaken, or dies. */
  #visit(member: Address, request: number, token: FencingToken): void {
    const random = randomStream(this.#plan.seed, `visit ${request}`)
    const holdMs = random.next() * (random.next() < 0.05 ? longHoldMsMax : holdMsMax)
    this.#world.after(random.next() * holdMs, () => {
      const value = this.#store.read(token)
      if (value === undefined) return
      const lateMs = random.next() < 0.1 ? random.next() * longHoldMsMax : 0
      this.#world.after(lateMs, () => this.#store.write(token, value + 1))
      this.#world.after(lateMs + random.next() * 5, () => this.#world.submit(member, { kind: 'leave', request }))
    })
    this.#world.after(holdMs + longHoldMsMax, () => {
      // Refused by the store: it gives up.
      if (this.#world.stateOf(member)?.inside === request) this.#world.submit(member, { kind: 'leave', request })
    })
  }

  #onCrashed(gone: Address, how: 'process' | 'machine'): void {
    this.#deaths++
    this.#ledger.onCrashed(gone)
    this.#detector.onCrashed(gone, how)
    this.#mendLater()
  }

  #mendLater(): void {
    if (this.#isMending) return
    this.#isMending = true
    const delayMs = lossSeenMsMin + this.#driver.next() * (lossSeenMsMax - lossSeenMsMin)
    this.#world.after(delayMs, () => this.#mend())
  }

  /**
   * The greatest generation that was given has to be there: where that one died with its holder, an older token may go
   * on, but a store that has met the newer one refuses it.
   */
  #mend(): void {
    this.#isMending = !isTokenThere(this.#states(), this.#generation)
    if (!this.#isMending) return
    this.#regenerate()
    this.#world.after(mendAgainMs, () => this.#mend())
  }

  #regenerate(): void {
    const running = this.#detector.running
    const chosen = running[this.#driver.below(Math.max(1, running.length))]
    if (chosen === undefined) return
    this.#generation++
    const order: Call = { kind: 'regenerate', generation: this.#generation }
    this.#world.submit(chosen, order)
    if (this.#driver.next() < 0.5)
      this.#world.after(this.#driver.next() * repeatedWithinMs, () => this.#world.submit(chosen, order))
  }

  #states(): State[] {
    return this.#detector.running.flatMap((each) => this.#world.stateOf(each) ?? [])
  }

  #checkStates(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.#violations.all.length > 0) return
    this.#statesChecked++
    for (const broken of brokenInvariants(state)) this.#violations.add('invariant', broken)
    if (state.token === undefined) return
    for (const broken of brokenTogether(this.#states())) this.#violations.add('one-holder', broken)
    const isGiven = state.token.generation <= this.#generation
    this.#violations.expect(isGiven, 'generation-given', `${memberOf(member)} holds a token that nobody ordered`)
  }
}

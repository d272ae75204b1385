/**
 * One run of looking for ports: programs that serve and withdraw them, others that look for them, the kernel below.
 *
 * While faults last an answer may be out of date, and `not-found` proves nothing. In the quiet time after them each
 * member looks for every port: it may be told what it remembers, once; what it is told after that has to be true, even
 * though the first question that its search asks of each peer is lost.
 */
import type { TraceHook } from '../../edges/trace.ts'
import { type Address, type Port, port as portNamed } from '../../lib/identifiers.ts'
import type { Machine } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import { brokenInvariants } from '../../protocols/locate/invariants.ts'
import { locate } from '../../protocols/locate/locate.ts'
import type { Call, Message, Outcome, Timer } from '../../protocols/locate/messages.ts'
import { defaultLimits, initialState, type Limits, type State } from '../../protocols/locate/state.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import type { Sight } from '../machines/sight.ts'
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Report } from '../scenario.ts'
import { FailureDetector } from './failure-detector.ts'
import { LocateLedger } from './locate-ledger.ts'
import { ViolationList } from './violation-list.ts'
import { played, reportOf } from './machine-run.ts'

export type Locate = Machine<State, Message, Timer, Call, Outcome>

export interface LocateOptions {
  readonly machine?: Locate
  readonly onTrace?: TraceHook
  /** How often each kind of outcome came up, over all runs that share it. */
  readonly outcomes?: Map<string, number>
  /** Usual: as many as the seed draws. */
  readonly questions?: number
  /** Usual: half a minute. */
  readonly quietMs?: number
}

/** Small, so that every bound is met. */
const limits: Limits = {
  ...{ ...defaultLimits, cacheMax: 3, searchesMax: 3, waitingMax: 2, servedMax: 3, toldMax: 2 },
  ...{ firstRoundPeers: 1, roundMs: 50 },
}
const ports = Array.from({ length: 6 }, (_, index) => portNamed((index + 1).toString(16).padStart(32, '0')))
const quietMsUsual = 30_000
const lost: readonly number[] = []
/** Late messages are gone by then. */
const stragglingMs = 15_000
/** Of one question: all rounds, where nothing fails. */
const answeredWithinMs = 2_000
const questionsMax = 120
const changesMax = 30
const spuriousTimersMax = 20
const workWindowMs = 5_000

export class LocateRun {
  readonly #plan: Plan
  readonly #options: LocateOptions
  readonly #names: readonly string[]
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  readonly #detector: FailureDetector
  readonly #violations: ViolationList
  readonly #ledger: LocateLedger
  /** Searches that each life has begun, as seen after its last step. */
  readonly #begun = new Map<Address, number>()
  /** The question that a member has been given in this very step. */
  #asking: number | undefined
  /** `from to port` of questions that are lost when they are asked next, in the quiet time. */
  readonly #toLose = new Set<string>()
  /** In the quiet time: who is told what to his last question. */
  readonly #answers = new Map<number, Outcome>()
  #requests = 0
  #statesChecked = 0

  constructor(plan: Plan, options: LocateOptions = {}) {
    this.#plan = plan
    this.#options = options
    this.#names = memberNames(plan.members)
    this.#violations = new ViolationList(() => this.#world.nowMs)
    this.#ledger = new LocateLedger(this.#violations, () => this.#world.nowMs)
    const { onTrace, machine = locate } = options
    this.#world = new MachineWorld<State, Message, Timer, Call, Outcome>({
      ...{ machine, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self, life) => initialState(self, this.#detector.aliveFor(life, this.#names), limits),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#detector.onStarted(member),
      onCrashed: (member, how) => {
        this.#ledger.onCrashed(member)
        this.#detector.onCrashed(member, how)
      },
      fate: (from, to, message) =>
        message.kind === 'LOCATE' && this.#toLose.delete(wayOf(from, to, message.port)) ? lost : undefined,
      onSight: (sight) => this.#onSight(sight),
      ...(onTrace === undefined ? {} : { onTrace }),
    })
    this.#detector = new FailureDetector(this.#world, randomStream(plan.seed, 'detector'))
  }

  /** What is still to happen, and what all members remember: neither may grow with time. */
  get sizes(): { readonly agenda: number; readonly states: number } {
    const states = this.#detector.running.flatMap((each) => this.#world.stateOf(each) ?? [])
    return {
      agenda: this.#world.agendaSize,
      states: states.reduce((sum, { cache, searches, peers }) => sum + cache.size + searches.size + peers.size, 0),
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
    const scale = durationMs / workWindowMs
    const questions = this.#options.questions ?? Math.ceil((1 + random.below(questionsMax)) * scale)
    for (let number = 1; number <= questions; number++)
      this.#world.at(random.next() * durationMs, () => this.#ask(randomStream(seed, `question ${number}`)))
    for (let number = Math.ceil((1 + random.below(changesMax)) * scale); number > 0; number--)
      this.#world.at(random.next() * durationMs, () => this.#change(randomStream(seed, `change ${number}`)))
    if (random.next() < 0.3)
      for (let left = 1 + random.below(spuriousTimersMax); left > 0; left--)
        this.#world.at(random.next() * durationMs, () => this.#fire(random))
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + stragglingMs)
    for (const self of this.#detector.running) this.#askAll(self)
    this.#world.run(durationMs + (this.#options.quietMs ?? quietMsUsual))
    const endedMs = this.#world.nowMs
    this.#ledger.checkProgress({ faultsEndedMs: durationMs, withinMs: answeredWithinMs, endedMs })
  }

  /** Out of time, as machines have to bear. */
  #fire(random: Random): void {
    const member = this.#world.addressOf(pick(random, this.#names))
    if (member === undefined) return
    const searches = this.#world.stateOf(member)?.searches.values() ?? []
    for (const { port, number, round } of [...searches])
      this.#world.fire(member, { kind: 'round', port, search: number, round: round + random.below(3) - 1 })
  }

  #ask(random: Random): void {
    const member = this.#world.addressOf(pick(random, this.#names))
    if (member === undefined || this.#world.isPaused(member)) return
    const port = pick(random, ports)
    const request = this.#locate(member, port)
    if (random.next() >= 0.1) return
    this.#world.after(random.next() * 100, () => this.#world.submit(member, { kind: 'cancel', request, port }))
  }

  #locate(member: Address, port: Port): number {
    const request = ++this.#requests
    this.#ledger.open(request, member, port)
    this.#world.submit(member, { kind: 'locate', request, port })
    return request
  }

  /** A program serves a port, or withdraws it. */
  #change(random: Random): void {
    const member = this.#world.addressOf(pick(random, this.#names))
    if (member === undefined) return
    const port = pick(random, ports)
    this.#world.submit(member, { kind: random.next() < 0.6 ? 'serve' : 'withdraw', port })
  }

  /** One port after the other: what is remembered may be wrong once, then it is told so and looked for anew. */
  #askAll(self: Address): void {
    for (const [index, port] of ports.entries()) {
      this.#world.after(index * 2 * answeredWithinMs, () => {
        for (const peer of this.#detector.running) this.#toLose.add(wayOf(self, peer, port))
        const first = this.#locate(self, port)
        this.#world.after(answeredWithinMs, () => this.#askAgain(self, port, first))
      })
    }
  }

  #askAgain(self: Address, port: Port, first: number): void {
    const answer = this.#answers.get(first)
    const isMissed = answer?.kind === 'not-found' && this.#ledger.isServed(port)
    this.#violations.expect(!isMissed, 'calm', `${self} searches ${port} and misses it`)
    if (answer?.kind === 'located' && !this.#ledger.serves(answer.at, port))
      this.#world.submit(self, { kind: 'not-here', port, at: answer.at })
    const second = this.#locate(self, port)
    this.#world.after(answeredWithinMs - 1, () => {
      const last = this.#answers.get(second)
      const isRight = this.#ledger.isServed(port)
        ? last?.kind === 'located' && this.#ledger.serves(last.at, port)
        : last?.kind === 'not-found'
      const said = last?.kind === 'located' ? `located at ${last.at}` : (last?.kind ?? 'nothing')
      const is = this.#ledger.isServed(port) ? 'served' : 'not served'
      this.#violations.expect(isRight, 'calm', `${self} is told "${said}" of ${port}, which is ${is}`)
    })
  }

  #onSight(sight: Sight<Message, Timer, Call, Outcome>): void {
    if (sight.kind === 'stepped') return this.#onStepped(sight.member)
    if (sight.kind !== 'input') return
    const { member, input } = sight
    this.#asking = input.kind === 'call' && input.call.kind === 'locate' ? input.call.request : undefined
    if (input.kind === 'message' && input.message.kind === 'NOTHERE')
      this.#ledger.onTakenBack(member, input.message.port, input.from)
    if (input.kind !== 'call') return
    const { call } = input
    if (call.kind === 'serve' && (this.#world.stateOf(member)?.served.size ?? 0) < limits.servedMax)
      this.#ledger.onServe(member, call.port)
    if (call.kind === 'withdraw') this.#ledger.onWithdraw(member, call.port)
    if (call.kind === 'cancel') this.#ledger.cancel(call.request)
    if (call.kind === 'not-here') this.#ledger.onTakenBack(member, call.port, call.at)
    if (call.kind === 'parted') this.#ledger.onParted(member, call.peer)
    if (call.kind === 'joined') this.#ledger.onJoined(member, call.address)
  }

  #onStepped(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined) return
    for (const { port, number } of state.searches.values())
      if (number > (this.#begun.get(member) ?? 0)) this.#ledger.onSearchBegun(member, port)
    this.#begun.set(member, state.begun)
    if (this.#violations.all.length > 0) return
    this.#statesChecked++
    for (const broken of brokenInvariants(state)) this.#violations.add('invariant', broken)
  }

  /** Comes right after its step: what is answered in the step of its question was not searched for. */
  #onOutcome(member: Address, outcome: Outcome): void {
    const { outcomes } = this.#options
    outcomes?.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1)
    if (outcome.kind === 'refused') return
    const { request } = outcome
    this.#answers.set(request, outcome)
    const isSearched = this.#asking !== request
    if (outcome.kind === 'located') this.#ledger.onLocated(member, request, outcome.port, outcome.at, isSearched)
    else this.#ledger.onEnd(request)
  }
}

function wayOf(from: Address, to: Address, port: Port): string {
  return `${from} ${to} ${port}`
}

function pick<Choice>(random: Random, choices: readonly Choice[]): Choice {
  const choice = choices[random.below(choices.length)]
  if (choice === undefined) throw new Error('nothing to choose from')
  return choice
}

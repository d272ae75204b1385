/**
 * One run of elections by bullying: the kernel below the members, and programs that suspect leaders, rightly or not.
 *
 * Epochs are promised to be one leader's each and never to be taken again, over all lives, as long as the disk gives
 * back what it took: after a flipped bit has cost records, only the first half is looked at. That one leads alone is
 * promised of no moment; only that in quiet times all come to follow the highest that is alive. In the end the lowest
 * suspects it wrongly, and then rightly, before anybody is told of the death: all depends on who answers.
 */
import type { TraceHook } from '../../edges/trace.ts'
import { type Address, memberId, memberOf } from '../../lib/identifiers.ts'
import type { Machine } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import { election } from '../../protocols/election/election.ts'
import { brokenInvariants, brokenTogether } from '../../protocols/election/invariants.ts'
import type { Call, Message, Outcome, Persisted, Timer } from '../../protocols/election/messages.ts'
import { initialState, type State } from '../../protocols/election/state.ts'
import { checkLeadership, type Leadership } from '../checkers/leadership.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import type { Sight } from '../machines/sight.ts'
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Report } from '../scenario.ts'
import { FailureDetector } from './failure-detector.ts'
import { ViolationList } from './violation-list.ts'
import { played, reportOf } from './machine-run.ts'

export type Bully = Machine<State, Message, Timer, Call, Outcome, Persisted>

export interface BullyOptions {
  readonly machine?: Bully
  readonly onTrace?: TraceHook
  /** How often each kind of outcome came up, over all runs that share it. */
  readonly outcomes?: Map<string, number>
  /** Usual: as many as the seed draws. */
  readonly suspicions?: number
  /** Usual: 40 s. */
  readonly quietMs?: number
}

const quietMsUsual = 40_000
/** Of the quiet time: late messages are gone by then, and the last election is over. */
const settledWithinMs = 25_000
const suspicionsMax = 12
/** Of an election in peace, with a death that only silence tells at first. */
const agreedWithinMs = 10_000
const spuriousTimersMax = 20
const timerKinds = ['answer', 'coordinator', 'announce'] as const
/** A program that has no leader waits for so long before it says so. */
const firstStartMsMax = 500

export class BullyRun {
  readonly #plan: Plan
  readonly #options: BullyOptions
  readonly #names: readonly string[]
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome, Persisted>
  readonly #detector: FailureDetector
  readonly #violations: ViolationList
  readonly #elected: Leadership[] = []
  /** The greatest epoch in which each life has led or been led. */
  readonly #followed = new Map<Address, number>()
  /** What each member has been told to be on its disk. */
  readonly #written = new Map<string, Set<number>>()
  #statesChecked = 0

  constructor(plan: Plan, options: BullyOptions = {}) {
    this.#plan = plan
    this.#options = options
    this.#names = memberNames(plan.members)
    this.#violations = new ViolationList(() => this.#world.nowMs)
    const { onTrace, machine = election } = options
    const members = this.#names.map(memberId)
    this.#world = new MachineWorld<State, Message, Timer, Call, Outcome, Persisted>({
      ...{ machine, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self, life) => initialState(self, members, this.#detector.aliveFor(life, this.#names)),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#detector.onStarted(member),
      onCrashed: (member, how) => this.#detector.onCrashed(member, how),
      onSight: (sight) => this.#onSight(sight),
      ...(onTrace === undefined ? {} : { onTrace }),
    })
    this.#detector = new FailureDetector(this.#world, randomStream(plan.seed, 'detector'))
  }

  /** What is still to happen, and what all members remember: neither may grow with time. */
  get sizes(): { readonly agenda: number; readonly states: number } {
    return { agenda: this.#world.agendaSize, states: this.#states().reduce((sum, { peers }) => sum + peers.size, 0) }
  }

  play(): void {
    played(
      () => this.#play(),
      (claim, text) => this.#violations.add(claim, text),
    )
  }

  report(): Report {
    return reportOf(this.#world, this.#violations.all, this.#elected.length + this.#statesChecked)
  }

  #play(): void {
    const { seed, durationMs } = this.#plan
    const random = randomStream(seed, 'work')
    for (const name of this.#names) this.#world.start(name)
    for (const name of this.#names) this.#world.at(random.next() * firstStartMsMax, () => this.#suspect(name))
    for (let left = this.#options.suspicions ?? random.below(suspicionsMax + 1); left > 0; left--) {
      const name = this.#names[random.below(this.#names.length)] ?? ''
      this.#world.at(random.next() * durationMs, () => this.#suspect(name))
    }
    if (random.next() < 0.3)
      for (let left = 1 + random.below(spuriousTimersMax); left > 0; left--)
        this.#world.at(random.next() * durationMs, () => this.#fire(random))
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + settledWithinMs)
    const settled = this.#elected.length
    this.#checkCalm()
    this.#world.run(durationMs + (this.#options.quietMs ?? quietMsUsual))
    this.#checkCalm()
    const later = this.#elected[settled]
    if (later !== undefined) this.#violations.add('calm', `${later.leader} is elected in epoch ${later.epoch} in peace`)
    this.#checkSuspicion()
    this.#checkSilentDeath()
    this.#checkEpochs()
  }

  /** Out of time, as machines have to bear. */
  #fire(random: Random): void {
    const member = this.#world.addressOf(this.#names[random.below(this.#names.length)] ?? '')
    const kind = timerKinds[random.below(timerKinds.length)] ?? 'answer'
    if (member !== undefined) this.#world.fire(member, { kind })
  }

  /** Rightly or not. */
  #suspect(name: string): void {
    const member = this.#world.addressOf(name)
    if (member !== undefined) this.#world.submit(member, { kind: 'start' })
  }

  #onSight(sight: Sight<Message, Timer, Call, Outcome, Persisted>): void {
    if (sight.kind === 'stepped') return this.#checkStates(sight.member)
    if (sight.kind === 'sent' && sight.message.kind === 'COORDINATOR')
      return this.#checkWritten(sight.from, sight.message.epoch, 'announces')
    if (sight.kind === 'persist') return this.#checkTaken(sight.member, sight.record.epoch)
    if (sight.kind !== 'input') return
    if (sight.input.kind === 'persisted') this.#writtenBy(sight.member).add(sight.input.record.epoch)
    if (sight.input.kind !== 'recovered') return
    for (const { epoch } of sight.input.records) this.#writtenBy(sight.member).add(epoch)
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    const { outcomes } = this.#options
    outcomes?.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1)
    switch (outcome.kind) {
      case 'elected':
        this.#elected.push({ leader: memberOf(member), epoch: outcome.epoch, atMs: this.#world.nowMs })
        this.#checkWritten(member, outcome.epoch, 'leads in')
        return this.#checkGrows(member, outcome.epoch)
      case 'led':
        return this.#checkGrows(member, outcome.epoch)
      case 'refused':
        return this.#violations.add('refused', `${member} refuses ${outcome.address}, which is a member`)
      case 'deposed':
      case 'claim-failed':
        return
    }
  }

  #writtenBy(member: Address): Set<number> {
    const known = this.#written.get(memberOf(member)) ?? new Set()
    this.#written.set(memberOf(member), known)
    return known
  }

  #checkWritten(member: Address, epoch: number, what: string): void {
    const isWritten = this.#writtenBy(member).has(epoch)
    this.#violations.expect(isWritten, 'persisted-first', `${member} ${what} epoch ${epoch}, which is not on its disk`)
  }

  /** Each record is greater than all that its member has on disk, also those of earlier lives. */
  #checkTaken(member: Address, epoch: number): void {
    const newest = Math.max(0, ...this.#writtenBy(member))
    const isGreater = epoch > newest || this.#isDamaged
    this.#violations.expect(isGreater, 'epochs-grow', `${member} takes epoch ${epoch} after ${newest}`)
  }

  /** A leader of an older epoch than the greatest known is refused. */
  #checkGrows(member: Address, epoch: number): void {
    const before = this.#followed.get(member) ?? 0
    this.#violations.expect(epoch >= before, 'stale-leader', `${member} goes from epoch ${before} back to ${epoch}`)
    this.#followed.set(member, epoch)
  }

  #checkStates(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.#violations.all.length > 0) return
    this.#statesChecked++
    for (const broken of brokenInvariants(state)) this.#violations.add('invariant', broken)
    if (this.#isDamaged) return // A later life of the same member may then lead in that epoch again.
    for (const broken of brokenTogether(this.#states())) this.#violations.add('one-leader-per-epoch', broken)
  }

  get #isDamaged(): boolean {
    return this.#world.counts.recordsDamaged > 0
  }

  #checkEpochs(): void {
    const records = this.#isDamaged ? this.#elected.toSorted((left, right) => left.epoch - right.epoch) : this.#elected
    const verdict = checkLeadership(records)
    if (!verdict.holds) this.#violations.add(verdict.claim, verdict.text)
    if (this.#isDamaged) return
    const newest = new Map<string, number>()
    for (const { leader, epoch } of this.#elected) {
      const before = newest.get(leader) ?? 0
      this.#violations.expect(epoch > before, 'epochs-grow', `${leader} is elected in ${epoch} after ${before}`)
      newest.set(leader, epoch)
    }
  }

  /** A leader that lives and is above all others stays. */
  #checkSuspicion(): void {
    const { length } = this.#elected
    this.#suspect(this.#running()[0] ?? '')
    this.#world.run(this.#world.nowMs + agreedWithinMs)
    this.#checkCalm()
    const isDeposed = this.#elected.slice(length).some(({ leader }) => leader !== this.#running().at(-1))
    this.#violations.expect(!isDeposed, 'highest-leads', 'the highest was deposed by one below it, which suspected it')
  }

  /** The lowest notices it before anybody is told: nobody leads but the next one. */
  #checkSilentDeath(): void {
    const highest = this.#running().at(-1)
    const gone = highest === undefined ? undefined : this.#world.addressOf(highest)
    if (gone === undefined || this.#running().length < 2) return
    const { length } = this.#elected
    this.#world.crash(gone, 'machine')
    this.#suspect(this.#running()[0] ?? '')
    this.#world.run(this.#world.nowMs + agreedWithinMs)
    this.#checkCalm()
    const next = this.#running().at(-1)
    for (const { leader } of this.#elected.slice(length))
      this.#violations.expect(leader === next, 'highest-leads', `${leader} was elected although ${next} has answered`)
  }

  /** From the lowest to the highest. */
  #running(): readonly string[] {
    return this.#states()
      .toSorted((left, right) => left.rank - right.rank)
      .map(({ self }) => memberOf(self))
  }

  /** The highest that is alive leads, and all follow it in one epoch. */
  #checkCalm(): void {
    const states = this.#states()
    const highest = states.reduce((best, each) => (each.rank > best.rank ? each : best))
    for (const { self, role, leader, leaderEpoch } of states) {
      const isRight = leader === highest.self && leaderEpoch === highest.leaderEpoch
      const led = `${role}, led by ${leader ?? 'nobody'} in epoch ${leaderEpoch}`
      this.#violations.expect(isRight, 'calm', `${self} is ${led}, where ${highest.self} is the highest alive`)
    }
  }

  #states(): State[] {
    return this.#detector.running.flatMap((each) => this.#world.stateOf(each) ?? [])
  }
}

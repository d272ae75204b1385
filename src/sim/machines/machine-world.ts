/**
 * The virtual world of one machine: members that run it, the network between them, their disks and clocks, and every
 * fault that a script can order. Everything follows from the seed.
 *
 * A message reaches the life that it is addressed to and no later one, as links promise; a world may be told to break
 * that promise (`strays`). The first life of a member begins with its initial state; each further one is also told
 * `recovered`, with the records on its disk, of which there are none where the machine persists nothing. What the program
 * above a member does is the caller's (`onOutcome`, `onStarted`), and so are checks. Whole members have another world.
 */
import { assert, BrokenInvariant } from '../../lib/assert.ts'
import { type Address, address, incarnation, type MemberId, memberId, memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { Digest, textHash } from '../digest.ts'
import { drawMs } from '../faults/distribution.ts'
import type { Distribution, Fault } from '../faults/fault.ts'
import { lastInForce } from '../faults/last-in-force.ts'
import { NetworkConditions } from '../faults/network-conditions.ts'
import { usualNetwork } from '../faults/network-options.ts'
import { applyFault, type FaultCounts, type FaultTarget, runScript } from '../faults/script-runner.ts'
import { randomStream } from '../random-streams.ts'
import { Agenda } from '../time/agenda.ts'
import { LifeTrace, usualSummary } from './life-trace.ts'
import { MachineLink } from './machine-link.ts'
import type { MachineWorldOptions, WorldCounts } from './machine-world-options.ts'
import { MemberClock } from './member-clock.ts'
import { type Ground, MachineLife, type MemberParts } from './machine-life.ts'
import { RecordDisk } from './record-disk.ts'

interface Member<State, Message, Timer, Call, Outcome, Persisted> extends MemberParts<Persisted> {
  readonly name: string
  readonly id: MemberId
  readonly links: Map<MemberId, Way<State, Message, Timer, Call, Outcome, Persisted>>
  incarnation: number
  life: MachineLife<State, Message, Timer, Call, Outcome, Persisted> | undefined
}

interface Way<State, Message, Timer, Call, Outcome, Persisted> {
  readonly link: MachineLink
  readonly target: Member<State, Message, Timer, Call, Outcome, Persisted>
}

/** Things that happen within one virtual millisecond; a world that does more runs in a circle. */
const happeningsPerMsMax = 1_000_000
const usualSync: Distribution = { kind: 'uniform', minMs: 0.2, maxMs: 2 }
const usualSizeBytes = 64
const worldAddress = address(memberId('world'), incarnation(0))
const firstInOrder: Random = { next: () => 0, below: () => 0 }

export class MachineWorld<State, Message, Timer, Call, Outcome, Persisted = never> {
  /** For the programs above the members. */
  readonly random: Random
  readonly counts: Readonly<WorldCounts>
  /** How many faults have been injected. */
  readonly faults: FaultCounts
  readonly #counts: WorldCounts
  readonly #options: MachineWorldOptions<State, Message, Timer, Call, Outcome, Persisted>
  readonly #agenda: Agenda
  readonly #digest = new Digest()
  readonly #network: NetworkConditions
  readonly #members = new Map<MemberId, Member<State, Message, Timer, Call, Outcome, Persisted>>()
  readonly #ground: Ground<State, Message, Timer, Call, Outcome, Persisted>
  readonly #target: FaultTarget
  readonly #inForce = new Set<Fault>()
  readonly #delaysMs: number[] = []
  #isHealed = false
  #faultEvents = 0

  constructor(options: MachineWorldOptions<State, Message, Timer, Call, Outcome, Persisted>) {
    const { seed, names } = options
    this.#options = options
    this.random = randomStream(seed, 'programs')
    this.#agenda = new Agenda(options.order === 'caused' ? firstInOrder : randomStream(seed, 'ties'))
    this.#network = new NetworkConditions(options.network ?? usualNetwork, names)
    this.#counts = {
      ...{ events: 0, sent: 0, delivered: 0, lost: 0, duplicated: 0 },
      ...{ recordsSynced: 0, recordsFailed: 0, recordsLost: 0, recordsTorn: 0, recordsDamaged: 0 },
    }
    this.counts = this.#counts
    for (const name of names) this.#addMember(name)
    this.#ground = this.#newGround()
    this.#target = this.#newTarget()
    this.faults = runScript(options.faults ?? [], this.#target, (atMs, run) => {
      this.#agenda.enter(atMs, () => {
        if (!this.#isHealed) run()
      })
    })
  }

  get nowMs(): number {
    return this.#ground.nowMs
  }

  /** Things that are still to happen, among them timers. */
  get agendaSize(): number {
    return this.#agenda.size
  }

  /** Of everything that has happened, in its order. */
  get digest(): string {
    return this.#digest.text
  }

  /** A new life of the member; an earlier one has crashed. */
  start(name: string): Address {
    const member = this.#memberNamed(name)
    assert(member.life === undefined, `${name} is running`)
    member.incarnation++
    const self = address(member.id, incarnation(member.incarnation))
    const { onTrace, machine, summary, names } = this.#options
    const trace =
      onTrace === undefined ? undefined : new LifeTrace(onTrace, machine.name, self, summary ?? usualSummary)
    const state = this.#options.initial(self, member.incarnation, names)
    const life = new MachineLife(this.#ground, member, self, state, trace)
    member.life = life
    this.#note(member.index, 7)
    this.#options.onSight?.({ kind: 'started', member: self })
    if (lastInForce(this.#inForce, 'pause', name) !== undefined) this.pause(self)
    if (member.incarnation > 1) life.take({ kind: 'recovered', records: member.disk.recover() })
    this.#options.onStarted?.(self)
    return self
  }

  /** Harmless where that life is over. Usual: the process alone dies. */
  crash(of: Address, how: 'process' | 'machine' = 'process'): void {
    const member = this.#members.get(memberOf(of))
    if (member?.life === undefined || member.life.address !== of) return
    member.life.end(how)
    member.life = undefined
    this.#note(member.index, 8)
    this.#options.onSight?.({ kind: 'crashed', member: of })
    this.#options.onCrashed?.(of, how)
  }

  pause(of: Address): void {
    const life = this.#life(of)
    if (life === undefined || life.isPaused) return
    life.pause()
    this.#options.onSight?.({ kind: 'paused', member: of })
  }

  resume(of: Address): void {
    const life = this.#life(of)
    if (life === undefined || !life.isPaused) return
    this.#options.onSight?.({ kind: 'resumed', member: of })
    life.resume()
  }

  /** What the program above the member asks of the machine; lost where that life is over. Never within a step. */
  submit(to: Address, call: Call): void {
    this.#life(to)?.take({ kind: 'call', call })
  }

  /** Hands the member a message as if `from` had sent it. */
  inject(from: Address, to: Address, message: Message): void {
    this.#life(to)?.take({ kind: 'message', from, message })
  }

  /** Lets a timer fire out of time, as a spurious one would. */
  fire(of: Address, timer: Timer): void {
    this.#life(of)?.take({ kind: 'timer', timer })
  }

  after(delayMs: number, run: () => void): void {
    this.#agenda.enter(this.nowMs + delayMs, run)
  }

  /** At a virtual time that is not past. */
  at(atMs: number, run: () => void): void {
    assert(atMs >= this.nowMs, `${atMs} ms is past`)
    this.#agenda.enter(atMs, run)
  }

  isRunning(of: Address): boolean {
    return this.#life(of) !== undefined
  }

  isPaused(of: Address): boolean {
    return this.#life(of)?.isPaused === true
  }

  /** Whether it is paused, or so slow that something waits for it. */
  isBehind(of: Address): boolean {
    const life = this.#life(of)
    return life !== undefined && (life.isPaused || life.isBehind)
  }

  /** Undefined: that life is over. */
  stateOf(of: Address): State | undefined {
    return this.#life(of)?.state
  }

  /** Of the life that runs; undefined: none does. */
  addressOf(name: string): Address | undefined {
    return this.#memberNamed(name).life?.address
  }

  /** What the member's own clock shows now. */
  clockMs(name: string): number {
    return this.#memberNamed(name).clock.readMs(this.nowMs)
  }

  /** Lets everything happen that is to happen up to then. */
  run(untilMs: number): void {
    const ground = this.#ground
    let happenings = 0
    let sinceMs = ground.nowMs
    while (this.#agenda.nextMs <= untilMs) {
      const entry = this.#agenda.take()
      if (entry === undefined) break
      if (entry.atMs - sinceMs >= 1) {
        sinceMs = entry.atMs
        happenings = 0
      }
      if (++happenings > happeningsPerMsMax) throw new BrokenInvariant(`the world runs in a circle at ${sinceMs} ms`)
      ground.nowMs = entry.atMs
      entry.run()
    }
    ground.nowMs = Math.max(ground.nowMs, untilMs)
  }

  /** Ends the script: lifts what is in force, also starts again who would have been later; nothing new comes. */
  heal(): void {
    this.#isHealed = true
    for (const fault of this.#inForce) {
      if (fault.kind === 'crash' && fault.untilMs === undefined) continue
      this.#target.onFault?.(fault, false)
      applyFault(fault, this.#target, false)
    }
  }

  #addMember(name: string): void {
    const { seed } = this.#options
    const disk = new RecordDisk<Persisted>(randomStream(seed, `disk ${name}`), this.#counts)
    this.#members.set(memberId(name), {
      ...{ index: this.#members.size, name, id: memberId(name), clock: new MemberClock(), disk, slowMs: 0 },
      ...{ random: randomStream(seed, `machine ${name}`), links: new Map(), incarnation: 0, life: undefined },
    })
  }

  #newGround(): Ground<State, Message, Timer, Call, Outcome, Persisted> {
    const { machine, onSight, seed, sync = usualSync } = this.#options
    const syncs = randomStream(seed, 'syncs')
    return {
      ...{ machine, agenda: this.#agenda, digest: this.#digest, counts: this.#counts, nowMs: 0, onSight },
      syncMs: () => drawMs(sync, syncs),
      transmit: (from, to, message, lamport) => this.#transmit(from, to, message, lamport),
      onOutcome: (member, outcome) => this.#options.onOutcome(member, outcome),
    }
  }

  #newTarget(): FaultTarget {
    const addressOf = (name: string): Address => this.addressOf(name) ?? worldAddress
    return {
      network: this.#network,
      crash: (name, how) => this.crash(addressOf(name), how),
      restart: (name) => {
        if (lastInForce(this.#inForce, 'crash', name) === undefined && this.addressOf(name) === undefined)
          this.start(name)
      },
      setPaused: (name, isOn) => {
        if (isOn) this.pause(addressOf(name))
        else if (lastInForce(this.#inForce, 'pause', name) === undefined) this.resume(addressOf(name))
      },
      setSlow: (name, eventMs) => {
        const slowMs = eventMs > 0 ? eventMs : lastInForce(this.#inForce, 'slow', name)?.eventMs
        this.#memberNamed(name).slowMs = slowMs ?? 0
      },
      onClockFault: (fault, isOn) => {
        const { clock, life } = this.#memberNamed(fault.member)
        if (clock.change(fault, isOn, this.nowMs)) life?.onClockChanged()
      },
      onDiskFault: (fault, isOn) => this.#memberNamed(fault.member).disk.setFault(fault, isOn),
      onFault: (fault, isOn) => this.#onFault(fault, isOn),
    }
  }

  #onFault(fault: Fault, isOn: boolean): void {
    if (isOn) this.#inForce.add(fault)
    else this.#inForce.delete(fault)
    this.#note(textHash(fault.kind), isOn ? 1 : 0)
    this.#faultEvents++
    const { kind, ...detail } = fault
    this.#options.onTrace?.({
      ...{ v: 1, atMs: this.nowMs, machine: 'world', sequence: this.#faultEvents },
      member: 'member' in fault ? (this.addressOf(fault.member) ?? worldAddress) : worldAddress,
      ...{ lamport: 0, input: { kind: 'call', type: kind, detail: { ...detail, isOn } } },
      effects: [],
    })
  }

  #transmit(from: Address, to: Address, message: Message, lamport: number): void {
    this.#counts.sent++
    const way = this.#wayTo(from, to)
    const delaysMs = this.#route(way, from, to, message)
    this.#options.onSight?.({ kind: 'sent', from, to, message, delaysMs: [...delaysMs] })
    if (way === undefined || delaysMs.length === 0) this.#counts.lost++
    if (way === undefined) return
    if (delaysMs.length > 1) this.#counts.duplicated++
    const { epoch } = way.link
    for (const delayMs of delaysMs) {
      this.#agenda.enter(this.nowMs + delayMs, () => this.#arrive(way, epoch, from, to, message, lamport))
    }
  }

  /** When the copies arrive. */
  #route(
    way: Way<State, Message, Timer, Call, Outcome, Persisted> | undefined,
    from: Address,
    to: Address,
    message: Message,
  ): readonly number[] {
    const decided = this.#options.fate?.(from, to, message)
    if (decided !== undefined) return decided
    if (way === undefined) return []
    const sizeBytes = this.#options.sizeOf?.(message) ?? usualSizeBytes
    if (way.link.route(sizeBytes, this.nowMs, this.#delaysMs)) {
      way.link.breakNow()
      this.#wayTo(to, from)?.link.breakNow()
      this.after(0, () => this.#options.onBreak?.(from, to))
    }
    return this.#delaysMs
  }

  #arrive(
    way: Way<State, Message, Timer, Call, Outcome, Persisted>,
    epoch: number,
    from: Address,
    to: Address,
    message: Message,
    lamport: number,
  ): void {
    const { life } = way.target
    const isMeant = life !== undefined && (life.address === to || this.#options.strays?.(message) === true)
    if (!isMeant || way.link.epoch !== epoch) {
      this.#counts.lost++
      return
    }
    this.#counts.delivered++
    life.take({ kind: 'message', from, message }, lamport)
  }

  /** Undefined: the world has no such member. */
  #wayTo(from: Address, to: Address): Way<State, Message, Timer, Call, Outcome, Persisted> | undefined {
    const source = this.#members.get(memberOf(from))
    const id = memberOf(to)
    const known = source?.links.get(id)
    if (known !== undefined) return known
    const target = this.#members.get(id)
    if (source === undefined || target === undefined) return undefined
    const way = { link: new MachineLink(source.name, target.name, this.#network, this.#options.seed), target }
    source.links.set(id, way)
    return way
  }

  #life(of: Address): MachineLife<State, Message, Timer, Call, Outcome, Persisted> | undefined {
    const life = this.#members.get(memberOf(of))?.life
    return life?.address === of ? life : undefined
  }

  #memberNamed(name: string): Member<State, Message, Timer, Call, Outcome, Persisted> {
    const member = this.#members.get(memberId(name))
    if (member === undefined) throw new BrokenInvariant(`the world has no member ${name}`)
    return member
  }

  #note(what: number, which: number): void {
    this.#digest.addNumber(this.nowMs)
    this.#digest.addNumber(what * 16 + which)
  }
}

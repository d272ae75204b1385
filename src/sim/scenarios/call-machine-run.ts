/**
 * One run of the scenario `call-machine`: programs that call each other on every member, and what must be true of each
 * of their calls.
 *
 * Limits are small, so that every bound is reached. Each call is drawn from a stream of its own, so a run without one
 * fault or one call is otherwise like itself. The kernel's part is played here too: who is told that a peer is dead,
 * that a link stands again or that none can be made, and when.
 */
import type { TraceHook } from '../../edges/trace.ts'
import { type Address, memberOf, port } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { brokenInvariants } from '../../protocols/rpc/invariants.ts'
import type { Call, CallOf, Message, Outcome, Semantics, Timer } from '../../protocols/rpc/messages.ts'
import { rpc } from '../../protocols/rpc/rpc.ts'
import { defaultLimits, initialState, type Limits, type State } from '../../protocols/rpc/state.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Report } from '../scenario.ts'
import { bodyOf, servedPort, SimulatedHandlers, tokenOf } from './call-machine-handlers.ts'
import { CallLedger, type Claim, type Made } from './call-machine-ledger.ts'
import { CallMachineWatch } from './call-machine-watch.ts'
import { played, reportOf } from './machine-run.ts'

export interface CallRun {
  readonly report: Report
  /** How often each kind of end came up. */
  readonly ends: ReadonlyMap<string, number>
}

const limits: Limits = {
  ...{ ...defaultLimits, slotsMax: 4, windowMax: 8, waitingMax: 5, callersMax: 12, partedMax: 16 },
  ...{ mailboxBytesMax: 500, retainedBytesMax: 400, enquireAfterMs: 100, enquiriesUntilSilent: 2 },
  ...{ enquireMsMax: 400, backOffMaxMs: 100, cancelGraceMs: 30, acknowledgeAfterMs: 30 },
  ...{ largeBytes: 150, slowestBytesPerMs: 1 },
}
const quietMs = 30_000
/** No message takes longer. */
const stragglingMs = 4_000
const callsMax = 60
const callsWindowMs = 4_000
/** After which the peers of one that died hear of it. */
const deathSeenMsMax = { process: 100, machine: 1_500 } as const
const headBytes = 40

/** Runs the plan to its quiet end. */
export function runCalls(plan: Plan, onTrace?: TraceHook): CallRun {
  const run = new Run(plan, onTrace)
  run.play()
  return { report: run.report(), ends: run.ledger.ends }
}

/** In the whole of a run: of callers that die with their request, and of callees that die of one. */
const mishapsMax = 6
const deadMsMax = 30
const lateMsMax = 200

class Run {
  readonly ledger: CallLedger
  readonly #plan: Plan
  readonly #names: readonly string[]
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  readonly #handlers: SimulatedHandlers
  /** Of each member's latest life. */
  readonly #addresses = new Map<string, Address>()
  /** For what the kernel does. */
  readonly #kernel: Random
  readonly #watch = new CallMachineWatch(limits)
  readonly #mishaps: Random
  /** What happens to whoever is next to call, or to be called; undefined: nothing. */
  #mishap: 'caller-dies' | 'callee-dies' | undefined
  readonly #listens = new Map<Address, CallOf<'listen'>>()
  #statesChecked = 0

  constructor(plan: Plan, onTrace: TraceHook | undefined) {
    this.#plan = plan
    this.#names = memberNames(plan.members)
    this.#kernel = randomStream(plan.seed, 'kernel')
    this.#mishaps = randomStream(plan.seed, 'mishaps')
    this.ledger = new CallLedger(() => this.#world.nowMs)
    this.#world = new MachineWorld({
      ...{ machine: rpc, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self, life) => initialState(self, life, limits),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#onStarted(member),
      onCrashed: (member, how) => this.#onCrashed(member, how),
      onBreak: (one, other) => this.#soon(50, () => this.#link(one, other)),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkState(sight.member)
        if (sight.kind === 'sent') this.#checkSent(sight.from, sight.to, sight.message)
        if (sight.kind === 'input' && sight.input.kind === 'call') this.#onSubmitted(sight.member, sight.input.call)
      },
      ...(onTrace === undefined ? {} : { onTrace }),
      sizeOf: (message) => headBytes + ('body' in message ? message.body.length : 0),
      strays: (message) => message.kind === 'REQ',
      fate: (from, _to, message) => (message.kind === 'REQ' ? this.#fateOfRequest(from) : undefined),
    })
    this.#handlers = new SimulatedHandlers({
      ledger: this.ledger,
      randomOf: (token) => randomStream(plan.seed, `handler ${token}`),
      submit: (member, call) => this.#world.submit(member, call),
      after: (delayMs, run) => this.#world.after(delayMs, run),
    })
  }

  play(): void {
    played(
      () => this.#play(),
      (claim, text) => this.ledger.violated(claim, text),
    )
  }

  #play(): void {
    const { seed, durationMs, faults } = this.#plan
    const random = randomStream(seed, 'work')
    for (const name of this.#names) this.#world.start(name)
    const count = Math.ceil(((1 + random.below(callsMax)) * durationMs) / callsWindowMs)
    for (let token = 1; token <= count; token++) this.#plant(token)
    for (let left = random.below(3); left > 0; left--) this.#world.at(random.next() * durationMs, () => this.#linkAll())
    if (random.next() < 0.3) this.#world.at(random.next() * durationMs, () => this.#deafenOne())
    for (const { kind, untilMs } of faults) {
      if (kind === 'partition' && untilMs !== undefined) this.#world.at(untilMs, () => this.#linkAll())
    }
    this.#plantMishaps()
    this.#world.run(durationMs)
    this.#world.heal()
    // What is under way dies with its link on a host: so the last links stand only when all of it has arrived.
    this.#world.run(durationMs + stragglingMs)
    this.#linkAll()
    this.#world.run(durationMs + quietMs)
    this.#checkEnd()
  }

  /** Where the plan has crashes at all: some at the worst moments, and back before anybody hears of them. */
  #plantMishaps(): void {
    const { durationMs, faults } = this.#plan
    if (!faults.some(({ kind }) => kind === 'crash')) return
    for (let left = this.#mishaps.below(mishapsMax + 1); left > 0; left--)
      this.#world.at(this.#mishaps.next() * durationMs, () => {
        this.#mishap = this.#mishaps.next() < 0.5 ? 'caller-dies' : 'callee-dies'
      })
  }

  /** Of a caller that dies of it the request arrives when its death is known. */
  #fateOfRequest(from: Address): readonly number[] | undefined {
    if (this.#mishap !== 'caller-dies' || !this.#world.isRunning(from)) return undefined
    this.#mishap = undefined
    this.#world.after(0, () => this.#dieShortly(from))
    return [deathSeenMsMax.process + this.#mishaps.next() * lateMsMax]
  }

  #dieShortly(member: Address): void {
    this.#world.crash(member, 'process')
    const name = memberOf(member)
    this.#world.after(this.#mishaps.next() * deadMsMax, () => {
      if (this.#world.addressOf(name) === undefined) this.#world.start(name)
    })
  }

  report(): Report {
    return reportOf(this.#world, this.ledger.violations, this.ledger.size + this.#statesChecked)
  }

  #onStarted(self: Address): void {
    this.#addresses.set(memberOf(self), self)
    this.#listen(self)
    for (const peer of this.#running()) this.#link(self, peer)
  }

  #onCrashed(gone: Address, how: 'process' | 'machine'): void {
    this.#soon(deathSeenMsMax[how], () => {
      for (const peer of this.#addresses.values()) this.#world.submit(peer, { kind: 'parted', peer: gone })
    })
  }

  /** Each time with the same bounds, for what runs and waits under greater ones is not taken back. */
  #listen(self: Address): void {
    const listen: CallOf<'listen'> = this.#listens.get(self) ?? {
      ...{ kind: 'listen', port: servedPort },
      ...{ concurrency: 1 + this.#kernel.below(3), mailboxMax: this.#kernel.below(4) },
    }
    this.#listens.set(self, listen)
    this.#world.submit(self, listen)
  }

  #plant(token: number): void {
    const random = randomStream(this.#plan.seed, `call ${token}`)
    this.#world.at(random.next() * this.#plan.durationMs, () => this.#makeCall(token, random))
  }

  /** Half of the members call, the other half and the first serve. */
  #makeCall(token: number, random: Random): void {
    const names = this.#names
    const callers = names.filter((_, index) => index % 2 === 0)
    const callees = names.filter((_, index) => index % 2 === 1)
    const from = this.#latest(pick(random, callers))
    const to = this.#latest(pick(random, [...callees, callees[0] ?? '', callers[0] ?? '']))
    if (!this.#world.isRunning(from) || this.#world.isPaused(from)) return
    const window = random.next() < 0.3 ? 1 + random.below(limits.windowMax) : 0
    const timeoutMs = pick(random, [20, 200, 1_000, 3_000, Number.POSITIVE_INFINITY])
    const semantics = pick<Semantics>(random, ['maybe', 'at-least-once', 'at-most-once', 'at-most-once'])
    const body = bodyOf(token, 4 + random.below(300))
    const servingPort = random.next() < 0.05 ? port('f'.repeat(32)) : servedPort
    this.ledger.open({ token, from, to, window })
    this.#world.submit(from, {
      ...{ kind: 'call', token, to, port: servingPort, semantics, priority: random.below(4), timeoutMs, window },
      ...{ selector: new Uint8Array(0), body },
    })
    if (random.next() < 0.2)
      this.#world.after(random.next() * 300, () => this.#world.submit(from, { kind: 'cancel', token, to }))
    if (!this.#world.isRunning(to))
      this.#world.after(random.next() * 100, () => this.#world.submit(from, { kind: 'unreachable', peer: to }))
  }

  /** A slow member gets to it late, and counts from there. */
  #onSubmitted(member: Address, call: Call): void {
    if (call.kind === 'relinked') this.#watch.onRelinked(member, call.peer)
    if (call.kind === 'reply') this.#watch.onReply(member, call)
    const made = call.kind === 'call' ? this.ledger.find(call.token) : undefined
    if (call.kind !== 'call' || made === undefined || call.timeoutMs === Number.POSITIVE_INFINITY) return
    made.deadline = this.#world.clockMs(memberOf(made.from)) + call.timeoutMs
    this.#world.after(call.timeoutMs, () => this.#checkDeadline(made))
  }

  #deafenOne(): void {
    const self = this.#latest(this.#names[1] ?? '')
    this.#world.submit(self, { kind: 'deafen', port: servedPort })
    this.#soon(300, () => this.#listen(self))
  }

  #linkAll(): void {
    const all = this.#running()
    for (const self of all) for (const peer of all) this.#world.submit(self, { kind: 'relinked', peer })
  }

  /** A link stands between the two lives, if both are still there. */
  #link(one: Address, other: Address): void {
    if (!this.#world.isRunning(one) || !this.#world.isRunning(other)) return
    this.#world.submit(one, { kind: 'relinked', peer: other })
    this.#world.submit(other, { kind: 'relinked', peer: one })
  }

  #running(): Address[] {
    return [...this.#addresses.values()].filter((address) => this.#world.isRunning(address))
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'completed':
      case 'failed': {
        const made = this.ledger.find(outcome.token)
        const tokenOfReply = outcome.kind === 'completed' ? tokenOf(outcome.body) : undefined
        if (made !== undefined) this.ledger.onEnd(made, outcome, tokenOfReply)
        return
      }
      case 'item':
        return this.#onItem(outcome.token, outcome.body)
      case 'deliver': {
        const made = this.ledger.find(tokenOf(outcome.body))
        if (made !== undefined) this.#handlers.onDeliver(member, outcome, made)
        if (this.#mishap !== 'callee-dies') return
        this.#mishap = undefined
        this.#world.after(this.#mishaps.next() * deadMsMax, () => this.#dieShortly(member))
        return
      }
      case 'pull':
        return this.#handlers.onPull(member, outcome)
      case 'abort':
        this.ledger.count('abort')
        return this.#handlers.onAbort(member, outcome)
      case 'silent':
      case 'heard':
        return this.ledger.count(outcome.kind)
    }
  }

  #onItem(token: number, body: Uint8Array): void {
    const made = this.ledger.find(token)
    if (made === undefined) return
    this.ledger.onItem(made, tokenOf(body) === token && body[4] === made.items)
    this.#soon(40, () => {
      made.consumed++
      this.#world.submit(made.from, { kind: 'consumed', token, to: made.to, count: 1 })
    })
  }

  #checkState(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.ledger.violations.length > 0) return
    this.#statesChecked++
    for (const broken of brokenInvariants(state)) this.ledger.violated('invariant', broken)
    this.#tellIf('reply', this.#watch.onStepped(member, state))
  }

  #checkSent(from: Address, to: Address, message: Message): void {
    this.#tellIf('frugal', this.#watch.onSent(from, to, message, this.#world.clockMs(memberOf(from))))
  }

  #tellIf(claim: Claim, broken: string | undefined): void {
    if (broken !== undefined) this.ledger.violated(claim, broken)
  }

  /** By the caller's clock; one that is paused or slow ends its calls when it gets to it. */
  #checkDeadline(made: Made): void {
    if (made.end !== undefined || !this.#world.isRunning(made.from)) return
    const leftMs = made.deadline + limits.wakeGrainMs + 0.001 - this.#world.clockMs(memberOf(made.from))
    if (leftMs > 0 || this.#world.isBehind(made.from))
      this.#world.after(Math.max(1, leftMs), () => this.#checkDeadline(made))
    else this.ledger.violated('deadline', `call ${made.token} has not ended by its deadline`)
  }

  #checkEnd(): void {
    for (const made of this.ledger.calls) {
      const isOver = made.end !== undefined || !this.#world.isRunning(made.from)
      this.ledger.expect(isOver, 'progress', made.token, 'never ends')
    }
    for (const self of this.#addresses.values()) {
      const state = this.#world.stateOf(self)
      if (state !== undefined) this.#checkQuiet(state)
    }
  }

  /** When everything is over, nothing is left but numbers. */
  #checkQuiet(state: State): void {
    const { self } = state
    const expect = (holds: boolean, text: string): void => {
      if (!holds) this.ledger.violated('nothing-left', `${self} ${text}`)
    }
    for (const { slots, address } of state.callees.values()) {
      expect(
        slots.every((slot) => slot.call === undefined),
        `still calls ${address}`,
      )
      expect(this.#world.isRunning(address), `remembers ${address} as callee`)
    }
    for (const { retainedBytes, address } of state.callers.values()) {
      expect(retainedBytes === 0, `still keeps ${retainedBytes} bytes for ${address}`)
      expect(this.#world.isRunning(address), `remembers ${address} as caller`)
    }
    for (const mailbox of state.mailboxes.values())
      expect(mailbox.running + mailbox.waiting.length === 0, 'still serves')
    expect(state.silent.size === 0, `still takes ${[...state.silent].join()} for silent`)
    expect(!Number.isFinite(state.dueAt), 'still has a timer')
  }

  #latest(name: string): Address {
    const found = this.#addresses.get(name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }

  /** At some moment within so many milliseconds. */
  #soon(withinMs: number, run: () => void): void {
    this.#world.after(this.#kernel.next() * withinMs, run)
  }
}

function pick<Choice>(random: Random, choices: readonly Choice[]): Choice {
  const choice = choices[random.below(choices.length)]
  if (choice === undefined) throw new Error('nothing to choose from')
  return choice
}

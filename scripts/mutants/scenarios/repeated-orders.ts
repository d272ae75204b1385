/**
 * A token ring that is told twice to make the same token, under heavy use and faults.
 *
 * Beside the scenario `token-ring`, which gives each order once: an order that comes again must mean nothing to whoever
 * knows of that generation. Checked after each step is what must hold of one state and of all together; of all entries,
 * that those of one token never overlap and are numbered upwards; and in the end that whoever wants to enters.
 */
import { type Address, memberId } from '../../../src/lib/identifiers.ts'
import type { Random } from '../../../src/lib/random.ts'
import { brokenInvariants, brokenTogether } from '../../../src/protocols/mutex/invariants.ts'
import type { Call, FencingToken, Message, Outcome, Timer } from '../../../src/protocols/mutex/messages.ts'
import { mutex } from '../../../src/protocols/mutex/mutex.ts'
import { initialState, type State } from '../../../src/protocols/mutex/state.ts'
import { MachineWorld } from '../../../src/sim/machines/machine-world.ts'
import { randomStream } from '../../../src/sim/random-streams.ts'
import { memberNames, type Plan, type Report, type Scenario } from '../../../src/sim/scenario.ts'
import { BrokenClaims } from './broken-claims.ts'
import { Lives } from './lives.ts'

export const repeatedOrders: Scenario = {
  name: 'repeated-orders',
  about:
    'token ring: orders to make a token may come twice; entries with one token never overlap and are numbered upwards, and whoever wants to enters in the end',
  members: { min: 2, usual: 4, max: 8 },
  durationMs: 4_000,
  faultKinds: [
    ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
    ...(['crash', 'pause', 'slow', 'clock-drift', 'clock-jump'] as const),
  ],
  run: (plan) => Promise.resolve().then(() => new RingRun(plan).report()),
}

const wishes = 150
const insideMsMax = 60
/** No message takes longer. */
const stragglingMs = 4_000
const progressMs = 20_000
const watchdogMs = 2_000

class RingRun {
  readonly #plan: Plan
  readonly #names: readonly string[]
  readonly #random: Random
  readonly #claims: BrokenClaims
  readonly #lives: Lives
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  /** Who is inside with the token of each generation, and the number of its last entry. */
  readonly #inside = new Map<number, Address>()
  readonly #entries = new Map<number, number>()
  readonly #generationOf = new Map<string, number>()
  readonly #wanted = new Map<number, Address>()
  #generation = 0
  #requests = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#names = memberNames(plan.members)
    this.#random = randomStream(plan.seed, 'ring work')
    this.#claims = new BrokenClaims(() => this.#world.nowMs)
    this.#lives = new Lives(() => this.#world, randomStream(plan.seed, 'kernel'), {
      parted: (to, peer) => this.#world.submit(to, { kind: 'parted', peer }),
      joined: (to, address) => this.#world.submit(to, { kind: 'joined', address }),
    })
    this.#world = new MachineWorld({
      ...{ machine: mutex, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self) => initialState(self, this.#names.map(memberId), this.#lives.running),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#lives.onStarted(member),
      onCrashed: (member, how) => this.#onCrashed(member, how),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkStates(sight.member)
      },
    })
  }

  report(): Report {
    const { durationMs } = this.#plan
    for (const name of this.#names) this.#world.start(name)
    this.#regenerate(this.#lives.running[0])
    for (let left = wishes; left > 0; left--) this.#world.at(this.#random.next() * durationMs, () => this.#wish())
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + stragglingMs)
    for (const self of this.#lives.running) this.#enter(self)
    this.#world.run(durationMs + stragglingMs + progressMs)
    for (const [request, self] of this.#wanted)
      this.#claims.expect(!this.#world.isRunning(self), 'progress', `request ${request} of ${self} never enters`)
    const { nowMs, counts, faults, digest } = this.#world
    const { violations, checked } = this.#claims
    return { violations, virtualMs: nowMs, events: counts.events, checked, faults, digest }
  }

  #wish(): void {
    const self = this.#lives.any(this.#random)
    if (self !== undefined) this.#enter(self)
  }

  #enter(self: Address): void {
    const request = ++this.#requests
    this.#wanted.set(request, self)
    this.#world.submit(self, { kind: 'enter', request })
  }

  /** Each generation is given to one life; some are told so twice, and the second time means nothing. */
  #regenerate(self: Address | undefined): void {
    if (self === undefined) return this.#world.after(watchdogMs, () => this.#regenerate(this.#lives.any(this.#random)))
    const order: Call = { kind: 'regenerate', generation: ++this.#generation }
    this.#world.submit(self, order)
    if (this.#random.next() < 0.5)
      this.#world.after(this.#random.next() * insideMsMax, () => this.#world.submit(self, order))
  }

  /** The token may have died there. */
  #onCrashed(gone: Address, how: 'process' | 'machine'): void {
    for (const [generation, holder] of this.#inside) if (holder === gone) this.#inside.delete(generation)
    this.#lives.onCrashed(gone, how)
    this.#world.after(watchdogMs, () => this.#regenerate(this.#lives.any(this.#random)))
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'entered':
        return this.#onEntered(member, outcome.request, outcome.fencingToken)
      case 'left':
        return this.#onLeft(member, outcome.request)
      case 'lost':
        return this.#world.after(1, () => this.#regenerate(this.#lives.any(this.#random)))
      case 'overtaken':
      case 'refused':
        return
    }
  }

  #onEntered(member: Address, request: number, [generation, entry]: FencingToken): void {
    const other = this.#inside.get(generation)
    this.#claims.expect(other === undefined, 'exclusion', `${member} enters while ${other} is inside (${generation})`)
    const last = this.#entries.get(generation) ?? 0
    this.#claims.expect(entry > last, 'fencing', `${member} enters with number ${entry} after ${last} of ${generation}`)
    this.#entries.set(generation, entry)
    this.#inside.set(generation, member)
    this.#generationOf.set(`${member} ${request}`, generation)
    this.#wanted.delete(request)
    this.#world.after(this.#random.next() * insideMsMax, () => this.#world.submit(member, { kind: 'leave', request }))
  }

  #onLeft(member: Address, request: number): void {
    const generation = this.#generationOf.get(`${member} ${request}`)
    if (generation !== undefined && this.#inside.get(generation) === member) this.#inside.delete(generation)
  }

  #checkStates(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.#claims.violations.length > 0) return
    const all = this.#lives.running.flatMap((each) => this.#world.stateOf(each) ?? [])
    this.#claims.none('invariant', [...brokenInvariants(state), ...brokenTogether(all)])
  }
}

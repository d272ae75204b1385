/**
 * An election that only silence calls for: the leader dies, and the lowest suspects it before anybody is told.
 *
 * Beside the scenario `bully`, in which deaths are told soon, so that it hardly matters who answers. Checked after each
 * step is what must hold of one state and of all together; of all lives, that an epoch has one leader and nobody goes
 * back; and when the faults are over, that the highest stays leader when it is suspected, and that after its death
 * nobody but the next one is elected.
 */
import { type Address, memberId } from '../../../src/lib/identifiers.ts'
import type { Random } from '../../../src/lib/random.ts'
import { election } from '../../../src/protocols/election/election.ts'
import { brokenInvariants, brokenTogether } from '../../../src/protocols/election/invariants.ts'
import type { Call, Message, Outcome, Persisted, Timer } from '../../../src/protocols/election/messages.ts'
import { initialState, type State } from '../../../src/protocols/election/state.ts'
import { MachineWorld } from '../../../src/sim/machines/machine-world.ts'
import { randomStream } from '../../../src/sim/random-streams.ts'
import { memberNames, type Plan, type Report, type Scenario } from '../../../src/sim/scenario.ts'
import { BrokenClaims } from './broken-claims.ts'
import { Lives } from './lives.ts'

export const silentDeath: Scenario = {
  name: 'silent-death',
  about:
    'bully: an epoch has at most one leader over all lives, nobody goes back, and all follow the highest in the end',
  members: { min: 2, usual: 4, max: 8 },
  durationMs: 8_000,
  faultKinds: [
    ...(['loss', 'duplicate', 'reorder', 'delay', 'break', 'partition', 'crash', 'pause', 'slow'] as const),
    ...(['clock-drift', 'clock-jump', 'disk-full', 'sync-failure', 'torn-write'] as const),
  ],
  run: (plan) => Promise.resolve().then(() => new ElectionRun(plan).report()),
}

const suspicions = 12
/** No message takes longer. */
const stragglingMs = 6_000
const agreeMs = 10_000

class ElectionRun {
  readonly #plan: Plan
  readonly #names: readonly string[]
  readonly #random: Random
  readonly #claims: BrokenClaims
  readonly #lives: Lives
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome, Persisted>
  readonly #leaders = new Map<number, Address>()
  /** The greatest epoch in which each life has led or followed. */
  readonly #epochs = new Map<Address, number>()

  constructor(plan: Plan) {
    this.#plan = plan
    this.#names = memberNames(plan.members)
    this.#random = randomStream(plan.seed, 'election work')
    this.#claims = new BrokenClaims(() => this.#world.nowMs)
    this.#lives = new Lives(() => this.#world, randomStream(plan.seed, 'kernel'), {
      parted: (to, peer) => this.#world.submit(to, { kind: 'parted', peer }),
      joined: (to, address) => this.#world.submit(to, { kind: 'joined', address }),
    })
    this.#world = new MachineWorld({
      ...{ machine: election, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self) => initialState(self, this.#names.map(memberId), this.#lives.running),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#lives.onStarted(member),
      onCrashed: (member, how) => this.#lives.onCrashed(member, how),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkStates(sight.member)
      },
    })
  }

  report(): Report {
    const { durationMs } = this.#plan
    for (const name of this.#names) this.#world.start(name)
    for (let left = suspicions; left > 0; left--)
      this.#world.at(this.#random.next() * durationMs, () => this.#suspectAt(this.#lives.any(this.#random)))
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + stragglingMs)
    for (const self of this.#lives.running) this.#suspectAt(self)
    this.#world.run(durationMs + stragglingMs + agreeMs)
    this.#checkAgreed('after the faults')
    this.#checkSuspicion()
    this.#checkDeath()
    const { nowMs, counts, faults, digest } = this.#world
    const { violations, checked } = this.#claims
    return { violations, virtualMs: nowMs, events: counts.events, checked, faults, digest }
  }

  #suspectAt(self: Address | undefined): void {
    if (self !== undefined) this.#world.submit(self, { kind: 'start' })
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    if (outcome.kind !== 'elected' && outcome.kind !== 'led') return
    const { epoch } = outcome
    const before = this.#epochs.get(member) ?? 0
    this.#claims.expect(epoch >= before, 'epochs-grow', `${member} goes back from epoch ${before} to ${epoch}`)
    this.#epochs.set(member, Math.max(before, epoch))
    if (outcome.kind === 'led') return
    const other = this.#leaders.get(epoch)
    const isFirst = other === undefined
    this.#claims.expect(isFirst, 'one-leader-per-epoch', `${member} is elected in epoch ${epoch}, as ${other} was`)
    this.#leaders.set(epoch, member)
  }

  #checkSuspicion(): void {
    const epochs = this.#leaders.size
    this.#suspectAt(this.#lives.running.toSorted()[0])
    this.#world.run(this.#world.nowMs + agreeMs)
    this.#checkAgreed('after the lowest has suspected it')
    this.#claims.expect(this.#leaders.size === epochs, 'highest-leads', 'a live leader was deposed by one below it')
  }

  /** The lowest notices it before anybody is told, so that all depends on who answers. */
  #checkDeath(): void {
    const [lowest, ...above] = this.#lives.running.toSorted()
    const highest = above.pop()
    if (lowest === undefined || highest === undefined) return
    const before = new Set(this.#leaders.keys())
    this.#world.crash(highest, 'machine')
    this.#suspectAt(lowest)
    this.#world.run(this.#world.nowMs + agreeMs)
    this.#checkAgreed('after the highest has died')
    for (const [epoch, leader] of this.#leaders) {
      const isNext = before.has(epoch) || leader === (above.at(-1) ?? lowest)
      this.#claims.expect(isNext, 'highest-leads', `${leader} was elected although one above it has answered`)
    }
  }

  #checkStates(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.#claims.violations.length > 0) return
    const all = this.#lives.running.flatMap((each) => this.#world.stateOf(each) ?? [])
    this.#claims.none('invariant', [...brokenInvariants(state), ...brokenTogether(all)])
  }

  #checkAgreed(when: string): void {
    const highest = this.#lives.running.toSorted().at(-1)
    const epoch = highest === undefined ? 0 : this.#world.stateOf(highest)?.leaderEpoch
    for (const self of this.#lives.running) {
      const { leader, leaderEpoch } = this.#world.stateOf(self) ?? {}
      const text = `${when} ${self} takes ${leader} for leader in epoch ${leaderEpoch}, not ${highest} in ${epoch}`
      this.#claims.expect(leader === highest && leaderEpoch === epoch, 'progress', text)
    }
  }
}

/**
 * A search for a port in which the first question to each member is lost.
 *
 * Beside the scenario `locate`, where any port may be missed while messages are lost: here, once all other faults are
 * over, one loss must not hide a port, and what was withdrawn is not found there any more. Before, checked after each
 * step is what must hold of one state; that a port is found only where it was served; that each question ends once.
 */
import { type Address, port } from '../../../src/lib/identifiers.ts'
import type { Random } from '../../../src/lib/random.ts'
import { brokenInvariants } from '../../../src/protocols/locate/invariants.ts'
import { locate as machine } from '../../../src/protocols/locate/locate.ts'
import type { Call, Message, Outcome, Timer } from '../../../src/protocols/locate/messages.ts'
import { defaultLimits, initialState, type State } from '../../../src/protocols/locate/state.ts'
import { MachineWorld } from '../../../src/sim/machines/machine-world.ts'
import { randomStream } from '../../../src/sim/random-streams.ts'
import { memberNames, type Plan, type Report, type Scenario } from '../../../src/sim/scenario.ts'
import { BrokenClaims } from './broken-claims.ts'
import { Lives } from './lives.ts'

export const lostQuestions: Scenario = {
  name: 'lost-questions',
  about: 'locate: ports are found where they are served and nowhere else, and each question ends once',
  members: { min: 2, usual: 5, max: 8 },
  durationMs: 4_000,
  faultKinds: [
    ...(['loss', 'duplicate', 'reorder', 'delay', 'break', 'partition', 'crash', 'pause', 'slow'] as const),
    ...(['clock-drift', 'clock-jump'] as const),
  ],
  run: (plan) => Promise.resolve().then(() => new SearchRun(plan).report()),
}

const limits = { ...defaultLimits, cacheMax: 2, searchesMax: 2, waitingMax: 2, firstRoundPeers: 1 }
const ports = ['1', '2', '3'].map((digit) => port(digit.repeat(32)))
/** Used only when the faults are over. */
const lastPort = port('f'.repeat(32))
const acts = 120
const lost: readonly number[] = []
/** No message takes longer. */
const stragglingMs = 4_000
const searchMs = 1_000

class SearchRun {
  readonly #plan: Plan
  readonly #names: readonly string[]
  readonly #random: Random
  readonly #claims: BrokenClaims
  readonly #lives: Lives
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  /** `member port` of all that was ever served. */
  readonly #everServed = new Set<string>()
  readonly #asked = new Map<number, { readonly by: Address; at: Address | undefined; ends: number }>()
  /** `from to` of questions about the last port that have been lost on purpose; undefined while none is. */
  #lostOnce: Set<string> | undefined
  #requests = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#names = memberNames(plan.members)
    this.#random = randomStream(plan.seed, 'search work')
    this.#claims = new BrokenClaims(() => this.#world.nowMs)
    this.#lives = new Lives(() => this.#world, randomStream(plan.seed, 'kernel'), {
      parted: (to, peer) => this.#world.submit(to, { kind: 'parted', peer }),
      joined: (to, address) => this.#world.submit(to, { kind: 'joined', address }),
    })
    this.#world = new MachineWorld({
      ...{ machine, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self) => initialState(self, this.#lives.running, limits),
      onOutcome: (_, outcome) => this.#onOutcome(outcome),
      fate: (from, to, message) => (message.kind === 'LOCATE' && this.#isLostOnce(`${from} ${to}`) ? lost : undefined),
      onStarted: (member) => this.#lives.onStarted(member),
      onCrashed: (member, how) => this.#lives.onCrashed(member, how),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkState(sight.member)
      },
    })
  }

  report(): Report {
    const { durationMs } = this.#plan
    for (const name of this.#names) this.#world.start(name)
    for (let left = acts; left > 0; left--) this.#world.at(this.#random.next() * durationMs, () => this.#act())
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + stragglingMs)
    this.#checkQuiet()
    for (const [request, { by, ends }] of this.#asked)
      this.#claims.expect(ends === 1 || !this.#world.isRunning(by), 'progress', `question ${request} never ends`)
    const { nowMs, counts, faults, digest } = this.#world
    const { violations, checked } = this.#claims
    return { violations, virtualMs: nowMs, events: counts.events, checked, faults, digest }
  }

  #act(): void {
    const self = this.#lives.any(this.#random)
    const wanted = ports[this.#random.below(ports.length)]
    if (self === undefined || wanted === undefined) return
    const chance = this.#random.next()
    if (chance < 0.7) this.#ask(self, wanted)
    else if (chance < 0.85) this.#serve(self, wanted)
    else this.#world.submit(self, { kind: 'withdraw', port: wanted })
  }

  #ask(by: Address, wanted: (typeof ports)[number]): number {
    const request = ++this.#requests
    this.#asked.set(request, { by, at: undefined, ends: 0 })
    this.#world.submit(by, { kind: 'locate', request, port: wanted })
    return request
  }

  #serve(self: Address, served: (typeof ports)[number]): void {
    this.#everServed.add(`${self} ${served}`)
    this.#world.submit(self, { kind: 'serve', port: served })
  }

  #onOutcome(outcome: Outcome): void {
    if (outcome.kind === 'refused') return
    const asked = this.#asked.get(outcome.request)
    if (asked === undefined) return this.#claims.expect(false, 'once', `nobody asked ${outcome.request}`)
    asked.ends++
    this.#claims.expect(asked.ends === 1, 'once', `question ${outcome.request} ends ${asked.ends} times`)
    if (outcome.kind !== 'located') return
    asked.at = outcome.at
    const wasServed = this.#everServed.has(`${outcome.at} ${outcome.port}`)
    this.#claims.expect(wasServed, 'truthful', `${outcome.port} was found at ${outcome.at}, where it never was`)
  }

  /** One serves and is found by all; withdraws; another serves, and is found by all. */
  #checkQuiet(): void {
    const [first, second, ...others] = this.#lives.running
    if (first === undefined || second === undefined) return
    this.#serve(first, lastPort)
    this.#expectFoundAt(first, others)
    this.#world.submit(first, { kind: 'withdraw', port: lastPort })
    this.#world.run(this.#world.nowMs + searchMs)
    this.#lostOnce = new Set()
    this.#serve(second, lastPort)
    this.#expectFoundAt(second, others)
  }

  #isLostOnce(way: string): boolean {
    if (this.#lostOnce === undefined || this.#lostOnce.has(way)) return false
    this.#lostOnce.add(way)
    return true
  }

  #expectFoundAt(at: Address, by: readonly Address[]): void {
    this.#world.run(this.#world.nowMs + 1)
    const requests = by.map((self) => this.#ask(self, lastPort))
    this.#world.run(this.#world.nowMs + searchMs)
    for (const request of requests) {
      const found = this.#asked.get(request)?.at
      this.#claims.expect(found === at, 'found', `question ${request} found ${found} where ${at} serves`)
    }
  }

  #checkState(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state !== undefined && this.#claims.violations.length === 0)
      this.#claims.none('invariant', brokenInvariants(state))
  }
}

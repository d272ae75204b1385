/**
 * One run of the scenario `scheduling`: computers whose tasks compute, wait for devices and change their priorities.
 *
 * A computer that crashes has lost its tasks; its next life has others, and another rule. Timers fire out of time and the
 * machine is told things that make no sense, which it has to refuse without harm.
 */
import type { TraceHook } from '../../edges/trace.ts'
import { type Address, memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { brokenInvariants } from '../../protocols/scheduling/invariants.ts'
import { type Call, type Message, type Outcome, ruleNames, type Timer } from '../../protocols/scheduling/messages.ts'
import { type Scheduling, scheduling } from '../../protocols/scheduling/scheduling.ts'
import { defaultSettings, initialState, type Settings, type State } from '../../protocols/scheduling/state.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Report } from '../scenario.ts'
import { type ComputerTask, SimulatedComputer } from '../scheduling/computer.ts'
import { played, reportOf } from './machine-run.ts'
import { SchedulingLedger } from './scheduling-ledger.ts'
import { ViolationList } from './violation-list.ts'

export interface SchedulingOptions {
  readonly machine?: Scheduling
  readonly onTrace?: TraceHook
  /** How often each kind of outcome came up, and each rule ran. */
  readonly met?: Map<string, number>
}

interface Life {
  readonly settings: Settings
  readonly computer: SimulatedComputer
  readonly ledger: SchedulingLedger
  readonly random: Random
}

const tasksMax = 12
const burstMsMax = 40
const processes = 3
const quietMs = 30_000
const disturbancesMax = 30

export class SchedulingRun {
  readonly #plan: Plan
  readonly #options: SchedulingOptions
  readonly #names: readonly string[]
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  readonly #violations: ViolationList
  readonly #lives = new Map<Address, Life>()
  #checked = 0

  constructor(plan: Plan, options: SchedulingOptions = {}) {
    this.#plan = plan
    this.#options = options
    this.#names = memberNames(plan.members)
    this.#violations = new ViolationList(() => this.#world.nowMs)
    const { onTrace, machine = scheduling } = options
    this.#world = new MachineWorld<State, Message, Timer, Call, Outcome>({
      ...{ machine, seed: plan.seed, names: this.#names, faults: plan.faults },
      initial: (self, life) => initialState(this.#newLife(self, life)),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#onStarted(member),
      onCrashed: (member) => this.#lives.delete(member),
      onSight: (sight) => {
        if (sight.kind === 'stepped') this.#checkState(sight.member)
      },
      ...(onTrace === undefined ? {} : { onTrace }),
    })
  }

  play(): void {
    played(
      () => this.#play(),
      (claim, text) => this.#violations.add(claim, text),
    )
  }

  report(): Report {
    return reportOf(this.#world, this.#violations.all, this.#checked)
  }

  #play(): void {
    const { seed, durationMs } = this.#plan
    const random = randomStream(seed, 'work')
    for (const name of this.#names) this.#world.start(name)
    for (let left = random.below(disturbancesMax); left > 0; left--)
      this.#world.at(random.next() * durationMs, () => this.#disturb(random))
    this.#world.run(durationMs)
    this.#world.heal()
    this.#world.run(durationMs + quietMs)
    for (const [self, { computer }] of this.#lives)
      this.#violations.expect(computer.size === 0, 'progress', `${self}: ${computer.size} tasks have not ended`)
  }

  /** The settings in which it begins. */
  #newLife(self: Address, number: number): Settings {
    const random = randomStream(this.#plan.seed, `computer ${self}`)
    const settings: Settings = {
      ...{ ...defaultSettings, rule: pick(random, ruleNames), cores: 1 + random.below(3) },
      ...{ quantumMs: 1 + random.below(10), sliceThreshold: 70, tasksMax: tasksMax + 1 },
      ...{ ageingMs: random.next() < 0.3 ? 20 : Number.POSITIVE_INFINITY, boostMs: 50 + random.below(200) },
    }
    const ledger = new SchedulingLedger(settings, this.#violations, () => this.#world.nowMs)
    const computer = new SimulatedComputer({
      nowMs: () => this.#world.nowMs,
      submit: (call) => this.#world.submit(self, call),
      after: (delayMs, run) =>
        this.#world.after(delayMs, () => {
          if (this.#world.isRunning(self)) run()
        }),
      onDoing: (task, doing, core) => ledger.onDoing(task, doing, core),
      onRefused: ({ call, subject, reason }) =>
        this.#violations.expect(subject < 0, 'refused', `${self}: ${call} of ${subject} is refused: ${reason}`),
    })
    this.#lives.set(self, {
      settings,
      computer,
      ledger,
      random: randomStream(this.#plan.seed, `life ${number} of ${self}`),
    })
    return settings
  }

  #onStarted(self: Address): void {
    const life = this.#lives.get(self)
    if (life === undefined) return
    this.#note(life.settings.rule)
    const { random, computer, ledger } = life
    const count = 1 + random.below(tasksMax)
    for (let task = 1; task <= count; task++) {
      const drawn = drawTask(random, task)
      this.#world.after(random.next() * 200, () => {
        if (!this.#world.isRunning(self)) return
        ledger.onAdded(task, drawn.process, drawn.priority)
        computer.arrive([drawn])
      })
    }
  }

  #onOutcome(self: Address, outcome: Outcome): void {
    this.#note(outcome.kind)
    this.#lives.get(self)?.computer.onOutcome(outcome)
  }

  #disturb(random: Random): void {
    const self = this.#world.addressOf(pick(random, this.#names))
    const life = self === undefined ? undefined : this.#lives.get(self)
    if (self === undefined || life === undefined) return
    const priority = drawPriority(random)
    switch (random.below(4)) {
      case 0:
        return this.#world.fire(self, { kind: 'quantum', core: random.below(life.settings.cores) })
      case 1:
        return this.#world.submit(self, nonsense(random))
      case 2: {
        const process = random.below(processes)
        life.ledger.onProcessAdjusted(process, 64 + priority)
        return this.#world.submit(self, { kind: 'adjust-process', process, priority: 64 + priority })
      }
      default: {
        const [task] = life.ledger.alive
        if (task === undefined) return
        life.ledger.onAdjusted(task, priority)
        return this.#world.submit(self, { kind: 'adjust', task, priority, tickets: 1 + random.below(5) })
      }
    }
  }

  #checkState(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined) return
    this.#checked++
    for (const broken of brokenInvariants(state)) this.#violations.add('invariant', `${memberOf(member)}: ${broken}`)
  }

  #note(what: string): void {
    const { met } = this.#options
    met?.set(what, (met.get(what) ?? 0) + 1)
  }
}

function drawTask(random: Random, task: number): ComputerTask {
  const bursts = Array.from({ length: 1 + 2 * random.below(4) }, () => 0.5 + random.next() ** 2 * burstMsMax)
  const [process, priority] = [random.below(processes), drawPriority(random)]
  return { task, process, priority, tickets: 1 + random.below(5), bursts, isLengthKnown: random.next() < 0.5 }
}

/** Of few values, so that there are equals. */
function drawPriority(random: Random): number {
  return (random.below(5) - 2) * 4
}

/** Of tasks that there are not, whose numbers are below 0, or with numbers that make no sense. */
function nonsense(random: Random): Call {
  const task = -1
  return pick<Call>(random, [
    { kind: 'block', task },
    { kind: 'yield', task },
    { kind: 'offer', task },
    { kind: 'end', task },
    { kind: 'unblock', task, burstMs: 3 },
    { kind: 'adjust', task, priority: 3 },
    { kind: 'adjust-process', process: task, priority: 256 },
    { kind: 'add', tasks: [{ task, process: 0, priority: 1_000 }] },
    { kind: 'add', tasks: [{ task, process: 0, tickets: 0 }] },
    { kind: 'add', tasks: [{ task, process: 0, burstMs: Number.NaN }] },
  ])
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

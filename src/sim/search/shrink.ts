/**
 * Makes a failing plan smaller while it still breaks the same claim: fewer faults, fewer members, a shorter run.
 *
 * Faults go by delta debugging (Zeller and Hildebrandt, 2002): halves, then quarters, then single ones. Time and
 * members are tried from the smallest up. Every trial is a whole run, so their number is bounded; what was best by
 * then is the answer. A smaller plan is a plan like any other: it replays by itself, without the seed's script.
 */
import type { Fault } from '../faults/fault.ts'
import { memberNames, type Plan, type Report, type Scenario, type Surroundings } from '../scenario.ts'

export interface Shrunk {
  readonly plan: Plan
  readonly report: Report
  /** Runs that it took. */
  readonly trials: number
}

export interface ShrinkOptions {
  readonly trialsMax?: number
  readonly onTrial?: (trials: number, best: Plan) => void
}

export const trialsMaxDefault = 200
/** A run is made no shorter: below it nothing is gained for whoever reads it. */
const durationMsMin = 100

/** @param report - of the plan; its first violation names the claim that must stay broken. */
export async function shrink(
  scenario: Scenario,
  plan: Plan,
  report: Report,
  surroundings: Surroundings,
  options: ShrinkOptions = {},
): Promise<Shrunk> {
  const search = new Shrinking(scenario, plan, report, surroundings, options)
  await search.run()
  return search.best
}

class Shrinking {
  readonly #scenario: Scenario
  readonly #surroundings: Surroundings
  readonly #options: ShrinkOptions
  readonly #claim: string | undefined
  #plan: Plan
  #report: Report
  #trials = 0

  constructor(scenario: Scenario, plan: Plan, report: Report, surroundings: Surroundings, options: ShrinkOptions) {
    this.#scenario = scenario
    this.#surroundings = surroundings
    this.#options = options
    this.#claim = report.violations[0]?.claim
    this.#plan = plan
    this.#report = report
  }

  get best(): Shrunk {
    return { plan: this.#plan, report: this.#report, trials: this.#trials }
  }

  async run(): Promise<void> {
    for (let before: Plan | undefined; before !== this.#plan && this.#hasTrials; ) {
      before = this.#plan
      await this.#fewerMembers()
      await this.#shorter()
      await this.#fewerFaults()
      await this.#shorterWindows()
    }
  }

  get #hasTrials(): boolean {
    return this.#trials < (this.#options.trialsMax ?? trialsMaxDefault)
  }

  async #fewerMembers(): Promise<void> {
    for (let members = this.#scenario.members.min; members < this.#plan.members; members++) {
      const names = memberNames(members, this.#scenario.names)
      const faults = this.#plan.faults.flatMap((fault) => among(names, fault))
      if (await this.#still({ ...this.#plan, members, faults })) return
    }
  }

  async #shorter(): Promise<void> {
    for (const share of [0.1, 0.25, 0.5, 0.75]) {
      const durationMs = Math.ceil(this.#plan.durationMs * share)
      if (durationMs < durationMsMin) continue
      const faults = this.#plan.faults.flatMap((fault) => within(durationMs, fault))
      if (await this.#still({ ...this.#plan, durationMs, faults })) return
    }
  }

  async #fewerFaults(): Promise<void> {
    if (this.#plan.faults.length === 0 || (await this.#still({ ...this.#plan, faults: [] }))) return
    for (let size = Math.ceil(this.#plan.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < this.#plan.faults.length && this.#hasTrials; ) {
        const faults = this.#plan.faults.toSpliced(at, size)
        if (!(await this.#still({ ...this.#plan, faults }))) at += size
      }
    }
  }

  async #shorterWindows(): Promise<void> {
    for (const [index, fault] of this.#plan.faults.entries()) {
      if (fault.untilMs === undefined || fault.untilMs - fault.atMs < 10) continue
      const untilMs = Math.ceil(fault.atMs + (fault.untilMs - fault.atMs) / 4)
      await this.#still({ ...this.#plan, faults: this.#plan.faults.with(index, { ...fault, untilMs }) })
    }
  }

  /** Whether the smaller plan breaks the claim too; then it is the one to go on with. */
  async #still(smaller: Plan): Promise<boolean> {
    if (!this.#hasTrials) return false
    this.#trials++
    this.#options.onTrial?.(this.#trials, this.#plan)
    const report = await this.#scenario.run(smaller, this.#surroundings)
    if (!report.violations.some(({ claim }) => claim === this.#claim)) return false
    this.#plan = smaller
    this.#report = report
    return true
  }
}

/** The fault as it is when only these members are left; none where it was about others. */
function among(names: readonly string[], fault: Fault): readonly Fault[] {
  if ('member' in fault) return names.includes(fault.member) ? [fault] : []
  if (fault.kind === 'partition') {
    const [first, second] = fault.sides.map((side) => side.filter((name) => names.includes(name)))
    const isOne = fault.shape === 'ring' || (first?.length ?? 0) * (second?.length ?? 0) > 0
    return isOne ? [{ ...fault, sides: [first ?? [], second ?? []] }] : []
  }
  if (!('from' in fault) && !('to' in fault)) return [fault]
  const { from, to } = fault
  return [from, to].every((name) => name === undefined || names.includes(name)) ? [fault] : []
}

function within(durationMs: number, fault: Fault): readonly Fault[] {
  if (fault.atMs >= durationMs) return []
  return fault.untilMs === undefined ? [fault] : [{ ...fault, untilMs: Math.min(fault.untilMs, durationMs) }]
}

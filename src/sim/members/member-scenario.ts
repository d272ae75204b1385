/**
 * A scenario of whole members: what users write with `simulate`, and what our own system is tested with.
 *
 *   boot     every member joins, and its program becomes ready; no faults
 *   work     the director acts, and the script's faults happen, for about the plan's duration
 *   end      when the director has returned; what was checked decides
 *
 * A director that never returns fails the run once the world is quiet, or at a bound in virtual time.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { isMemberId } from '../../lib/identifiers.ts'
import { keepStacksAside } from '../../wire/error-stacks.ts'
import { allFaultKinds, memberFaultKinds } from '../faults/check-script.ts'
import type { FaultKind } from '../faults/fault.ts'
import { checkedNetwork, type NetworkOptions } from '../faults/network-options.ts'
import { type FaultCounts, runScript } from '../faults/script-runner.ts'
import type { Programs } from '../running/virtual-processes.ts'
import type { Modules } from '../running/virtual-workers.ts'
import { memberNames, type Plan, type Report, type Scenario, type Surroundings, type Violation } from '../scenario.ts'
import type { Ending } from '../time/timeline.ts'
import { DirectedWorld } from './directed-world.ts'
import { MemberWorld, textOf } from './member-world.ts'
import type { Director, MemberProgram } from './world.ts'

export interface MemberScenarioOptions {
  /** kebab-case. */
  readonly name: string
  readonly about?: string
  /** A number, or the names. Default 3. */
  readonly members?: number | readonly string[]
  /** Shrinking goes no lower. Default 1. */
  readonly membersMin?: number
  /** Virtual milliseconds of work and faults. Default 10,000. */
  readonly durationMs?: number
  readonly network?: Partial<NetworkOptions>
  /** Which faults a swarm draws; default: all that this world knows. */
  readonly faultKinds?: readonly FaultKind[]
  /** Runs at the start of every life of every member: a factory, since modules would share state between members. */
  readonly program?: MemberProgram
  /** What `system.import` finds, by the end of the module's path. */
  readonly modules?: Modules
  /** What `system.run` finds. */
  readonly programs?: Programs
}

const membersDefault = 3
const membersMax = 64
const durationMsDefault = 10_000
/** Virtual; to join and become ready, with nothing wrong. */
const bootMsMax = 60_000
/** Virtual; after the duration, until the director must have returned. */
const overtimeMsMax = 600_000

/** @throws CardumenError `option-invalid`. */
export function memberScenario(options: MemberScenarioOptions, director: Director): Scenario {
  const { members = membersDefault, name } = options
  const names = typeof members === 'number' ? undefined : checkedNames(members)
  const usual = typeof members === 'number' ? members : members.length
  if (!Number.isInteger(usual) || usual < 1 || usual > membersMax)
    throw refused(`A simulated system has 1 to ${membersMax} members, not ${usual}.`)
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(name))
    throw refused(`"${String(name)}" is no name for a simulation: 1 to 64 of a-z 0-9 -`)
  if (typeof director !== 'function') throw refused('A simulation is given a function that acts on its world.')
  if (options.faultKinds !== undefined && !Array.isArray(options.faultKinds))
    throw refused('The kinds of faults are a list.')
  const unknown = options.faultKinds?.find((kind) => !allFaultKinds.includes(kind))
  if (unknown !== undefined) throw refused(`There is no kind of fault "${unknown}".`)
  if (options.program !== undefined && typeof options.program !== 'function')
    throw refused('The program of a simulated member is a function.')
  const { membersMin = 1 } = options
  if (!Number.isInteger(membersMin) || membersMin < 1)
    throw refused(`A simulated system is made smaller to 1 member or more, not ${membersMin}.`)
  checkedNetwork(options.network)
  return {
    ...{ name, about: options.about ?? `the simulation "${name}"` },
    members: { min: Math.min(membersMin, usual), usual, max: names === undefined ? membersMax : usual },
    ...(names !== undefined && { names }),
    durationMs: options.durationMs ?? durationMsDefault,
    faultKinds: options.faultKinds ?? memberFaultKinds,
    run: (plan, surroundings) => new MemberRun(options, names, plan, surroundings).run(director),
  }
}

function checkedNames(names: readonly string[]): readonly string[] {
  const isNames = Array.isArray(names) && names.every((name) => typeof name === 'string')
  if (!isNames || new Set(names).size < names.length)
    throw refused('The members of a simulation are a number, or a list of names that differ.')
  const wrong = names.find((name) => !isMemberId(name))
  if (wrong !== undefined) throw refused(`"${wrong}" is no name for a member.`)
  return names
}

function refused(why: string): CardumenError {
  return new CardumenError('option-invalid', why)
}

class MemberRun {
  readonly #plan: Plan
  readonly #surroundings: Surroundings
  readonly #world: MemberWorld
  #directed: DirectedWorld | undefined
  #counts: FaultCounts = {}

  constructor(
    options: MemberScenarioOptions,
    names: readonly string[] | undefined,
    plan: Plan,
    surroundings: Surroundings,
  ) {
    this.#plan = plan
    this.#surroundings = surroundings
    this.#world = new MemberWorld({
      ...{ seed: plan.seed, names: memberNames(plan.members, names), surroundings },
      network: checkedNetwork(options.network),
      ...{ program: options.program, modules: options.modules ?? {}, programs: options.programs ?? {} },
    })
  }

  async run(director: Director): Promise<Report> {
    this.#surroundings.guards?.forget()
    const giveStacksBack = keepStacksAside()
    const stopWatching = this.#surroundings.onStray?.((error, label) => this.#onStray(error, label))
    try {
      if (await this.#boot()) await this.#direct(director)
    } catch (error) {
      this.#onBroken(error)
    } finally {
      // What the last event has left behind is told only after its promises have settled.
      if (stopWatching !== undefined) await new Promise<void>((resolve) => this.#surroundings.macrotask(resolve))
      stopWatching?.()
      giveStacksBack()
    }
    for (const error of this.#surroundings.guards?.touched ?? []) this.#world.violated('real-world', error.message)
    return this.#report()
  }

  #onStray(error: unknown, label: string | undefined): void {
    // The guards have kept what they refused, and say it better.
    if (isCardumenError(error, 'real-world')) return
    this.#world.violated('program', `a rejection that nobody handles, of ${label ?? 'a member'}: ${textOf(error)}`)
  }

  #onBroken(error: unknown): void {
    if (isCardumenError(error, 'simulation-stuck'))
      this.#world.violated('stuck', `${error.message}\n${this.#directed?.describeWaits() ?? this.#world.describe()}`)
    else this.#world.violated('invariant', textOf(error))
  }

  async #boot(): Promise<boolean> {
    const { timeline } = this.#world
    this.#world.startAll()
    const isBroken = (): boolean => this.#hasTouched || this.#world.violations.length > 0
    const ending = await timeline.run({ isDone: () => this.#world.isWhole || isBroken(), untilMs: bootMsMax })
    if (ending === 'done') return !isBroken()
    this.#world.violated('progress', `the members did not become ready ${whyOf(ending)}\n${this.#world.describe()}`)
    return false
  }

  async #direct(director: Director): Promise<void> {
    const { timeline } = this.#world
    const startedMs = timeline.nowMs
    this.#counts = runScript(this.#plan.faults, this.#world, (atMs, run) => {
      if (Number.isFinite(atMs)) timeline.enter(startedMs + atMs, run)
    })
    const directed = new DirectedWorld(this.#world, this.#plan, this.#counts)
    this.#directed = directed
    let isOver = false
    timeline.enter(startedMs, () => {
      void this.#inside(async () => director(directed))
        .catch((error: unknown) => this.#onDirectorFailed(error))
        .finally(() => {
          isOver = true
        })
    })
    const untilMs = startedMs + this.#plan.durationMs + overtimeMsMax
    const ending = await timeline.run({ isDone: () => isOver || this.#hasTouched, untilMs })
    if (ending === 'done') return
    this.#world.violated('stuck', `the simulation never ended ${whyOf(ending)}\n${directed.describeWaits()}`)
  }

  /** What follows from a refusal says nothing of the program, so the run ends there. */
  get #hasTouched(): boolean {
    return (this.#surroundings.guards?.touched.length ?? 0) > 0
  }

  #onDirectorFailed(error: unknown): void {
    // The guards have kept what they refused, and say it better.
    if (!isCardumenError(error, 'real-world')) this.#world.violated(claimOf(error), textOf(error))
  }

  #inside<Result>(run: () => Result): Result {
    const { guards } = this.#surroundings
    return guards === undefined ? run() : guards.run('the simulation', run)
  }

  #report(): Report {
    const { timeline, violations } = this.#world
    return {
      violations: violations.map(plainViolation),
      virtualMs: timeline.nowMs,
      events: timeline.events,
      checked: this.#directed?.checked ?? 0,
      faults: this.#counts,
      digest: this.#digest(),
    }
  }

  #digest(): string {
    const { timeline, violations } = this.#world
    for (const history of this.#directed?.histories ?? [])
      for (const event of history.events) timeline.note(JSON.stringify(event))
    for (const { claim } of violations) timeline.note(claim)
    return timeline.digest
  }
}

function plainViolation({ claim, text }: Violation): Violation {
  return { claim, text }
}

function whyOf(ending: Ending): string {
  return ending === 'quiet' ? '(nothing is left that could happen):' : '(its time is over):'
}

/** A claim of the program's own, in the words of whoever threw. */
function claimOf(error: unknown): string {
  return isCardumenError(error) ? error.code : 'program'
}

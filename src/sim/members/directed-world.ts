/**
 * The world as its director holds it: waiting in virtual time, acting on members, ordering faults, checking claims.
 *
 * Every wait of the director's is an event of the timeline, so a run is quiet exactly when nothing is left that it
 * could wait for. What it waits for is counted, so that a run that never ends can say who waits for what.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import type { System } from '../../servers/system.ts'
import { HistoryRecorder } from '../checkers/history-recorder.ts'
import { checkScript, memberFaultKinds } from '../faults/check-script.ts'
import type { Fault } from '../faults/fault.ts'
import { applyFault, type FaultCounts } from '../faults/script-runner.ts'
import { randomStream } from '../random-streams.ts'
import type { Plan, Violation } from '../scenario.ts'
import type { MemberLife } from './member-life.ts'
import type { MemberWorld } from './member-world.ts'
import type { Life, World } from './world.ts'

/** Histories of one run. */
export const historiesMax = 1_000
const lookMs = 1
const calmMsDefault = 120_000
/** What the last fault left is given this long before calm is declared. */
const settleMs = 10

export class DirectedWorld implements World {
  readonly seed: number
  readonly names: readonly string[]
  readonly durationMs: number
  readonly faults: readonly Fault[]
  readonly random: Random
  readonly #world: MemberWorld
  readonly #startedMs: number
  readonly #lastFaultMs: number
  readonly #counts: FaultCounts
  readonly #histories: HistoryRecorder[] = []
  /** What the director waits for, in words. */
  readonly #waits = new Map<object, string>()
  #sleeps = 0
  #expected = 0

  /** `counts`: of faults, in which those ordered here are counted too. */
  constructor(world: MemberWorld, plan: Plan, counts: FaultCounts) {
    this.seed = plan.seed
    this.names = world.names
    this.durationMs = plan.durationMs
    this.faults = plan.faults
    this.random = randomStream(plan.seed, 'director')
    this.#world = world
    this.#startedMs = world.timeline.nowMs
    this.#lastFaultMs = Math.max(0, ...plan.faults.map(({ atMs, untilMs }) => untilMs ?? atMs).filter(Number.isFinite))
    this.#counts = counts
  }

  get nowMs(): number {
    return this.#world.timeline.nowMs - this.#startedMs
  }

  /** Operations recorded, and claims checked one by one. */
  get checked(): number {
    return this.#histories.reduce((sum, history) => sum + Math.floor(history.events.length / 2), this.#expected)
  }

  get histories(): readonly HistoryRecorder[] {
    return this.#histories
  }

  /** Who waits for what, a line each. */
  describeWaits(): string {
    const counts = new Map<string, number>()
    for (const what of this.#waits.values()) counts.set(what, (counts.get(what) ?? 0) + 1)
    const waits = [...counts].map(
      ([what, count]) => `the simulation waits for ${what}${count > 1 ? ` (${count} times)` : ''}`,
    )
    const otherwise = this.#sleeps > 0 ? 'the simulation sleeps' : 'the simulation waits for a promise of its own'
    return [...(waits.length === 0 ? [otherwise] : waits), this.#world.describe()].join('\n')
  }

  system(name: string): System {
    const system = this.#readyLife(name)?.system
    if (system === undefined) throw this.#isDown(name)
    return system
  }

  isUp(name: string): boolean {
    return this.#readyLife(name) !== undefined
  }

  on<Result>(name: string, run: (system: System, life: Life) => Promise<Result> | Result): Promise<Result> {
    const life = this.#readyLife(name)
    const system = life?.system
    if (life === undefined || system === undefined) return Promise.reject(this.#isDown(name))
    return this.#waitFor(
      `an operation on ${name}`,
      life.whileAlive(() => run(system, life)),
    )
  }

  sleep(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0)
      return Promise.reject(new CardumenError('option-invalid', `${ms} ms is no time to sleep.`))
    return new Promise((resolve) => {
      this.#sleeps++
      this.#world.timeline.enter(this.#world.timeline.nowMs + ms, () => {
        this.#sleeps--
        resolve()
      })
    })
  }

  async until(
    condition: () => boolean,
    { withinMs, what = 'a condition' }: { readonly withinMs: number; readonly what?: string },
  ): Promise<void> {
    if (!(withinMs >= 0)) throw new CardumenError('option-invalid', `${withinMs} ms is no time to wait for ${what}.`)
    const endMs = this.nowMs + withinMs
    const wait = {}
    this.#waits.set(wait, what)
    try {
      while (!condition()) {
        if (this.nowMs >= endMs)
          throw new CardumenError(
            'timed-out',
            `${what} did not come true within ${withinMs} virtual ms.\n${this.#world.describe()}`,
          )
        await this.sleep(lookMs)
      }
    } finally {
      this.#waits.delete(wait)
    }
  }

  async calm({ withinMs = calmMsDefault }: { readonly withinMs?: number } = {}): Promise<void> {
    const overMs = this.#lastFaultMs + settleMs
    if (this.nowMs < overMs) await this.sleep(overMs - this.nowMs)
    await this.until(() => this.#world.isWhole, { withinMs, what: 'all members to be ready again' })
  }

  inject(fault: Fault): () => void {
    // A copy, since one object that is ordered twice is two faults.
    const [checked] = checkScript([{ ...fault }], { names: this.names, kinds: memberFaultKinds })
    if (checked === undefined) return () => undefined
    const { timeline } = this.#world
    let isOn = false
    let isLifted = false
    const set = (on: boolean): void => {
      if (on === isOn || (on && isLifted)) return
      isOn = on
      if (on) this.#counts[checked.kind] = (this.#counts[checked.kind] ?? 0) + 1
      this.#world.onFault(checked, on)
      applyFault(checked, this.#world, on)
    }
    const lift = (): void => {
      isLifted = true
      set(false)
    }
    if (checked.atMs === 0) set(true)
    else timeline.enter(timeline.nowMs + checked.atMs, () => set(true))
    if (checked.untilMs !== undefined && Number.isFinite(checked.untilMs))
      timeline.enter(timeline.nowMs + checked.untilMs, lift)
    return lift
  }

  crash(name: string, how: 'process' | 'machine' = 'process'): void {
    this.inject({ kind: 'crash', member: name, how, atMs: 0 })
  }

  async restart(name: string): Promise<System> {
    this.#checkName(name)
    this.#world.lift('crash', name)
    this.#world.restart(name)
    await this.until(() => this.isUp(name), { withinMs: calmMsDefault, what: `${name} to be ready again` })
    return this.system(name)
  }

  pause(name: string): void {
    this.inject({ kind: 'pause', member: name, atMs: 0 })
  }

  resume(name: string): void {
    this.#checkName(name)
    this.#world.lift('pause', name)
  }

  partition(side: readonly string[], otherSide: readonly string[]): () => void {
    return this.inject({ kind: 'partition', shape: 'both-ways', sides: [side, otherSide], atMs: 0 })
  }

  history(): HistoryRecorder {
    if (this.#histories.length >= historiesMax)
      throw new CardumenError('too-large', `A run has at most ${historiesMax} histories.`)
    const history = new HistoryRecorder(() => this.nowMs)
    this.#histories.push(history)
    return history
  }

  check(result: { readonly holds: boolean | undefined } & Partial<Violation>): void {
    this.#expected++
    if (result.holds === true) return
    const { claim = 'claim', text = 'a checker found it broken' } = result
    this.#world.violated(result.holds === undefined ? 'undecided' : claim, text)
  }

  expect(holds: boolean, claim: string, text: string): void {
    this.#expected++
    if (!holds) this.#world.violated(claim, `${this.nowMs.toFixed(1)} ms: ${text}`)
  }

  async #waitFor<Result>(what: string, promise: Promise<Result>): Promise<Result> {
    const wait = {}
    this.#waits.set(wait, what)
    try {
      return await promise
    } finally {
      this.#waits.delete(wait)
    }
  }

  #readyLife(name: string): MemberLife | undefined {
    this.#checkName(name)
    const life = this.#world.life(name)
    return life?.state === 'ready' ? life : undefined
  }

  #checkName(name: string): void {
    if (this.names.includes(name)) return
    const hint = `It has ${this.names.join(', ')}.`
    throw new CardumenError('name-unknown', `The world has no member "${name}".`, { hint })
  }

  #isDown(name: string): CardumenError {
    return new CardumenError('member-died', `${name} is down at this moment.`)
  }
}

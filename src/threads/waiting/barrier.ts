/**
 * `Barrier`: so many parties come, and none goes on until all are there.
 *
 *     words:  phase (20 bits) | broken | arrived (10 bits) || parties || why it broke || who broke it
 *
 * The last to arrive does the action, if there is one, then begins the next phase and lets the others go: each is told in its own
 * wait, so a slow one passes although the next phase has begun. Since nobody passes without all, one that gives up, times
 * out or dies breaks the barrier for all, also those to come, until `reset`. A thread counts as a party from its first wait on.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { partiesMax } from '../memory/arena.ts'
import { self } from '../memory/parties.ts'
import type { Place } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { assertAction, type BarrierAction, doAction, isTravellingAction, type ModuleAction } from './barrier-action.ts'
import {
  arrivedMask,
  brokenBit,
  breakPhase,
  breaking,
  openPhase,
  phaseOf,
  resetPhases,
  whyBroken,
} from './barrier-phase.ts'
import { block, blockAsync, type Waiting } from './block.ts'
import { holdingSlot } from './holdings.ts'
import { assertCount, assertName, isRemote, type NamedOptions, newPlace, Site, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import { stateOfWait, wait, waitRow, waitState } from './waits.ts'

export interface BarrierOptions extends NamedOptions {
  /** Done once in each phase, by the last to arrive, before anybody goes on. As a function it does not travel. */
  readonly action?: BarrierAction
}

interface BarrierState {
  readonly place: Place
  readonly parties: number
  readonly action: ModuleAction | undefined
}

interface Arrival {
  readonly index: number
  readonly phase: number
  readonly isLast: boolean
}

export class Barrier implements Shareable, Served {
  readonly #site: Site
  readonly #parties: number
  readonly #action: BarrierAction | undefined

  constructor(
    parties: number,
    options: BarrierOptions = {},
    source: BarrierState | Remote = newBarrier(parties, options),
  ) {
    const state = isRemote(source) ? undefined : source
    this.#site = new Site('barrier', isRemote(source) ? source : source.place)
    this.#parties = state?.parties ?? 0
    this.#action = options.action ?? state?.action
  }

  get name(): string {
    return this.#site.name
  }

  get parties(): number {
    return this.#site.remote === undefined ? this.#parties : Number(this.#site.remote.askNow('parties'))
  }

  /** How many have arrived in this phase. */
  get arrived(): number {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return Number(remote.askNow('arrived'))
    this.#site.assertInForce()
    return Atomics.load(words, at) & arrivedMask
  }

  get isBroken(): boolean {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return remote.askNow('isBroken') === true
    this.#site.assertInForce()
    return (Atomics.load(words, at) & brokenBit) !== 0
  }

  /**
   * Blocks until all have arrived. As the how-manieth this one did, from 0.
   * @throws CardumenError `barrier-broken`; where this one breaks it: `timed-out`, `interrupted`, `deadlock`, or what the
   * action throws; `would-block`, `closed`
   */
  wait(options?: WaitOptions): number {
    const { remote } = this.#site
    if (remote !== undefined) {
      const arrival = this.#site.askBlocking(remote, 'wait', undefined, options) as Arrival
      return this.#finish(arrival, (isDone) => remote.askNow('finish', { phase: arrival.phase, isDone }))
    }
    this.#site.assertMayBlock('wait')
    const me = self()
    const { waiting, progress } = this.#waiting(me)
    try {
      block(me, waiting, options)
    } catch (error) {
      throw this.#brokenBy(error, progress.arrival, me)
    }
    return this.#finish(progress.arrival, (isDone) => this.#endPhase(progress.arrival.phase, isDone, me))
  }

  /** As `wait`, for what may not block. */
  async waitAsync(options?: AsyncWaitOptions): Promise<number> {
    const { remote } = this.#site
    if (remote === undefined) {
      const me = self()
      const arrival = await this.#arrive(me, options)
      return this.#finish(arrival, (isDone) => this.#endPhase(arrival.phase, isDone, me))
    }
    const arrival = (await remote.ask('wait', undefined, options)) as Arrival
    return this.#finish(arrival, (isDone) => remote.askNow('finish', { phase: arrival.phase, isDone }))
  }

  /** Breaks it: those who wait, and those who come, fail with `barrier-broken` until it is reset. */
  abort(): void {
    const { remote } = this.#site
    if (remote === undefined) this.#abort(self())
    else remote.askNow('abort')
  }

  /** Whole and empty again; whoever waits fails with `barrier-broken`. */
  reset(): void {
    const { remote, place } = this.#site
    if (remote !== undefined) return void remote.askNow('reset')
    this.#site.assertInForce()
    resetPhases(place.index, self())
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote, place } = this.#site
    if (remote !== undefined) return remote.packed
    if (!isTravellingAction(this.#action))
      throw new CardumenError('cannot-travel', `${this.#site.text} has a function as its action.`, {
        hint: "Give it as { module: new URL('./work.ts', import.meta.url), name: 'report' }.",
      })
    return {
      kind: 'barrier',
      state: { place, parties: this.#parties, action: travelling(this.#action) } satisfies BarrierState,
    }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'wait':
        return this.#arrive(party, options)
      case 'finish':
        return this.#endPhase(...finishOf(argument), party)
      case 'abort':
        return this.#abort(party)
      case 'reset':
        return this.reset()
      case 'parties':
        return this.parties
      case 'arrived':
        return this.arrived
      case 'isBroken':
        return this.isBroken
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  async #arrive(party: number, options: AsyncWaitOptions | undefined): Promise<Arrival> {
    const { waiting, progress } = this.#waiting(party)
    try {
      await blockAsync(party, waiting, options)
    } catch (error) {
      throw this.#brokenBy(error, progress.arrival, party)
    }
    return progress.arrival
  }

  #waiting(party: number): { waiting: Waiting; progress: { arrival: Arrival } } {
    this.#site.assertInForce()
    const { words } = this.#site
    const slot = holdingSlot(party, this.#site.place)
    const progress: { arrival: Arrival } = { arrival: { index: -1, phase: -1, isLast: false } }
    const attempt = (row: number): boolean => {
      if (progress.arrival.index !== -1) return this.#isOver(row, progress.arrival.phase)
      // From now on its death is one of a party.
      Atomics.store(words, slot, 1)
      progress.arrival = this.#tryArrive(row)
      return progress.arrival.isLast
    }
    const more = { target: slot, brokenError: () => this.#broken() }
    return { waiting: this.#site.waiting(attempt, more), progress }
  }

  /** An index of -1: the last phase is about to end, and the next has not begun. */
  #tryArrive(row: number): Arrival {
    const { words, at } = this.#site
    for (;;) {
      const seen = Atomics.load(words, at)
      if ((seen & brokenBit) !== 0) throw this.#broken()
      const phase = phaseOf(seen)
      const index = seen & arrivedMask
      if (index === this.#parties) return { index: -1, phase, isLast: false }
      if (Atomics.compareExchange(words, at, seen, seen + 1) !== seen) continue
      // Whoever lets the others go sees in each wait of which phase it is.
      Atomics.store(words, waitRow(row) + wait.mode, phase + 1)
      return { index, phase, isLast: index + 1 === this.#parties }
    }
  }

  /** The phase can have ended well without a word here yet; where it was broken, the wait has been raised before. */
  #isOver(row: number, phase: number): boolean {
    const { words, at } = this.#site
    const hasChanged = phaseOf(Atomics.load(words, at)) !== phase
    const state = stateOfWait(row)
    return state === waitState.granted || (hasChanged && state !== waitState.raised)
  }

  #finish(arrival: Arrival, end: (isDone: boolean) => unknown): number {
    if (!arrival.isLast) return arrival.index
    let isDone = false
    try {
      if (this.#action !== undefined) doAction(this.#action)
      isDone = true
    } finally {
      end(isDone)
    }
    return arrival.index
  }

  #endPhase(phase: number, isDone: boolean, party: number): void {
    if (!isDone) breakPhase(this.#site.place.index, phase, breaking.failed, party)
    else if (!openPhase(this.#site.place.index, phase, this.#parties)) throw this.#broken()
  }

  #abort(party: number): void {
    this.#site.assertInForce()
    breakPhase(this.#site.place.index, undefined, breaking.aborted, party)
  }

  /** Whoever had arrived and gives up breaks it. */
  #brokenBy(error: unknown, arrival: Arrival, party: number): unknown {
    if (arrival.index !== -1 && this.#site.isInForce)
      breakPhase(this.#site.place.index, arrival.phase, breaking.gaveUp, party)
    return error
  }

  #broken(): CardumenError {
    const why = whyBroken(this.#site.place.index)
    return new CardumenError('barrier-broken', `${this.#site.text} is broken: ${why}.`, {
      hint: 'reset() makes it whole again, once all know of it.',
    })
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackBarrier: Unpack = (source: BarrierState | Remote) => new Barrier(1, {}, source)

function newBarrier(parties: number, { name, action }: BarrierOptions): BarrierState {
  assertCount('The number of parties', parties, 1, partiesMax - 2)
  assertName(name)
  assertAction(action)
  return { place: newPlace('barrier', name, [0, parties]), parties, action: travelling(action) }
}

function finishOf(argument: unknown): [phase: number, isDone: boolean] {
  if (typeof argument === 'object' && argument !== null && 'phase' in argument && 'isDone' in argument)
    if (typeof argument.phase === 'number') return [argument.phase, argument.isDone === true]
  throw new CardumenError('input-refused', 'The end of a phase names the phase, and whether its action was done.')
}

/** A URL travels as its text. */
function travelling(action: BarrierAction | undefined): ModuleAction | undefined {
  if (action === undefined || !isTravellingAction(action)) return undefined
  return { module: String(action.module), name: action.name }
}

/**
 * `Semaphore` (Dijkstra, 1965): so many units; who takes waits while there are too few, and anyone may give.
 *
 *     words:  units there are | somebody may wait | options | bound
 *
 * It has no owner, but who took units is written down (`holdings.ts`), so that those of a thread that dies come back. A unit that
 * somebody else gives is taken off some holder's record. One that starts with none is a signal from one thread to
 * another: its units belong to nobody, and nothing comes back, unless `recover` says so.
 *
 * Fair, units go to the waits in the order in which they began, and one that wants many holds up those behind it. Unfair (the
 * default), whoever comes takes what is there, and those who were woken look.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { self } from '../memory/parties.ts'
import type { Place } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { block, blockAsync, type Waiting } from './block.ts'
import { heldIn, holdingKey, holdingSlot, knownSlot, takeOffAny } from './holdings.ts'
import {
  assertCount,
  assertFlag,
  assertName,
  isRemote,
  type NamedOptions,
  newPlace,
  Site,
  unknownOperation,
} from './site.ts'
import { flags, giveBack, settleSemaphore, unitsMax, word } from './semaphore-units.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import { isGranted, wait, waitRow } from './waits.ts'

export interface SemaphoreOptions extends NamedOptions {
  /** First come, first served. Default false. */
  readonly fair?: boolean
  /** Whether units of a thread that dies come back. Default: unless it starts with none. */
  readonly recover?: boolean
}

export interface SemaphoreWaitOptions extends WaitOptions {
  /** Units to take at once; default 1. */
  readonly count?: number
}

export type SemaphoreAsyncWaitOptions = SemaphoreWaitOptions & AsyncWaitOptions

export interface SemaphoreState {
  readonly place: Place
  readonly isFair: boolean
  readonly recovers: boolean
  readonly bound: number
  /** What it travels as. */
  readonly kind: 'semaphore' | 'boundedSemaphore'
}

export class Semaphore implements Shareable, Served {
  readonly #site: Site
  readonly #state: SemaphoreState | undefined
  readonly #isFair: boolean
  readonly #recovers: boolean
  readonly #bound: number
  readonly #key: number
  /** Of this thread's record. */
  #slot = 0

  constructor(
    initial = 1,
    options: SemaphoreOptions = {},
    source: SemaphoreState | Remote = newSemaphore(initial, options),
  ) {
    const state = isRemote(source) ? undefined : source
    this.#site = new Site('semaphore', isRemote(source) ? source : source.place)
    this.#state = state
    this.#isFair = state?.isFair ?? false
    this.#recovers = state?.recovers ?? false
    this.#bound = state?.bound ?? unitsMax
    this.#key = holdingKey(this.#site.place)
  }

  get name(): string {
    return this.#site.name
  }

  /** Units there are at this moment. */
  get value(): number {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return Number(remote.askNow('value'))
    this.#site.assertInForce()
    return Atomics.load(words, at + word.units)
  }

  /**
   * Blocks until it has taken `count` units.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock`, `closed`, `option-invalid`
   */
  acquire(options?: SemaphoreWaitOptions): void {
    const { remote } = this.#site
    if (remote !== undefined) return void this.#site.askBlocking(remote, 'acquire', options?.count, options)
    this.#site.assertMayBlock('acquire')
    const count = this.#countOf(options?.count)
    const me = self()
    if (options === undefined && this.#take(this.#ownSlot(me), count)) return
    block(me, this.#waiting(this.#ownSlot(me), count), options)
  }

  /** Takes the units if they are there now. @throws CardumenError `closed`, `option-invalid` */
  tryAcquire(count = 1): boolean {
    const { remote } = this.#site
    if (remote !== undefined) return remote.askNow('tryAcquire', count) === true
    return this.#take(this.#ownSlot(self()), this.#countOf(count))
  }

  /** As `acquire`, for what may not block. */
  async acquireAsync(options?: SemaphoreAsyncWaitOptions): Promise<void> {
    const { remote } = this.#site
    if (remote !== undefined) await remote.ask('acquire', options?.count, options)
    else await this.#acquireFor(self(), options?.count, options)
  }

  /** Gives units; anyone may. @throws CardumenError `semaphore-overflow`, `closed`, `option-invalid` */
  release(count = 1): void {
    const { remote } = this.#site
    if (remote !== undefined) return void remote.askNow('release', count)
    this.#give(self(), this.#recordOf(self()), this.#countOf(count))
  }

  /** For `using held = semaphore.hold()`: released at the end of the block. */
  hold(options?: SemaphoreWaitOptions): Disposable {
    this.acquire(options)
    return { [Symbol.dispose]: () => this.release(options?.count) }
  }

  /** For `using held = await semaphore.holdAsync()`. */
  async holdAsync(options?: SemaphoreAsyncWaitOptions): Promise<Disposable> {
    await this.acquireAsync(options)
    return { [Symbol.dispose]: () => this.release(options?.count) }
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote } = this.#site
    return remote?.packed ?? { kind: this.#state?.kind ?? 'semaphore', state: this.#state }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'acquire':
        return this.#acquireFor(party, argument, options)
      case 'tryAcquire':
        return this.#take(this.#slotFor(party), this.#countOf(argument))
      case 'release':
        return this.#give(party, knownSlot(party, this.#site.place) ?? 0, this.#countOf(argument))
      case 'value':
        return this.value
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  async #acquireFor(party: number, count: unknown, options: AsyncWaitOptions | undefined): Promise<void> {
    await blockAsync(party, this.#waiting(this.#slotFor(party), this.#countOf(count)), options)
  }

  #countOf(count: unknown = 1): number {
    if (count !== 1) assertCount('The number of units', count, 1, this.#bound)
    return Number(count)
  }

  #ownSlot(me: number): number {
    if (this.#slot === 0 || this.#site.words[this.#slot - 1] !== this.#key) this.#slot = this.#slotFor(me)
    return this.#slot
  }

  /** 0: this thread has taken none. */
  #recordOf(me: number): number {
    if (!this.#recovers) return 0
    const isKnown = this.#slot !== 0 && this.#site.words[this.#slot - 1] === this.#key
    return isKnown ? this.#slot : (knownSlot(me, this.#site.place) ?? 0)
  }

  /** 0: nothing is written down. */
  #slotFor(party: number): number {
    this.#site.assertInForce()
    return this.#recovers ? holdingSlot(party, this.#site.place) : 0
  }

  #waiting(slot: number, count: number): Waiting {
    const { place } = this.#site
    const attempt = this.#isFair
      ? (row: number) => this.#queue(row, slot, count)
      : () => this.#take(slot, count) || this.#markAndTake(slot, count)
    return this.#site.waiting(attempt, { mode: count, target: slot, passOn: () => settleSemaphore(place.index) })
  }

  #take(slot: number, count: number): boolean {
    const { words, at } = this.#site
    this.#site.assertInForce()
    for (;;) {
      const seen = Atomics.load(words, at + word.units)
      if (seen < count || (this.#isFair && Atomics.load(words, at + word.waiters) !== 0)) return false
      if (Atomics.compareExchange(words, at + word.units, seen, seen - count) !== seen) continue
      // A plain write: see `grantedWord`.
      if (slot !== 0) words[slot] = (words[slot] ?? 0) + count
      return true
    }
  }

  /** Looks again once it is marked: who gives units between sees the mark, or else is seen. */
  #markAndTake(slot: number, count: number): boolean {
    Atomics.store(this.#site.words, this.#site.at + word.waiters, 1)
    return this.#take(slot, count)
  }

  /** Units go in order; whoever comes to the queue sees to it that they do. */
  #queue(row: number, slot: number, count: number): boolean {
    const { words, at, place } = this.#site
    if (!isGranted(row)) {
      Atomics.store(words, at + word.waiters, 1)
      settleSemaphore(place.index)
      if (!isGranted(row)) return false
    }
    const taken = waitRow(row) + wait.isTaken
    // Both at once, with no call between: else who dies there has it twice.
    if (slot !== 0) words[slot] = (words[slot] ?? 0) + count
    words[taken] = 1
    return true
  }

  #give(me: number, slot: number, count: number): void {
    const { words, at, place } = this.#site
    this.#site.assertInForce()
    if (Atomics.load(words, at + word.units) > this.#bound - count) throw this.#overflow()
    const own = slot === 0 ? 0 : Math.min(count, heldIn(slot))
    if (own > 0 && !this.#add(own, slot)) throw this.#overflow()
    for (let left = count - own; left > 0; ) {
      // What this party did not take is taken off another's record, if anybody has one.
      const off = this.#recovers ? takeOffAny(me, place, left) : 0
      if (off > 0) giveBack(place.index, off)
      else if (!this.#add(left, 0)) throw this.#overflow()
      left -= off > 0 ? off : left
    }
    if (Atomics.load(words, at + word.waiters) !== 0) settleSemaphore(place.index)
  }

  /** Whether there was room. */
  #add(count: number, slot: number): boolean {
    const { words, at } = this.#site
    for (;;) {
      const seen = Atomics.load(words, at + word.units)
      if (seen > this.#bound - count) return false
      if (Atomics.compareExchange(words, at + word.units, seen, seen + count) !== seen) continue
      if (slot !== 0) words[slot] = (words[slot] ?? 0) - count
      return true
    }
  }

  #overflow(): CardumenError {
    return new CardumenError('semaphore-overflow', `${this.#site.text} can have ${this.#bound} units at most.`, {
      hint: 'It was released more often than it was acquired.',
    })
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackSemaphore: Unpack = (source: SemaphoreState | Remote) => new Semaphore(0, {}, source)

export function newSemaphore(
  initial: number,
  { name, fair = false, recover = initial > 0 }: SemaphoreOptions,
  { bound, kind }: Pick<SemaphoreState, 'bound' | 'kind'> = { bound: unitsMax, kind: 'semaphore' },
): SemaphoreState {
  assertCount('The initial number of units', initial, 0, bound)
  assertName(name)
  assertFlag('fair', fair)
  assertFlag('recover', recover)
  const place = newPlace('semaphore', name, [
    initial,
    0,
    (fair ? flags.fair : 0) | (recover ? flags.recovers : 0),
    bound,
  ])
  return { place, isFair: fair, recovers: recover, bound, kind }
}

/**
 * `Lock`: one owner at a time, and only the owner may release.
 *
 *     word:  generation (16 bits) | 0 | somebody may wait | owner's party (10 bits, 0: free)
 *
 * Uncontended, acquire and release are one compare-and-set each: the owner's number is in the word itself, which is also how a
 * dead owner is found. Unfair (the default), a released lock belongs to whoever comes first, and a woken waiter may find it
 * taken; fair, it is handed to the waiter that came first. An unfair lock is the faster one, as its owner need not be
 * awake to get it.
 * The word of an object that is out of date (closed, or of another process) never matches, so the fast way costs no check.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { partyText, self } from '../memory/parties.ts'
import {
  addPrimitive,
  assertInForce,
  isInForce,
  type Place,
  placeAt,
  primitive,
  type PrimitiveKind,
  primitiveName,
  primitiveRow,
  publishPrimitive,
  removePrimitive,
} from '../memory/primitives.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import type { Unpack } from '../travel/kinds.ts'
import { assertMayBlock, block, blockAsync, holderDied, mayBlock, type Waiting } from './block.ts'
import { assertFlag, assertName, isRemote, type NamedOptions, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import {
  firstWait,
  grantedWord,
  isGranted,
  type LeftWait,
  raiseAll,
  raising,
  wait,
  waitRow,
  waitState,
  wakeFirst,
} from './waits.ts'

export interface LockOptions extends NamedOptions {
  /** First come, first served. Default false. */
  readonly fair?: boolean
}

/** Words of a lock's row. `abandonedBy`: the party that died holding it, while nobody has been told. */
const word = { lock: primitive.own, abandonedBy: primitive.own + 1 } as const

const ownerMask = 0x3ff
const waitersBit = 0x400
/** The word of a lock that was closed: no generation of any lock, with bits that no lock has. */
const closed = -1
/** Looks before a waiter sleeps. An owner that runs on another core mostly lets go within this. */
const looksBeforeSleep = 60

export interface LockState {
  readonly place: Place
  readonly isFair: boolean
}

/** Of a lock of another process: nothing that a fast way looks for is ever in it. */
const nothing = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
const elsewhere: LockState = { place: { index: 0, generation: 0 }, isFair: false }

export class Lock implements Shareable, Served {
  readonly #remote: Remote | undefined
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #at: number
  readonly #free: number
  readonly #mine: number
  /** The same, on a thread that may not block: a value that the word never has, so that `acquire` goes the slow way. */
  readonly #freeIfBlocking: number
  readonly #place: Place
  readonly #isFair: boolean
  readonly #guard: Disposable

  constructor(options: LockOptions = {}, source: LockState | Remote = newLock(options)) {
    this.#remote = isRemote(source) ? source : undefined
    const state = isRemote(source) ? elsewhere : source
    this.#place = state.place
    this.#isFair = state.isFair
    this.#words = this.#remote === undefined ? arena().words : nothing
    this.#at = this.#remote === undefined ? primitiveRow(state.place.index) + word.lock : 0
    this.#free = state.place.generation << 16
    this.#mine = this.#free | self()
    this.#freeIfBlocking = mayBlock ? this.#free : -3
    this.#guard = { [Symbol.dispose]: () => this.release() }
  }

  get name(): string {
    return this.#remote?.name ?? primitiveName(this.#place.index)
  }

  /** Whether anybody holds it at this moment. */
  get isHeld(): boolean {
    if (this.#remote !== undefined) return this.#remote.askNow('isHeld') === true
    return isInForce(this.#place) && (Atomics.load(this.#words, this.#at) & ownerMask) !== 0
  }

  /**
   * Blocks this thread until it owns the lock.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock` (also where this thread owns it already),
   * `holder-died`, `closed`
   */
  acquire(options?: WaitOptions): void {
    const free = this.#freeIfBlocking
    if (options === undefined && Atomics.compareExchange(this.#words, this.#at, free, this.#mine) === free) return
    this.#acquireSlowly(options)
  }

  /** Takes the lock if it is free now. @throws CardumenError `holder-died`, `closed` */
  tryAcquire(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, this.#free, this.#mine) === this.#free || this.#look(self())
  }

  /** As `acquire`, for what may not block. Between tasks of one thread it excludes too. */
  async acquireAsync(options?: AsyncWaitOptions): Promise<void> {
    if (this.#remote !== undefined) await this.#remote.ask('acquire', undefined, options)
    else await this.#acquireFor(self(), options)
  }

  /** @throws CardumenError `not-held`, `not-owner`, `closed` */
  release(): void {
    if (Atomics.compareExchange(this.#words, this.#at, this.#mine, this.#free) !== this.#mine)
      this.#releaseSlowly(self())
  }

  /** For `using held = lock.hold()`: released at the end of the block. */
  hold(options?: WaitOptions): Disposable {
    this.acquire(options)
    return this.#guard
  }

  /** For `using held = await lock.holdAsync()`. */
  async holdAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireAsync(options)
    return this.#guard
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    if (this.#remote !== undefined) return void this.#remote.askNow('close')
    if (isInForce(this.#place)) closeLock(this.#place)
  }

  [pack](): Packed {
    if (this.#remote !== undefined) return this.#remote.packed
    return { kind: 'lock', state: { place: this.#place, isFair: this.#isFair } satisfies LockState }
  }

  [serve](party: number, operation: string, _argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'acquire':
        return this.#acquireFor(party, options)
      case 'tryAcquire':
        return this.#look(party)
      case 'release':
        return this.#releaseSlowly(party)
      case 'isHeld':
        return this.isHeld
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#text, operation)
    }
  }

  #acquireFor(party: number, options: AsyncWaitOptions | undefined): Promise<void> {
    return blockAsync(party, this.#waiting(party), options)
  }

  #acquireSlowly(options: WaitOptions | undefined): void {
    if (!mayBlock) assertMayBlock(`Lock.acquire of "${this.name}"`, 'lock.acquireAsync()')
    if (this.#remote !== undefined) return void this.#remote.askBlocking('acquire', undefined, options)
    const me = self()
    if ((Atomics.load(this.#words, this.#at) & ~waitersBit) === (this.#free | me))
      throw new CardumenError('deadlock', `This thread holds ${this.#text} already, and would wait for itself.`, {
        hint: 'Use an RLock where one function that holds it calls another that takes it.',
      })
    if (this.#spin(me)) return
    block(me, this.#waiting(me), options)
  }

  #spin(me: number): boolean {
    for (let look = 0; look < looksBeforeSleep; look++) {
      const seen = Atomics.load(this.#words, this.#at)
      if (seen === this.#free && Atomics.compareExchange(this.#words, this.#at, seen, seen | me) === seen) return true
      if ((seen & waitersBit) !== 0 && this.#isFair) return false
      Atomics.pause()
    }
    return false
  }

  #waiting(me: number): Waiting {
    const textOf = (): string => this.#text
    return {
      primitive: this.#place.index,
      generation: this.#place.generation,
      get what() {
        return textOf()
      },
      attempt: (row, isSignalled) => this.#attempt(me, row, isSignalled),
    }
  }

  /** Takes the lock where that is this waiter's turn; else marks it, so that whoever releases looks for waiters. */
  #attempt(me: number, row: number, isSignalled: boolean): boolean {
    if (isSignalled && isGranted(row)) return awaitOwner(this.#words, this.#at, me)
    for (;;) {
      // Its row is open by now: who closes it finds it from here on.
      assertInForce(this.#place)
      const seen = Atomics.load(this.#words, this.#at)
      const isFree = seen !== closed && (seen & ownerMask) === 0
      if (isFree) this.#throwIfAbandoned()
      // As contended: others may wait that have not marked it, since they saw the mark of one that has left.
      const wanted = isFree ? seen | me | waitersBit : seen | waitersBit
      if (Atomics.compareExchange(this.#words, this.#at, seen, wanted) === seen) return isFree
    }
  }

  #look(me: number): boolean {
    if (this.#remote !== undefined) return this.#remote.askNow('tryAcquire') === true
    const seen = Atomics.load(this.#words, this.#at)
    if ((seen & ~ownerMask & ~waitersBit) !== this.#free) assertInForce(this.#place)
    if ((seen & ownerMask) !== 0) return false
    this.#throwIfAbandoned()
    return Atomics.compareExchange(this.#words, this.#at, seen, seen | me) === seen
  }

  #throwIfAbandoned(): void {
    const at = primitiveRow(this.#place.index) + word.abandonedBy
    const culprit = Atomics.exchange(this.#words, at, 0)
    if (culprit === 0) return
    throw holderDied(this.#text, culprit)
  }

  #releaseSlowly(me: number): void {
    if (this.#remote !== undefined) return void this.#remote.askNow('release')
    const seen = Atomics.load(this.#words, this.#at)
    if ((seen & ~ownerMask & ~waitersBit) !== this.#free) assertInForce(this.#place)
    const owner = seen & ownerMask
    if (owner === 0) throw new CardumenError('not-held', `${this.#text} is held by nobody.`)
    if (owner !== me) throw new CardumenError('not-owner', `${this.#text} is held by ${partyText(owner)}.`)
    releaseWord(this.#words, this.#place, this.#isFair, me)
  }

  get #text(): string {
    return `lock "${this.name}"`
  }
}

/** What `pack` gave, in another thread. */
export const unpackLock: Unpack = (source: LockState | Remote) => new Lock({}, source)

export function newLock({ name, fair = false }: LockOptions, own?: PrimitiveKind): LockState {
  assertName(name)
  assertFlag('fair', fair)
  const kind = own ?? (fair ? 'fair lock' : 'lock')
  const place = addPrimitive(kind, name)
  Atomics.store(arena().words, primitiveRow(place.index) + word.lock, place.generation << 16)
  publishPrimitive(place, kind)
  return { place, isFair: fair }
}

/** @throws CardumenError `option-invalid`: it lives in another process. */
export function placeOfLock(lock: Lock): Place {
  const { kind, state } = lock[pack]()
  if (kind === 'lock') return (state as LockState).place
  throw new CardumenError('option-invalid', `Lock "${lock.name}" lives in another process.`, {
    hint: 'Make the condition where its lock was made.',
  })
}

/** Changes the word for as long as it is such a one. Whether it did. */
function changeWord({ index }: Place, isSuch: (seen: number) => boolean, next: number): boolean {
  const { words } = arena()
  const at = primitiveRow(index) + word.lock
  for (;;) {
    const seen = Atomics.load(words, at)
    if (!isSuch(seen)) return false
    if (Atomics.compareExchange(words, at, seen, next) === seen) return true
  }
}

/** By any number of threads at once: a lock that came into its row since then has another generation, and is left alone. */
function closeLock(place: Place): void {
  const isOpen = (seen: number): boolean => seen !== closed && seen >>> 16 === place.generation
  changeWord(place, isOpen, closed)
  removePrimitive(place)
  // Once more, since whoever hands it over writes the word without a look.
  changeWord(place, isOpen, closed)
  raiseAll(place.index, raising.closed)
}

/** Lets a lock go that `me` owns, for whoever waits. */
function releaseWord(words: Int32Array<SharedArrayBuffer>, place: Place, isFair: boolean, me: number): void {
  if (isFair) return handOver(words, place, me)
  const free = place.generation << 16
  changeWord(place, (seen) => (seen & ~waitersBit) === (free | me), free)
  // Whoever began to wait after this look has seen the lock free.
  wakeFirst(place.index)
}

/** To the waiter that came first; see `grantedWord`. */
function handOver(words: Int32Array<SharedArrayBuffer>, place: Place, me: number): void {
  const at = primitiveRow(place.index) + word.lock
  const free = place.generation << 16
  for (;;) {
    const first = firstWait(place.index)
    if (first === undefined) {
      if (isLetGo(words, place, me)) return
      continue
    }
    const state = waitRow(first.row)
    const next = free | waitersBit | (words[state + wait.party] ?? 0)
    const granted = grantedWord(first.word)
    if (Atomics.compareExchange(words, state, first.word, granted) !== first.word) continue
    // A plain write, since the thread can be stopped at a call; nobody else writes what is ours and marked.
    words[at] = next
    // Closed between the two: it stays so.
    if (!isInForce(place)) Atomics.compareExchange(words, at, next, closed)
    Atomics.notify(words, state)
    return
  }
}

/** Frees a fair lock for which nobody seemed to wait. False: somebody came meanwhile, and the lock is ours again to hand over. */
function isLetGo(words: Int32Array<SharedArrayBuffer>, place: Place, me: number): boolean {
  const at = primitiveRow(place.index) + word.lock
  const free = place.generation << 16
  if (!changeWord(place, (seen) => (seen & ~waitersBit) === (free | me), free)) return true
  if (firstWait(place.index) === undefined) return true
  for (;;) {
    const seen = Atomics.load(words, at)
    if ((seen & ownerMask) === 0) {
      if (Atomics.compareExchange(words, at, seen, free | me | waitersBit) === seen) return false
    } else if (Atomics.compareExchange(words, at, seen, seen | waitersBit) === seen) return true
  }
}

/**
 * Frees a lock whose owner has died: its waiters hear of it, or else the next one to come. `left`: the state of the wait for it
 * that the dead party had; one to which it was granted never knew, so nobody need hear of that.
 */
export function recoverLock(index: number, dead: number, left: readonly LeftWait[]): void {
  const { words } = arena()
  const at = primitiveRow(index) + word.lock
  const place = placeAt(index)
  // Whoever was closing it may have died on the way.
  if (Atomics.load(words, at) === closed) return closeLock(place)
  const isUntouched = left.some(({ state }) => state === waitState.granted)
  if (isUntouched) awaitOwner(words, at, dead)
  const seen = Atomics.load(words, at)
  if (seen === closed || (seen & ownerMask) !== dead) return
  if (!isUntouched) {
    // While it is still the dead one's: nobody gets it who was not told.
    Atomics.store(words, primitiveRow(index) + word.abandonedBy, dead)
    if (raiseAll(index, raising.holderDied, dead) > 0) Atomics.store(words, primitiveRow(index) + word.abandonedBy, 0)
  }
  // Marked as waited for, so that nobody takes it the fast way and misses the news.
  const next = (place.generation << 16) | waitersBit
  changeWord(place, (now) => now !== closed && (now & ownerMask) === dead, next)
  wakeFirst(index)
}

/** Nobody needs as long between two words; it keeps whoever looks from looking for ever. */
const looksMax = 10_000_000

/** Who hands it over says so in the wait first and in the word right after, so the word may lag behind for an instant. */
function awaitOwner(words: Int32Array<SharedArrayBuffer>, at: number, owner: number): true {
  for (let look = 0; look < looksMax && (Atomics.load(words, at) & ownerMask) !== owner; look++) Atomics.pause()
  return true
}

/** Makes good for a releaser that died on its way to the waiters: somebody looks, or the lock is marked as waited for. */
export function settleLock(index: number): void {
  const { words } = arena()
  const at = primitiveRow(index) + word.lock
  for (;;) {
    const seen = Atomics.load(words, at)
    if (seen === closed || (seen & ownerMask) === 0) break
    if (Atomics.compareExchange(words, at, seen, seen | waitersBit) === seen) return
  }
  wakeFirst(index)
}

/** The party that owns it; 0: nobody. */
export function ownerOfLock(index: number): number {
  const seen = Atomics.load(arena().words, primitiveRow(index) + word.lock)
  return seen === closed ? 0 : seen & ownerMask
}

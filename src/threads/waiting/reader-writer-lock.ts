/**
 * `RWLock`: many that read, or one that writes (Courtois, Heymans and Parnas, 1971).
 *
 *     words:  shares of readers (20 bits) | somebody may wait | writer's party (10 bits) || preference || abandoned by
 *
 * Who is preferred is chosen: readers (writers may starve), writers (readers may starve), or fair, in the order in which they came.
 * Nobody who waits takes it; whoever frees it, or comes to the queue, gives it to those whose turn it is (`shares.ts`). Readers'
 * shares are written down (`holdings.ts`): those of a thread that dies come back. A writer that dies is told to the others.
 *
 * A thread that reads and blocks for another share gets it at once, since waiting behind a writer that waits for its first share
 * would be a deadlock. Reading and then blocking to write is one, and refused.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { partyText, self } from '../memory/parties.ts'
import type { Place } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { block, blockAsync, holderDied, type Waiting } from './block.ts'
import { heldBy, holdingSlot, knownSlot } from './holdings.ts'
import {
  awaitWriter,
  mode,
  preferences,
  type Preference,
  settleShares,
  share,
  sharesMax,
  waitersBit,
  word,
  writerMask,
} from './shares.ts'
import { assertName, isRemote, type NamedOptions, newPlace, Site, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import { isGranted, wait, waitRow } from './waits.ts'

export interface RWLockOptions extends NamedOptions {
  /** Default `writers`. */
  readonly prefer?: Preference
}

interface RWLockState {
  readonly place: Place
  readonly prefer: Preference
}

export class RWLock implements Shareable, Served {
  readonly #site: Site
  readonly #prefer: Preference
  readonly #readGuard: Disposable
  readonly #writeGuard: Disposable

  constructor(options: RWLockOptions = {}, source: RWLockState | Remote = newRWLock(options)) {
    this.#site = new Site('read-write lock', isRemote(source) ? source : source.place)
    this.#prefer = isRemote(source) ? 'writers' : source.prefer
    this.#readGuard = { [Symbol.dispose]: () => this.releaseRead() }
    this.#writeGuard = { [Symbol.dispose]: () => this.releaseWrite() }
  }

  get name(): string {
    return this.#site.name
  }

  /**
   * Blocks until this thread has a share to read.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock` (also where it writes), `holder-died`, `closed`
   */
  acquireRead(options?: WaitOptions): void {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return void this.#site.askBlocking(remote, 'acquireRead', undefined, options)
    this.#site.assertMayBlock('acquireRead')
    const me = self()
    const slot = this.#slotOf(me)
    if ((Atomics.load(words, at) & writerMask) === me) throw this.#selfWait('writes')
    if (options === undefined && this.#enter(slot, Atomics.load(words, slot) > 0)) return
    if (Atomics.load(words, slot) > 0 && this.#enter(slot, true)) return
    block(me, this.#waiting(me, mode.read, slot), options)
  }

  /** @throws CardumenError `holder-died`, `closed` */
  tryAcquireRead(): boolean {
    const { remote } = this.#site
    return remote === undefined ? this.#tryRead(self()) : remote.askNow('tryAcquireRead') === true
  }

  /** As `acquireRead`, for what may not block. */
  async acquireReadAsync(options?: AsyncWaitOptions): Promise<void> {
    const { remote } = this.#site
    await (remote?.ask('acquireRead', undefined, options) ?? this.#acquireReadFor(self(), options))
  }

  /** @throws CardumenError `not-held`, `closed` */
  releaseRead(): void {
    const { remote } = this.#site
    if (remote === undefined) this.#leave(self())
    else remote.askNow('releaseRead')
  }

  /**
   * Blocks until this thread is the only one.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock` (also where it reads, or writes already),
   * `holder-died`, `closed`
   */
  acquireWrite(options?: WaitOptions): void {
    const { remote, words, at, place } = this.#site
    if (remote !== undefined) return void this.#site.askBlocking(remote, 'acquireWrite', undefined, options)
    this.#site.assertMayBlock('acquireWrite')
    const me = self()
    if (options === undefined && this.#tryWrite(me)) return
    if ((Atomics.load(words, at) & writerMask) === me) throw this.#selfWait('writes')
    if (heldBy(me, place) > 0) throw this.#selfWait('reads')
    block(me, this.#waiting(me, mode.write, 0), options)
  }

  /** @throws CardumenError `holder-died`, `closed` */
  tryAcquireWrite(): boolean {
    const { remote } = this.#site
    return remote === undefined ? this.#tryWrite(self()) : remote.askNow('tryAcquireWrite') === true
  }

  /** As `acquireWrite`, for what may not block. A task that reads must not await it: it would wait for itself. */
  async acquireWriteAsync(options?: AsyncWaitOptions): Promise<void> {
    const { remote } = this.#site
    await (remote?.ask('acquireWrite', undefined, options) ?? this.#acquireWriteFor(self(), options))
  }

  /** @throws CardumenError `not-held`, `not-owner`, `closed` */
  releaseWrite(): void {
    const { remote } = this.#site
    if (remote === undefined) this.#unlock(self())
    else remote.askNow('releaseWrite')
  }

  /** For `using held = lock.holdRead()`. */
  holdRead(options?: WaitOptions): Disposable {
    this.acquireRead(options)
    return this.#readGuard
  }

  /** For `using held = lock.holdWrite()`. */
  holdWrite(options?: WaitOptions): Disposable {
    this.acquireWrite(options)
    return this.#writeGuard
  }

  /** For `using held = await lock.holdReadAsync()`. */
  async holdReadAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireReadAsync(options)
    return this.#readGuard
  }

  /** For `using held = await lock.holdWriteAsync()`. */
  async holdWriteAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireWriteAsync(options)
    return this.#writeGuard
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote, place } = this.#site
    return remote?.packed ?? { kind: 'rwLock', state: { place, prefer: this.#prefer } satisfies RWLockState }
  }

  [serve](party: number, operation: string, _argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'acquireRead':
        return this.#acquireReadFor(party, options)
      case 'tryAcquireRead':
        return this.#tryRead(party)
      case 'releaseRead':
        return this.#leave(party)
      case 'acquireWrite':
        return this.#acquireWriteFor(party, options)
      case 'tryAcquireWrite':
        return this.#tryWrite(party)
      case 'releaseWrite':
        return this.#unlock(party)
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  async #acquireReadFor(party: number, options: AsyncWaitOptions | undefined): Promise<void> {
    await blockAsync(party, this.#waiting(party, mode.read, this.#slotOf(party)), options)
  }

  async #acquireWriteFor(party: number, options: AsyncWaitOptions | undefined): Promise<void> {
    await blockAsync(party, this.#waiting(party, mode.write, 0), options)
  }

  #slotOf(party: number): number {
    this.#site.assertInForce()
    return holdingSlot(party, this.#site.place)
  }

  #waiting(party: number, wanted: number, slot: number): Waiting {
    const { words, at, place } = this.#site
    const attempt = (row: number): boolean => {
      if (!isGranted(row)) {
        this.#throwIfAbandoned()
        this.#mark()
        settleShares(place.index)
        if (!isGranted(row)) return false
      }
      if (wanted === mode.write) awaitWriter(words, at, party)
      const taken = waitRow(row) + wait.isTaken
      // Both at once, with no call between: else who dies there has it twice.
      if (wanted === mode.read) words[slot] = (words[slot] ?? 0) + 1
      words[taken] = 1
      return true
    }
    return this.#site.waiting(attempt, { mode: wanted, target: slot, passOn: () => settleShares(place.index) })
  }

  #mark(): void {
    Atomics.or(this.#site.words, this.#site.at, waitersBit)
  }

  #tryRead(party: number): boolean {
    const slot = this.#slotOf(party)
    const readsAlready = Atomics.load(this.#site.words, slot) > 0
    if (this.#enter(slot, readsAlready)) return true
    this.#throwIfAbandoned()
    // It may be marked though nobody waits any more.
    settleShares(this.#site.place.index)
    return this.#enter(slot, readsAlready)
  }

  /** Takes a share if nobody writes, and nobody is to go first. */
  #enter(slot: number, readsAlready: boolean): boolean {
    const { words, at } = this.#site
    this.#site.assertInForce()
    const isOpen = readsAlready || this.#prefer === 'readers'
    for (;;) {
      const seen = Atomics.load(words, at)
      if ((seen & writerMask) !== 0 || (!isOpen && (seen & waitersBit) !== 0)) return false
      if (isOpen && Atomics.load(words, at + word.abandonedBy) !== 0) return false
      if (seen >>> 11 >= sharesMax)
        throw new CardumenError('capacity-reached', `${this.#site.text} has too many readers.`)
      if (Atomics.compareExchange(words, at, seen, seen + share) !== seen) continue
      // A plain write: see `grantedWord`.
      words[slot] = (words[slot] ?? 0) + 1
      return true
    }
  }

  #tryWrite(party: number): boolean {
    const { words, at, place } = this.#site
    this.#site.assertInForce()
    if (Atomics.compareExchange(words, at, 0, party) === 0) return true
    if ((Atomics.load(words, at) & ~waitersBit) !== 0) return false
    this.#throwIfAbandoned()
    // Free, but marked: perhaps nobody waits any more.
    settleShares(place.index)
    return Atomics.compareExchange(words, at, 0, party) === 0
  }

  #leave(party: number): void {
    const { words, at, place } = this.#site
    this.#site.assertInForce()
    const slot = knownSlot(party, place)
    if (slot === undefined || Atomics.load(words, slot) <= 0)
      throw new CardumenError('not-held', `${this.#site.text} is not read by this thread.`)
    const seen = Atomics.sub(words, at, share) - share
    words[slot] = (words[slot] ?? 0) - 1
    if (seen >>> 11 === 0 && (seen & waitersBit) !== 0) settleShares(place.index)
  }

  #unlock(party: number): void {
    const { words, at, place } = this.#site
    this.#site.assertInForce()
    if (Atomics.compareExchange(words, at, party, 0) === party) return
    const writer = Atomics.load(words, at) & writerMask
    if (writer === 0) throw new CardumenError('not-held', `${this.#site.text} is written by nobody.`)
    if (writer !== party) throw new CardumenError('not-owner', `${this.#site.text} is held by ${partyText(writer)}.`)
    Atomics.and(words, at, ~writerMask)
    settleShares(place.index)
  }

  #throwIfAbandoned(): void {
    const { words, at } = this.#site
    const culprit = Atomics.exchange(words, at + word.abandonedBy, 0)
    if (culprit !== 0) throw holderDied(this.#site.text, culprit)
  }

  #selfWait(does: 'reads' | 'writes'): CardumenError {
    return new CardumenError(
      'deadlock',
      `This thread ${does} under ${this.#site.text} already, and would wait for itself.`,
      {
        hint:
          does === 'reads'
            ? 'A share cannot be made a write lock: release the share, acquire to write, and look again at what was read.'
            : 'Release it first.',
      },
    )
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackRWLock: Unpack = (source: RWLockState | Remote) => new RWLock({}, source)

function newRWLock({ name, prefer = 'writers' }: RWLockOptions): RWLockState {
  assertName(name)
  const preference = preferences.indexOf(prefer)
  if (preference === -1)
    throw new CardumenError('option-invalid', `prefer is ${String(prefer)}; it is one of ${preferences.join(', ')}.`)
  return { place: newPlace('read-write lock', name, [0, preference]), prefer }
}

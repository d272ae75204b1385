/**
 * `Condition`: waiting, under a lock, for what others change under it (Hoare, 1974; woken threads compete, as in Mesa, 1980).
 *
 * Whoever waits opens its wait first and lets the lock go then, so no notification between the two is missed; and it has the lock
 * again when the wait is over, however that ended. A notification goes to the wait that began first; it is in that wait's own
 * row, so nobody else takes it, and one for a thread that died goes to the next.
 * It keeps no count: who comes after a notification waits for another. Therefore look at the data in a loop, or use `waitFor`.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { party as partyWords, partyWord, self, setPartyWord } from '../memory/parties.ts'
import { assertInForce, type Place } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { block, blockAsync, type Waiting } from './block.ts'
import { Lock, ownerOfLock, placeOfLock, unpackLock } from './lock.ts'
import { partOf } from './part-of-remote.ts'
import { assertCount, assertName, isRemote, type NamedOptions, newPlace, Site, unknownOperation } from './site.ts'
import { type AsyncWaitOptions, deadlineOf, type ServedWaitOptions, type WaitOptions } from './wait-options.ts'
import { firstWait, grant, isGranted, type LeftWait, waitState } from './waits.ts'

export interface ConditionOptions extends NamedOptions {
  /** What guards the data. Default: a lock of its own. Several conditions may share one. */
  readonly lock?: Lock
}

interface ConditionState {
  readonly place: Place
  readonly lock: Packed['state']
}

/** How far a wait has come. */
interface Progress {
  isReleased: boolean
  isNotified: boolean
}

const countMax = 2_147_483_647
/** Before an operation of a remote condition that is meant for its lock. */
const lockPrefix = 'lock.'

export class Condition implements Shareable, Served {
  /** What guards the data that is waited for. */
  readonly lock: Lock
  readonly #site: Site

  constructor(options: ConditionOptions = {}, source?: ConditionState | Remote) {
    if (source === undefined) {
      this.lock = options.lock ?? new Lock(options.name === undefined ? {} : { name: `lock of ${options.name}` })
      this.#site = new Site('condition', newCondition(options, this.lock))
    } else if (isRemote(source)) {
      this.lock = new Lock({}, partOf(source, lockPrefix))
      this.#site = new Site('condition', source)
    } else {
      this.lock = unpackLock(source.lock as never) as Lock
      this.#site = new Site('condition', source.place)
    }
  }

  get name(): string {
    return this.#site.name
  }

  /**
   * Lets the lock go, blocks until it is notified, and has the lock again; also where it throws, but for `closed` and `deadlock`.
   * @throws CardumenError `not-owner` (without the lock), `would-block`, `timed-out`, `interrupted`, `holder-died`, `closed`
   */
  wait(options?: WaitOptions): void {
    const { remote } = this.#site
    if (remote !== undefined) return void this.#site.askBlocking(remote, 'wait', undefined, options)
    this.#site.assertMayBlock('wait')
    const me = self()
    this.#assertOwner(me)
    const { waiting, progress } = this.#waiting(me, true)
    const failures: unknown[] = []
    attemptInto(failures, () => block(me, waiting, options))
    try {
      while (progress.isReleased && !isRegained(failures, () => this.lock.acquire())) continue
    } finally {
      setPartyWord(me, partyWords.notified, 0)
    }
    this.#throwFirst(failures, progress)
  }

  /** As `wait`, for what may not block. */
  async waitAsync(options?: AsyncWaitOptions): Promise<void> {
    const { remote } = this.#site
    await (remote?.ask('wait', undefined, options) ?? this.#waitFor(self(), options))
  }

  /** Waits until the predicate, which is asked under the lock, holds. The time is for all of it. */
  waitFor(predicate: () => boolean, options?: WaitOptions): void {
    const deadline = deadlineOf(options)
    while (!predicate()) this.wait({ timeoutMs: leftMs(deadline) })
  }

  /** As `waitFor`, for what may not block. */
  async waitForAsync(predicate: () => boolean, options: AsyncWaitOptions = {}): Promise<void> {
    const deadline = deadlineOf(options)
    while (!predicate()) await this.waitAsync({ ...options, timeoutMs: leftMs(deadline) })
  }

  /** Lets go those that have waited longest. How many. @throws CardumenError `not-owner`, `closed` */
  notify(count = 1): number {
    const { remote } = this.#site
    return remote === undefined ? this.#notify(self(), count) : Number(remote.askNow('notify', count))
  }

  /** @throws CardumenError `not-owner`, `closed` */
  notifyAll(): number {
    return this.notify(countMax)
  }

  /** Gives its room back; its lock stays. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote, place } = this.#site
    if (remote !== undefined) return remote.packed
    const lock = this.lock[pack]().state
    return { kind: 'condition', state: { place, lock } satisfies ConditionState }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    if (operation.startsWith(lockPrefix))
      return this.lock[serve](party, operation.slice(lockPrefix.length), argument, options)
    switch (operation) {
      case 'wait':
        return this.#waitFor(party, options)
      case 'notify':
        return this.#notify(party, argument)
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  async #waitFor(party: number, options: ServedWaitOptions | undefined): Promise<void> {
    this.#assertOwner(party)
    const { waiting, progress } = this.#waiting(party, false)
    const failures: unknown[] = []
    const again: ServedWaitOptions = options?.elsewhere === undefined ? {} : { elsewhere: options.elsewhere }
    await blockAsync(party, waiting, options).catch((error: unknown) => failures.push(error))
    while (progress.isReleased) {
      try {
        await this.lock[serve](party, 'acquire', undefined, again)
        break
      } catch (error) {
        noteFailure(failures, error)
      }
    }
    this.#throwFirst(failures, progress)
  }

  /** With the lock. Whoever was notified and fails all the same has made nothing of that: it goes to the next. */
  #throwFirst(failures: readonly unknown[], { isNotified }: Progress): void {
    if (failures.length === 0) return
    if (isNotified && this.#site.isInForce) notifyFirst(this.#site.place.index, 1)
    throw failures[0]
  }

  #waiting(party: number, isBlocking: boolean): { waiting: Waiting; progress: Progress } {
    const progress: Progress = { isReleased: false, isNotified: false }
    const waiting = this.#site.waiting((row) => {
      if (progress.isReleased) {
        if (!isGranted(row)) return false
        progress.isNotified = true
        if (isBlocking) setPartyWord(party, partyWords.notified, this.#site.place.index)
        return true
      }
      progress.isReleased = true
      this.lock[serve](party, 'release', undefined, {})
      return false
    })
    return { waiting, progress }
  }

  #notify(party: number, count: unknown): number {
    assertCount('The number of waits to notify', count, 1, countMax)
    this.#assertOwner(party)
    return notifyFirst(this.#site.place.index, Number(count))
  }

  #assertOwner(party: number): void {
    this.#site.assertInForce()
    const place = placeOfLock(this.lock)
    assertInForce(place)
    if (ownerOfLock(place.index) === party) return
    throw new CardumenError(
      'not-owner',
      `${this.#site.text} is used by whoever holds its lock, and this thread does not.`,
      {
        hint: 'using held = condition.lock.hold()',
      },
    )
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackCondition: Unpack = (source: ConditionState | Remote) => new Condition({}, source)

function newCondition({ name }: ConditionOptions, lock: Lock): Place {
  assertName(name)
  if (!(lock instanceof Lock))
    throw new CardumenError('option-invalid', 'What guards a condition is a Lock.', {
      hint: 'An RLock cannot be let go for a wait by whoever holds it more than once.',
    })
  assertInForce(placeOfLock(lock))
  return newPlace('condition', name)
}

/** A notification that a dead party had got, and did not live to use, goes to the next. */
export function recoverCondition(index: number, dead: number, left: readonly LeftWait[]): void {
  const granted = left.filter(({ state }) => state === waitState.granted).length
  // It may have known already, and have waited for the lock.
  const known = partyWord(dead, partyWords.notified) === index ? 1 : 0
  if (granted + known > 0) notifyFirst(index, Math.max(granted, known))
}

function notifyFirst(index: number, count: number): number {
  let notified = 0
  while (notified < count) {
    const found = firstWait(index)
    if (found === undefined) break
    if (grant(found)) notified++
  }
  return notified
}

function leftMs(deadline: number): number {
  return Math.max(0, deadline - performance.now())
}

function attemptInto(failures: unknown[], action: () => void): void {
  try {
    action()
  } catch (error) {
    failures.push(error)
  }
}

function isRegained(failures: unknown[], acquire: () => void): boolean {
  try {
    acquire()
    return true
  } catch (error) {
    noteFailure(failures, error)
    return false
  }
}

/** What is no reason to do without the lock is told once the lock is there. Throws what is one. */
function noteFailure(failures: unknown[], error: unknown): void {
  if (!isCardumenError(error) || (error.code !== 'interrupted' && error.code !== 'holder-died')) throw error
  failures.push(error)
}

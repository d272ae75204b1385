/**
 * `Event`: a flag that threads wait for.
 *
 *     word:  somebody may wait | is set
 *
 * Setting lets go everybody who waits at that moment, even where it is cleared again at once: whoever is let go has that in its
 * own wait, and does not look at the flag again. So no wake-up is missed by being slow.
 */
import { self } from '../memory/parties.ts'
import type { Place } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { arena } from '../memory/arena.ts'
import { primitive, primitiveRow } from '../memory/primitives.ts'
import { block, blockAsync, type Waiting } from './block.ts'
import { assertName, type NamedOptions, newPlace, Site, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import { grant, stateOfWait, waitsFor, waitState, wakeMany } from './waits.ts'

export type EventOptions = NamedOptions

const setBit = 1
const waitersBit = 2

export class Event implements Shareable, Served {
  readonly #site: Site
  readonly #waiting: Waiting

  constructor(options: EventOptions = {}, source: Place | Remote = newEvent(options)) {
    this.#site = new Site('event', source)
    this.#waiting = this.#site.waiting((row, isSignalled) => this.#attempt(row, isSignalled))
  }

  get name(): string {
    return this.#site.name
  }

  get isSet(): boolean {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return remote.askNow('isSet') === true
    this.#site.assertInForce()
    return (Atomics.load(words, at) & setBit) !== 0
  }

  /** Lets go everybody who waits, and whoever comes until it is cleared. @throws CardumenError `closed` */
  set(): void {
    const { remote, words, at, place } = this.#site
    if (remote !== undefined) return void remote.askNow('set')
    this.#site.assertInForce()
    if ((Atomics.exchange(words, at, setBit) & waitersBit) !== 0) grantAll(place.index)
  }

  /** @throws CardumenError `closed` */
  clear(): void {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return void remote.askNow('clear')
    this.#site.assertInForce()
    Atomics.and(words, at, ~setBit)
  }

  /** Blocks until it is set. @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock`, `closed` */
  wait(options?: WaitOptions): void {
    const { remote } = this.#site
    if (remote !== undefined) return void this.#site.askBlocking(remote, 'wait', undefined, options)
    this.#site.assertMayBlock('wait')
    if (options === undefined && this.isSet) return
    block(self(), this.#waiting, options)
  }

  /** As `wait`, for what may not block. */
  async waitAsync(options?: AsyncWaitOptions): Promise<void> {
    const { remote } = this.#site
    await (remote?.ask('wait', undefined, options) ?? blockAsync(self(), this.#waiting, options))
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote, place } = this.#site
    return remote?.packed ?? { kind: 'event', state: place }
  }

  [serve](party: number, operation: string, _argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'wait':
        return blockAsync(party, this.#waiting, options)
      case 'set':
        return this.set()
      case 'clear':
        return this.clear()
      case 'isSet':
        return this.isSet
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  #attempt(row: number, isSignalled: boolean): boolean {
    const { words, at } = this.#site
    if (isSignalled && stateOfWait(row) === waitState.granted) return true
    for (;;) {
      const seen = Atomics.load(words, at)
      if ((seen & setBit) !== 0) return true
      if (Atomics.compareExchange(words, at, seen, seen | waitersBit) === seen) return false
    }
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackEvent: Unpack = (source: Place | Remote) => new Event({}, source)

function newEvent({ name }: EventOptions): Place {
  assertName(name)
  return newPlace('event', name)
}

function grantAll(index: number): void {
  for (const found of waitsFor(index)) grant(found)
}

/** Makes good for one that died while it was setting it. Where it is not set, they mark it anew as waited for. */
export function settleEvent(index: number): void {
  if ((Atomics.load(arena().words, primitiveRow(index) + primitive.own) & setBit) !== 0) grantAll(index)
  else wakeMany(index)
}

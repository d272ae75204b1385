/**
 * `Once`: something that one thread does, and the others wait until it is done.
 *
 *     word:  somebody may wait | state (idle, running, done) | who runs it (10 bits)
 *
 * Whoever comes first runs its function; if that throws, or its thread dies, the next one runs its own. The function's
 * result stays in its thread: what the others need of it goes through shared memory.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { self } from '../memory/parties.ts'
import { type Place, primitive, primitiveRow } from '../memory/primitives.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { block, blockAsync, type Waiting } from './block.ts'
import { assertName, type NamedOptions, newPlace, Site, unknownOperation } from './site.ts'
import type { AsyncWaitOptions, WaitOptions } from './wait-options.ts'
import { wakeFirst, wakeMany } from './waits.ts'

export type OnceOptions = NamedOptions

const runnerMask = 0x3ff
const running = 0x400
const done = 0x800
const waitersBit = 0x1000

export class Once implements Shareable, Served {
  readonly #site: Site

  constructor(options: OnceOptions = {}, source: Place | Remote = newOnce(options)) {
    this.#site = new Site('once', source)
  }

  get name(): string {
    return this.#site.name
  }

  get isDone(): boolean {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return remote.askNow('isDone') === true
    this.#site.assertInForce()
    return (Atomics.load(words, at) & done) !== 0
  }

  /**
   * Runs the function if it has been run by nobody, and otherwise blocks until whoever runs it is done. Whether it ran it.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `deadlock` (asked for within itself), `closed`
   */
  run(action: () => void, options?: WaitOptions): boolean {
    if (!this.#begin(options)) return false
    let isDone = false
    try {
      action()
      isDone = true
    } finally {
      this.#end(isDone)
    }
    return true
  }

  /** As `run`, for what may not block; the function may be asynchronous. */
  async runAsync(action: () => void | Promise<void>, options?: AsyncWaitOptions): Promise<boolean> {
    if (!(await this.#beginAsync(options))) return false
    let isDone = false
    try {
      await action()
      isDone = true
    } finally {
      this.#end(isDone)
    }
    return true
  }

  /** Gives its room back. Whoever waits for it, and whoever uses it from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    const { remote, place } = this.#site
    return remote?.packed ?? { kind: 'once', state: place }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'begin':
        return this.#beginFor(party, options)
      case 'end':
        return this.#endFor(party, argument === true)
      case 'isDone':
        return this.isDone
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  /** Whether it is this thread that runs it. */
  #begin(options: WaitOptions | undefined): boolean {
    const { remote, words, at } = this.#site
    if (remote !== undefined) return this.#site.askBlocking(remote, 'begin', undefined, options) === true
    if (this.isDone) return false
    this.#site.assertMayBlock('run')
    const me = self()
    if ((Atomics.load(words, at) & ~waitersBit) === (running | me))
      throw new CardumenError(
        'deadlock',
        `${this.#site.text} is run by this thread already, and would wait for itself.`,
      )
    const waiting = this.#waiting(me)
    block(me, waiting, options)
    return waiting.isMine
  }

  async #beginAsync(options: AsyncWaitOptions | undefined): Promise<boolean> {
    const { remote } = this.#site
    if (remote !== undefined) return (await remote.ask('begin', undefined, options)) === true
    return this.#beginFor(self(), options)
  }

  async #beginFor(party: number, options: AsyncWaitOptions | undefined): Promise<boolean> {
    const waiting = this.#waiting(party)
    await blockAsync(party, waiting, options)
    return waiting.isMine
  }

  #waiting(party: number): Waiting & { isMine: boolean } {
    const { words, at } = this.#site
    const attempt = (): boolean => {
      for (;;) {
        const seen = Atomics.load(words, at)
        if ((seen & done) !== 0) return true
        const isIdle = (seen & running) === 0
        const wanted = isIdle ? seen | running | party : seen | waitersBit
        if (Atomics.compareExchange(words, at, seen, wanted) !== seen) continue
        waiting.isMine = isIdle
        return isIdle
      }
    }
    const waiting = Object.assign(this.#site.waiting(attempt), { isMine: false })
    return waiting
  }

  #end(isDone: boolean): void {
    const { remote } = this.#site
    if (remote !== undefined) remote.askNow('end', isDone)
    else this.#endFor(self(), isDone)
  }

  #endFor(party: number, isDone: boolean): void {
    const { words, at, place } = this.#site
    if (!this.#site.isInForce) return
    if ((Atomics.load(words, at) & ~waitersBit) !== (running | party))
      throw new CardumenError('not-owner', `${this.#site.text} is not run by this thread.`)
    Atomics.store(words, at, isDone ? done : 0)
    settleOnce(place.index)
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackOnce: Unpack = (source: Place | Remote) => new Once({}, source)

function newOnce({ name }: OnceOptions): Place {
  assertName(name)
  return newPlace('once', name)
}

/** Wakes all once it is done, and one where the next is to run it. */
export function settleOnce(index: number): void {
  const seen = Atomics.load(arena().words, primitiveRow(index) + primitive.own)
  if ((seen & done) !== 0) wakeMany(index)
  else if ((seen & running) === 0) wakeFirst(index)
}

/** Whoever died running it has not done it. */
export function recoverOnce(index: number, dead: number): void {
  const { words } = arena()
  const at = primitiveRow(index) + primitive.own
  if ((Atomics.load(words, at) & ~waitersBit) !== (running | dead)) return
  Atomics.store(words, at, 0)
  settleOnce(index)
}

/** The party that runs it now; 0: nobody. */
export function runnerOf(index: number): number {
  const seen = Atomics.load(arena().words, primitiveRow(index) + primitive.own)
  return (seen & running) === 0 ? 0 : seen & runnerMask
}

/**
 * How one side of a ring or queue wakes the other, and pays nothing while the other is awake.
 *
 * Two words: `asleep`, which a sleeper sets, and `rings`, which a ringer counts up. A sleeper reads `rings`, sets
 * `asleep`, tries once more, and only then sleeps while `rings` is what it read. A ringer, after it has published what
 * the other waits for, looks at `asleep`; only if that is set, it clears it, counts `rings` up and wakes everybody. In
 * whatever order these fall, either the sleeper's last try sees what was published, or `rings` has changed and it does
 * not sleep (an eventcount; Reed and Kanodia, 1979). A sleeper that died or gave up leaves at most a set `asleep`
 * behind, which costs the next ringer one call.
 *
 * The words lie with the ring or queue, which any worker may be given, also one that shares no arena. Whoever sleeps has a
 * row in its own arena all the same, so it can be interrupted and is in the report of who waits for what.
 */
import { self } from '../memory/parties.ts'
import { addPrimitive, primitiveName, primitives, publishPrimitive } from '../memory/primitives.ts'
import { block, blockAsync, type OutsideWord, type Waiting } from '../waiting/block.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'

/** Tries before a thread sleeps: some ten microseconds, about what it takes to wake one. */
const spinsMax = 500

/** Gives what was waited for, or undefined when it is not there yet. */
type Attempt<T> = () => T | undefined

export class Doorbell {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #asleep: number
  readonly #rings: number
  readonly #what: string

  /** Uses two words, at `at` and after it. `what` is waited for, as errors and reports name it. */
  constructor(words: Int32Array<SharedArrayBuffer>, at: number, what: string) {
    this.#words = words
    this.#asleep = at
    this.#rings = at + 1
    this.#what = what
  }

  /** Call it after what the other side waits for was stored with Atomics. */
  ring(): void {
    const words = this.#words
    if (Atomics.load(words, this.#asleep) === 0) return
    Atomics.store(words, this.#asleep, 0)
    Atomics.add(words, this.#rings, 1)
    Atomics.notify(words, this.#rings)
  }

  /** Blocks until the attempt gives something. @throws CardumenError `timed-out`, `interrupted`, what the attempt throws */
  waitFor<T>(attempt: Attempt<T>, options: WaitOptions): T {
    for (let spins = 0; spins < spinsMax; spins++) {
      const given = attempt()
      if (given !== undefined) return given
    }
    const [waiting, given] = this.#waitingFor(attempt)
    block(self(), waiting, options)
    return given()
  }

  /** The same without blocking; the process stays alive while it waits. @throws CardumenError `cancelled` too */
  async waitForAsync<T>(attempt: Attempt<T>, options: AsyncWaitOptions): Promise<T> {
    deadlineOf(options)
    const atOnce = options.signal?.aborted === true ? undefined : attempt()
    if (atOnce !== undefined) return atOnce
    const [waiting, given] = this.#waitingFor(attempt)
    await blockAsync(self(), waiting, options)
    return given()
  }

  /** What to wait for, and what came. */
  #waitingFor<T>(attempt: Attempt<T>): readonly [Waiting, () => T] {
    const words = this.#words
    const rings = new Rings(words, this.#rings)
    let given: T | undefined
    const waiting: Waiting = {
      primitive: rowOf(this.#what),
      what: this.#what,
      outside: rings,
      attempt: () => {
        rings.look()
        Atomics.store(words, this.#asleep, 1)
        given = attempt()
        return given !== undefined
      },
      passOn: () => rings.leave(),
    }
    return [waiting, () => given as T]
  }
}

/** The word `rings` as one sleeper sees it. */
class Rings implements OutsideWord {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #at: number
  #seen = 0
  /** Kept while nobody rings: each waiter that is left behind would stay in the word's list. */
  #awaited: ReturnType<typeof Atomics.waitAsync> | undefined
  #awaitedSeen = 0

  constructor(words: Int32Array<SharedArrayBuffer>, at: number) {
    this.#words = words
    this.#at = at
  }

  /** To be called before what is waited for is looked at. */
  look(): void {
    this.#seen = Atomics.load(this.#words, this.#at)
  }

  wait(forMs: number): boolean {
    return Atomics.wait(this.#words, this.#at, this.#seen, forMs) !== 'timed-out'
  }

  waitAsync(): ReturnType<typeof Atomics.waitAsync> {
    if (this.#awaited !== undefined && this.#awaitedSeen === this.#seen) return this.#awaited
    const waited = Atomics.waitAsync(this.#words, this.#at, this.#seen)
    if (!waited.async) return waited
    this.#awaited = waited
    this.#awaitedSeen = this.#seen
    void waited.value.then(() => {
      if (this.#awaited === waited) this.#awaited = undefined
    })
    return waited
  }

  /** Takes the waiter of a wait that was given up out of the word's list; others look once for nothing. */
  leave(): void {
    if (this.#awaited !== undefined) Atomics.notify(this.#words, this.#at)
  }
}

const rows = new Map<string, number>()

/**
 * The row of the table of primitives by which reports name what is waited for. All rings, or queues, of a process have one
 * together, since they come and go unseen; two threads that make it at once make two, which harms nobody.
 */
function rowOf(what: string): number {
  const known = rows.get(what)
  if (known !== undefined) return known
  const row = foundRow(what) ?? newRow(what)
  rows.set(what, row)
  return row
}

function foundRow(what: string): number | undefined {
  for (const { index, kind } of primitives()) if (kind === 'other' && primitiveName(index) === what) return index
  return undefined
}

function newRow(what: string): number {
  const place = addPrimitive('other', what)
  publishPrimitive(place, 'other')
  return place.index
}

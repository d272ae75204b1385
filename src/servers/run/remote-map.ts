/**
 * One function over many items: a bounded number of calls in flight, results in order or as they come.
 *
 * Awaited, it gives all results in the order of the items. Iterated, it gives each as soon as its turn comes, and runs
 * ahead of its reader no further than a window. Either begins it, and only once. The first call that fails ends it:
 * the others are cancelled. Items may be endless.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Signal, signalSource } from '../../lib/signal.ts'
import type { Interruptions } from './remote-call.ts'
import type { Items } from './remote-module.ts'

/** How far results may run ahead of their reader, in multiples of the concurrency. */
const windowFactor = 4
export const concurrencyMax = 4_096

export interface MapProgress extends Readonly<Interruptions> {
  readonly done: number
  /** Undefined where the items do not say how many they are. */
  readonly total: number | undefined
}

export interface MapOptions {
  /** Calls in flight at once. Default: twice the threads of all members that offer to run things. */
  readonly concurrency?: number
  /** False: an iteration gives results as they come. Default true. */
  readonly ordered?: boolean
  readonly signal?: Signal
  /** Called after each call that is done. */
  readonly onProgress?: (progress: MapProgress) => void
}

export interface RemoteMap<Result> extends PromiseLike<Result[]>, AsyncIterable<Result> {}

export interface MapCalls {
  /** Calls the function with one item. All calls of a map get the same signal and counts. */
  call(item: unknown, signal: Signal, counts: Interruptions): Promise<unknown>
  /** By default. `signal` aborts when the map ends before it is known. */
  concurrency(signal: Signal): number | Promise<number>
}

export class FunctionMap<Result> implements RemoteMap<Result> {
  readonly #items: Items<unknown>
  readonly #calls: MapCalls
  readonly #options: MapOptions
  readonly #stop = signalSource()
  readonly #counts: Interruptions = { interrupted: 0, rerun: 0 }
  readonly #results = new Map<number, Result>()
  #isBegun = false
  #all: Promise<Result[]> | undefined
  #started = 0
  #inFlight = 0
  #taken = 0
  #done = 0
  #isFed = false
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void)[] = []

  /** @throws CardumenError `option-invalid`. */
  constructor(items: Items<unknown>, options: MapOptions, calls: MapCalls) {
    const { concurrency } = options
    if (
      concurrency !== undefined &&
      !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= concurrencyMax)
    ) {
      throw new CardumenError(
        'option-invalid',
        `concurrency is ${concurrency}; it is a whole number from 1 to ${concurrencyMax}.`,
      )
    }
    this.#items = items
    this.#options = options
    this.#calls = calls
  }

  then<Fulfilled = Result[], Rejected = never>(
    onFulfilled?: ((value: Result[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#all ??= this.#collect()
    return this.#all.then(onFulfilled, onRejected)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Result, void> {
    const isOrdered = this.#options.ordered !== false
    await this.#begin(windowFactor)
    try {
      for (;;) {
        const index = isOrdered ? this.#taken : this.#results.keys().next().value
        if (this.#failure !== undefined) throw this.#failure.error
        if (index !== undefined && this.#results.has(index)) yield this.#take(index)
        else if (this.#isOver) return
        else await this.#change()
      }
    } finally {
      this.#fail(new CardumenError('cancelled', 'The iteration was left.'))
    }
  }

  async #collect(): Promise<Result[]> {
    await this.#begin(Number.POSITIVE_INFINITY)
    while (!this.#isOver && this.#failure === undefined) await this.#change()
    if (this.#failure !== undefined) throw this.#failure.error
    return Array.from({ length: this.#started }, (_, index) => this.#results.get(index) as Result)
  }

  async #begin(factor: number): Promise<void> {
    if (this.#isBegun) throw new CardumenError('option-invalid', 'A map is awaited or iterated, and only once.')
    this.#isBegun = true
    const { signal } = this.#options
    const onAbort = (): void =>
      this.#fail(
        new CardumenError('cancelled', 'The map was given up by its signal.', {
          executed: 'unknown',
          cause: signal?.reason,
        }),
      )
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort)
    this.#stop.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort))
    const concurrency = this.#options.concurrency ?? (await this.#concurrencyDefault())
    if (concurrency !== undefined) void this.#feed(concurrency, concurrency * factor)
  }

  /** Undefined: the map failed before it was known, or because it cannot be. */
  async #concurrencyDefault(): Promise<number | undefined> {
    try {
      const known = await this.#unlessFailed(this.#calls.concurrency(this.#stop.signal))
      return known && Math.min(concurrencyMax, known.value)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  /** However it ends, the source is told, unless it came to its end itself. */
  async #feed(concurrency: number, ahead: number): Promise<void> {
    try {
      const source = sourceOf(this.#items)
      for (;;) {
        const next = (await this.#unlessFailed(source.next()))?.value
        if (next?.done === true) break
        while (this.#failure === undefined && (this.#inFlight >= concurrency || this.#started - this.#taken >= ahead))
          await this.#change()
        if (this.#failure !== undefined || next === undefined) return source.leave()
        this.#start(this.#started++, next.value)
      }
      this.#isFed = true
      this.#changed()
      if (this.#isOver) this.#stop.abort()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Undefined: the map failed while it waited. */
  async #unlessFailed<Value>(given: Promise<Value> | Value): Promise<{ readonly value: Value } | undefined> {
    if (!(given instanceof Promise)) return { value: given }
    let failure: { readonly error: unknown } | undefined
    let arrived: { readonly value: Value } | undefined
    given.then(
      (value) => {
        arrived = { value }
        this.#changed()
      },
      (error: unknown) => {
        failure = { error }
        this.#changed()
      },
    )
    while (arrived === undefined && failure === undefined && this.#failure === undefined) await this.#change()
    if (failure !== undefined) throw failure.error
    return arrived
  }

  #start(index: number, item: unknown): void {
    this.#inFlight++
    this.#calls.call(item, this.#stop.signal, this.#counts).then(
      (result) => this.#onResult(index, result as Result),
      (error) => this.#fail(error),
    )
  }

  #onResult(index: number, result: Result): void {
    this.#inFlight--
    this.#done++
    this.#results.set(index, result)
    try {
      if (this.#failure === undefined)
        this.#options.onProgress?.({ done: this.#done, total: this.#total, ...this.#counts })
    } catch (error) {
      this.#fail(error)
    }
    this.#changed()
    if (this.#isOver) this.#stop.abort()
  }

  #take(index: number): Result {
    const result = this.#results.get(index) as Result
    this.#results.delete(index)
    this.#taken++
    this.#changed()
    return result
  }

  /** The first failure counts; it cancels what is still under way. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop.abort(error)
    this.#changed()
  }

  get #isOver(): boolean {
    return this.#isFed && this.#inFlight === 0
  }

  get #total(): number | undefined {
    if (this.#isFed) return this.#started
    const items = this.#items as { readonly length?: unknown; readonly size?: unknown }
    const size = items.length ?? items.size
    return typeof size === 'number' ? size : undefined
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #changed(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

/** The iterator of the items, whichever kind it is. */
interface Source {
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown>
  /** Nobody wants more of it. */
  leave(): void
}

function sourceOf(items: Items<unknown>): Source {
  if (!isAsync(items)) {
    const iterator = items[Symbol.iterator]()
    return { next: () => iterator.next(), leave: () => void iterator.return?.() }
  }
  const iterator = items[Symbol.asyncIterator]()
  return {
    next: () => Promise.resolve(iterator.next()),
    leave: () => void Promise.resolve(iterator.return?.()).catch(() => undefined),
  }
}

function isAsync(items: Items<unknown>): items is AsyncIterable<unknown> {
  return (items as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] !== undefined
}

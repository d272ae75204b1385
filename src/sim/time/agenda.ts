/**
 * What is to happen, by virtual time and then by a drawn tie-break: a binary heap.
 *
 * The tie-break is drawn from the seed, so that another seed meets another order of what happens at the same moment.
 * Entries that were cancelled are left where they are until half of the heap is such; then they are swept, so that
 * timers that are set and cancelled for ever do not make it grow.
 */
import type { Random } from '../../lib/random.ts'

export interface AgendaEntry {
  readonly atMs: number
  readonly tie: number
  readonly order: number
  readonly isBackground: boolean
  run: (() => void) | undefined
}

const sweepSizeMin = 64

export class Agenda {
  #heap: AgendaEntry[] = []
  readonly #random: Random
  #entered = 0
  #cancelled = 0
  #foreground = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Of those that are still to happen. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  /** With those that were cancelled and not swept yet. */
  get heldEntries(): number {
    return this.#heap.length
  }

  /** How many of them are no background ones: with none left, nothing will happen that a program waits for. */
  get foreground(): number {
    return this.#foreground
  }

  /** Infinity: nothing is to happen. */
  get nextMs(): number {
    this.#dropCancelled()
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  enter(atMs: number, run: () => void, isBackground = false): AgendaEntry {
    const heap = this.#heap
    const entry = { atMs, tie: this.#random.next(), order: this.#entered++, isBackground, run }
    if (!isBackground) this.#foreground++
    let place = heap.push(entry) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = entry
    return entry
  }

  /** Harmless when it has happened, or twice. */
  cancel(entry: AgendaEntry): void {
    if (entry.run === undefined) return
    entry.run = undefined
    this.#cancelled++
    if (!entry.isBackground) this.#foreground--
    if (this.#heap.length >= sweepSizeMin && this.#cancelled * 2 > this.#heap.length) this.#sweep()
  }

  /** What to do next; undefined: nothing is to happen. */
  take(): { readonly atMs: number; readonly run: () => void } | undefined {
    this.#dropCancelled()
    const first = this.#takeFirst()
    const run = first?.run
    if (first === undefined || run === undefined) return undefined
    first.run = undefined
    if (!first.isBackground) this.#foreground--
    return { atMs: first.atMs, run }
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) {
      this.#takeFirst()
      this.#cancelled--
    }
  }

  #sweep(): void {
    this.#heap = this.#heap
      .filter((entry) => entry.run !== undefined)
      .sort((left, right) => (isBefore(left, right) ? -1 : 1))
    this.#cancelled = 0
  }

  #takeFirst(): AgendaEntry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || last === first) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child + 1 < heap.length && isBefore(heap[child + 1] ?? last, heap[child] ?? last)) child++
      const below = heap[child]
      if (below === undefined || !isBefore(below, last)) break
      heap[place] = below
      place = child
    }
    heap[place] = last
    return first
  }
}

function isBefore(left: AgendaEntry, right: AgendaEntry): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs
  if (left.tie !== right.tie) return left.tie < right.tie
  return left.order < right.order
}

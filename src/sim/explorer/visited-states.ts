/**
 * The states that were seen, and from which one each was reached first: enough to walk back from any of them.
 *
 * A table with open addressing over typed arrays, so that a state takes 24 to 48 bytes: two halves of a hash, the
 * state before, and the place of the choice that led here. In exact mode whole texts decide instead of hashes.
 */
import type { CanonicalForm } from './canonical-form.ts'

export interface Origin {
  /** -1: it is the initial state. */
  readonly parent: number
  readonly choice: number
}

const sizeFirst = 1_024
/** Of the slots at most so large a share is taken. */
const loadMax = 0.5

export class VisitedStates {
  readonly #exact: Map<string, number> | undefined
  /** The number of a state plus one; 0: free. */
  #slots = new Int32Array(sizeFirst * 2)
  #lows = new Int32Array(sizeFirst)
  #highs = new Int32Array(sizeFirst)
  #parents = new Int32Array(sizeFirst)
  #choices = new Int32Array(sizeFirst)
  #size = 0

  constructor(isExact: boolean) {
    this.#exact = isExact ? new Map() : undefined
  }

  get size(): number {
    return this.#size
  }

  /** The number of the state; undefined: it was seen before. */
  add(form: CanonicalForm, parent: number, choice: number): number | undefined {
    if (this.#exact === undefined) {
      const slot = this.#freeSlotFor(form)
      if (slot === undefined) return undefined
      this.#slots[slot] = this.#size + 1
    } else {
      if (this.#exact.has(form.text)) return undefined
      this.#exact.set(form.text, this.#size)
    }
    return this.#enter(form, parent, choice)
  }

  /** The number of a state that was seen. */
  numberOf({ low, high, text }: CanonicalForm): number | undefined {
    if (this.#exact !== undefined) return this.#exact.get(text)
    const mask = this.#slots.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const state = (this.#slots[slot] ?? 0) - 1
      if (state < 0) return undefined
      if (this.#lows[state] === low && this.#highs[state] === high) return state
    }
  }

  originOf(state: number): Origin {
    return { parent: this.#parents[state] ?? -1, choice: this.#choices[state] ?? 0 }
  }

  #freeSlotFor({ low, high }: CanonicalForm): number | undefined {
    const mask = this.#slots.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const state = (this.#slots[slot] ?? 0) - 1
      if (state < 0) return slot
      if (this.#lows[state] === low && this.#highs[state] === high) return undefined
    }
  }

  #enter({ low, high }: CanonicalForm, parent: number, choice: number): number {
    const state = this.#size++
    this.#lows[state] = low
    this.#highs[state] = high
    this.#parents[state] = parent
    this.#choices[state] = choice
    if (this.#size >= this.#slots.length * loadMax) this.#grow()
    return state
  }

  #grow(): void {
    this.#lows = doubled(this.#lows)
    this.#highs = doubled(this.#highs)
    this.#parents = doubled(this.#parents)
    this.#choices = doubled(this.#choices)
    this.#slots = new Int32Array(this.#slots.length * 2)
    if (this.#exact !== undefined) return
    const mask = this.#slots.length - 1
    for (let state = 0; state < this.#size; state++) {
      let slot = (this.#lows[state] ?? 0) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = state + 1
    }
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

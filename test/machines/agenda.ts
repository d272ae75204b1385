/**
 * What is to happen, by time and then by the order in which it was entered: a binary heap.
 */
interface Entry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Agenda {
  readonly #heap: Entry[] = []
  #entered = 0

  get size(): number {
    return this.#heap.length
  }

  /** Infinity: nothing is to happen. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  enter(atMs: number, run: () => void): void {
    const heap = this.#heap
    const entry = { atMs, order: this.#entered++, run }
    let place = heap.push(entry) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = entry
  }

  take(): Entry | undefined {
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

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}

/**
 * From which states a state at rest can be reached, going backwards over all edges of work that were seen.
 *
 * Members that wait by looking again and again are never at rest, so a deadlock among them shows as states from which
 * no way leads to rest. Two numbers an edge, for models that ask for it only.
 */

const sizeFirst = 1_024

export class RestReachable {
  #edges = new Int32Array(sizeFirst)
  #used = 0
  readonly #atRest: number[] = []

  addEdge(from: number, to: number): void {
    if (this.#used + 2 > this.#edges.length) {
      const larger = new Int32Array(this.#edges.length * 2)
      larger.set(this.#edges)
      this.#edges = larger
    }
    this.#edges[this.#used++] = from
    this.#edges[this.#used++] = to
  }

  addRest(state: number): void {
    this.#atRest.push(state)
  }

  /** The first of all states from which none at rest can be reached. */
  firstWithout(states: number): number | undefined {
    const { starts, sources } = this.#backwards(states)
    const isReached = new Uint8Array(states)
    const open = [...this.#atRest]
    for (const state of open) isReached[state] = 1
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      for (let place = starts[state] ?? 0; place < (starts[state + 1] ?? 0); place++) {
        const source = sources[place] ?? 0
        if (isReached[source] === 1) continue
        isReached[source] = 1
        open.push(source)
      }
    }
    const first = isReached.indexOf(0)
    return first < 0 ? undefined : first
  }

  /** The sources of the edges into each state, one state after the other. */
  #backwards(states: number): { readonly starts: Int32Array; readonly sources: Int32Array } {
    const starts = new Int32Array(states + 1)
    for (let place = 1; place < this.#used; place += 2) addTo(starts, (this.#edges[place] ?? 0) + 1, 1)
    for (let state = 0; state < states; state++) addTo(starts, state + 1, starts[state] ?? 0)
    const sources = new Int32Array(this.#used / 2)
    const filled = starts.slice()
    for (let place = 0; place < this.#used; place += 2) {
      const to = this.#edges[place + 1] ?? 0
      sources[filled[to] ?? 0] = this.#edges[place] ?? 0
      addTo(filled, to, 1)
    }
    return { starts, sources }
  }
}

function addTo(counts: Int32Array, place: number, amount: number): void {
  counts[place] = (counts[place] ?? 0) + amount
}

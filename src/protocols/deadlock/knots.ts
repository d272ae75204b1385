/**
 * Who waits for whom among those that are stuck, as a graph of numbers; its knots, and a cycle in each.
 *
 * Nodes are parties, then resources, then one node `anyone`: with resources between, a lock with a thousand waiters costs
 * a thousand edges and not a million. A knot is a strongly connected part (Tarjan, 1972): all in it wait for each other.
 * The walk keeps its own stack, because a chain of ten thousand waits would overflow the language's.
 */
import { type Groups, grouped, membersOf } from './groups.ts'
import type { IndexedGraph } from './indexed-graph.ts'
import type { Reduction } from './reduce.ts'

export interface StuckGraph {
  readonly size: number
  /** By node: the nodes that it waits for. */
  readonly edges: Groups
  /** By wait: the party just before it in a fair queue, or -1. */
  readonly aheadOf: Int32Array
}

interface Draft {
  readonly sources: number[]
  readonly targets: number[]
  readonly aheadOf: Int32Array
}

export function stuckGraph(index: IndexedGraph, reduction: Reduction): StuckGraph {
  const { parties, resources, holds } = index
  const anyone = parties.length + resources.length
  const draft: Draft = { sources: [], targets: [], aheadOf: new Int32Array(index.waits.length).fill(-1) }
  for (let hold = 0; hold < holds.holderOf.length; hold++) {
    const holder = holds.holderOf[hold] ?? -1
    if (reduction.isStuck[holder] === 1) addEdge(draft, parties.length + (holds.resourceOf[hold] ?? -1), holder)
  }
  for (let resource = 0; resource < resources.length; resource++) addQueue(draft, index, reduction, resource)
  for (let party = 0; party < parties.length; party++) if (reduction.isStuck[party] === 1) addEdge(draft, anyone, party)
  return { size: anyone + 1, edges: grouped(draft.sources, anyone + 1, draft.targets), aheadOf: draft.aheadOf }
}

/**
 * Each wait that is stopped leads to its resource, or to anyone; in a fair queue also to whoever is just before it.
 */
function addQueue(draft: Draft, index: IndexedGraph, reduction: Reduction, resource: number): void {
  const { starts, members } = index.queues
  const node = index.parties.length + resource
  const isFair = index.resources[resource]?.isFair === true
  const free = reduction.available[resource] ?? 0
  let ahead = -1
  for (let at = starts[resource] ?? 0; at < (starts[resource + 1] ?? 0); at++) {
    const wait = members[at] ?? -1
    const party = index.partyOf[wait] ?? -1
    if (reduction.isUnmet[wait] === 0) continue
    if (index.needsAnyone[wait] === 1) addEdge(draft, party, index.parties.length + index.resources.length)
    else if ((index.waits[wait]?.count ?? 0) > free) addEdge(draft, party, node)
    if (isFair && ahead >= 0) {
      draft.aheadOf[wait] = ahead
      addEdge(draft, party, ahead)
    }
    ahead = party
  }
}

function addEdge({ sources, targets }: Draft, source: number, target: number): void {
  sources.push(source)
  targets.push(target)
}

interface Walk {
  readonly graph: StuckGraph
  /** By node, from 1 up: when it was reached, and the earliest node of its knot that is known. */
  readonly reachedAt: Int32Array
  readonly earliest: Int32Array
  /** By node: the next of its edges to be followed. */
  readonly nextEdge: Int32Array
  readonly isOpen: Uint8Array
  readonly open: number[]
  /** By node: which of the knots it is in, in the order in which they were closed; -1 for none. */
  readonly knotOf: Int32Array
  closed: number
  reached: number
}

/** Nodes that wait for each other, or for themselves, knot by knot; each knot ascending, and by its least node. */
export function knotsOf(graph: StuckGraph): readonly (readonly number[])[] {
  const walk: Walk = {
    graph,
    reachedAt: new Int32Array(graph.size),
    earliest: new Int32Array(graph.size),
    nextEdge: graph.edges.starts.slice(),
    isOpen: new Uint8Array(graph.size),
    open: [],
    knotOf: new Int32Array(graph.size).fill(-1),
    closed: 0,
    reached: 0,
  }
  for (let node = 0; node < graph.size; node++) if (walk.reachedAt[node] === 0) walkFrom(walk, node)
  return inOrder(walk)
}

/** By going through the nodes once more, which is cheaper than sorting. */
function inOrder({ graph, knotOf }: Walk): readonly (readonly number[])[] {
  const ordered: number[][] = []
  const byClosing: number[][] = []
  for (let node = 0; node < graph.size; node++) {
    const closing = knotOf[node] ?? -1
    if (closing < 0) continue
    const known = byClosing[closing]
    if (known !== undefined) known.push(node)
    else {
      const knot = [node]
      byClosing[closing] = knot
      ordered.push(knot)
    }
  }
  return ordered
}

function walkFrom(walk: Walk, start: number): void {
  const { starts, members } = walk.graph.edges
  const path = [start]
  reach(walk, start)
  while (path.length > 0) {
    const node = path.at(-1) ?? start
    const edge = walk.nextEdge[node] ?? 0
    if (edge < (starts[node + 1] ?? 0)) {
      walk.nextEdge[node] = edge + 1
      const target = members[edge] ?? start
      if (walk.reachedAt[target] === 0) {
        reach(walk, target)
        path.push(target)
      } else if (walk.isOpen[target] === 1) lower(walk, node, walk.reachedAt[target] ?? 0)
      continue
    }
    path.pop()
    closeKnot(walk, node)
    const parent = path.at(-1)
    if (parent !== undefined) lower(walk, parent, walk.earliest[node] ?? 0)
  }
}

function reach(walk: Walk, node: number): void {
  walk.reached++
  walk.reachedAt[node] = walk.reached
  walk.earliest[node] = walk.reached
  walk.isOpen[node] = 1
  walk.open.push(node)
}

function lower({ earliest }: Walk, node: number, reachedAt: number): void {
  earliest[node] = Math.min(earliest[node] ?? 0, reachedAt)
}

function closeKnot(walk: Walk, node: number): void {
  if (walk.earliest[node] !== walk.reachedAt[node]) return
  const isKnot = walk.open.at(-1) !== node || membersOf(walk.graph.edges, node).includes(node)
  for (let member = -1; member !== node; ) {
    member = walk.open.pop() ?? node
    walk.isOpen[member] = 0
    if (isKnot) walk.knotOf[member] = walk.closed
  }
  if (isKnot) walk.closed++
}

/** Of each knot a shortest way from its least node back to it, each node once. */
export function cyclesOf(graph: StuckGraph, knots: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const knotOf = new Int32Array(graph.size).fill(-1)
  const cameFrom = new Int32Array(graph.size).fill(-1)
  for (let at = 0; at < knots.length; at++) for (const node of knots[at] ?? []) knotOf[node] = at
  return knots.map(([start = 0]) => cycleFrom(graph, start, knotOf, cameFrom))
}

/** Knots have no node in common, so one `cameFrom` does for all. */
function cycleFrom({ edges }: StuckGraph, start: number, knotOf: Int32Array, cameFrom: Int32Array): readonly number[] {
  const frontier = [start]
  for (let next = 0; next < frontier.length; next++) {
    const node = frontier[next] ?? start
    for (let edge = edges.starts[node] ?? 0; edge < (edges.starts[node + 1] ?? 0); edge++) {
      const target = edges.members[edge] ?? -1
      if (target === start) return wayTo(node, start, cameFrom)
      if (knotOf[target] !== knotOf[start] || cameFrom[target] !== -1) continue
      cameFrom[target] = node
      frontier.push(target)
    }
  }
  return []
}

function wayTo(end: number, start: number, cameFrom: Int32Array): readonly number[] {
  const way = [end]
  for (let node = end; node !== start; ) {
    node = cameFrom[node] ?? start
    way.push(node)
  }
  return way.reverse()
}

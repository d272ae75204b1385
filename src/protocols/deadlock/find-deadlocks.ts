/**
 * Deadlocks in a wait-for graph: what cannot be reduced, as knots with a cycle named in each.
 *
 * `certain` ones hold for ever unless somebody intervenes. `suspected` ones hold if the parties that await have no other
 * work, if waits with a deadline are not waited out, and if semaphores come back from those who hold them. The result
 * follows from the graph alone, in the order of its lists.
 *
 * The graph may have been read while parties went on; one look can then see a cycle that never was. `stillStanding` says
 * which deadlocks two looks have in common: those are real, for the waits in them have not ended in between.
 *
 * Functions and no machine with a `step`: nothing is kept from one question to the next.
 */
import { membersOf } from './groups.ts'
import { type IndexedGraph, indexed } from './indexed-graph.ts'
import { cyclesOf, knotsOf, type StuckGraph, stuckGraph } from './knots.ts'
import { type Certainty, type Reduction, reduce } from './reduce.ts'
import type { Party, Resource, Wait, WaitGraph } from './wait-graph.ts'

/**
 * One party of a cycle. The party of the next link (after the last: the first) `holds` what this one waits for, is
 * `ahead` of it in a fair queue, or is one of those who could give it, all of whom wait (`may-give`).
 */
export interface Link {
  readonly party: Party
  readonly wait: Wait
  readonly resource: Resource
  readonly next: 'holds' | 'ahead' | 'may-give'
}

export interface Deadlock {
  readonly certainty: Certainty
  readonly cycle: readonly Link[]
  /** All that wait for each other here: those of the cycle, and of further cycles that are tied up with it. */
  readonly parties: readonly Party[]
}

export interface Findings {
  readonly deadlocks: readonly Deadlock[]
  /** In no cycle, but stopped for ever all the same: behind a certain deadlock, or waiting for what nobody can give. */
  readonly stopped: readonly Wait[]
}

export function findDeadlocks(graph: WaitGraph): Findings {
  const index = indexed(graph)
  const isInCertain = new Uint8Array(index.parties.length)
  const reduction = reduce(index, 'certain')
  const deadlocks = deadlocksIn(index, reduction, 'certain', isInCertain)
  const stopped = index.waits.filter(
    (_, wait) => reduction.isUnmet[wait] === 1 && isInCertain[index.partyOf[wait] ?? -1] !== 1,
  )
  if (!leavesDoubt(index)) return { deadlocks, stopped }
  const suspected = deadlocksIn(index, reduce(index, 'suspected'), 'suspected', isInCertain)
  return { deadlocks: [...deadlocks, ...suspected], stopped }
}

/** Without such waits both questions have one answer. */
function leavesDoubt({ waits, resources }: IndexedGraph): boolean {
  return (
    waits.some(({ isAsync, hasDeadline }) => isAsync || hasDeadline) ||
    resources.some(({ providers }) => providers === 'usually-holders')
  )
}

/** Knots with a party that is in a certain deadlock are left out of the suspected ones; the certain ones are noted. */
function deadlocksIn(
  index: IndexedGraph,
  reduction: Reduction,
  certainty: Certainty,
  isInCertain: Uint8Array,
): readonly Deadlock[] {
  if (!reduction.isStuck.includes(1)) return []
  const graph = stuckGraph(index, reduction)
  const knots = knotsOf(graph).filter((knot) => !knot.some((node) => isInCertain[node] === 1))
  const cycles = cyclesOf(graph, knots)
  return knots.map((knot, at) => {
    const parties: Party[] = []
    for (const node of knot) {
      const party = index.parties[node]
      if (party === undefined) break
      parties.push(party)
      if (certainty === 'certain') isInCertain[node] = 1
    }
    return { certainty, cycle: linksOf(index, reduction, graph, cycles[at] ?? []), parties }
  })
}

function linksOf(
  index: IndexedGraph,
  reduction: Reduction,
  graph: StuckGraph,
  cycle: readonly number[],
): readonly Link[] {
  const links: Link[] = []
  for (let at = 0; at < cycle.length; at++) {
    const node = cycle[at] ?? -1
    if (node >= index.parties.length) continue
    const link = linkOf(index, reduction, graph, node, cycle[(at + 1) % cycle.length] ?? -1)
    if (link !== undefined) links.push(link)
  }
  return links
}

/** By which of its waits a party leads to the next node of a cycle: a resource, `anyone`, or the party just ahead. */
function linkOf(
  index: IndexedGraph,
  { isUnmet }: Reduction,
  { aheadOf }: StuckGraph,
  party: number,
  node: number,
): Link | undefined {
  const { parties, resources, waitsOf, resourceOf, needsAnyone } = index
  const resource = node - parties.length
  const isAhead = resource < 0
  const isHeld = !isAhead && resource < resources.length
  for (const wait of membersOf(waitsOf, party)) {
    if (isUnmet[wait] !== 1) continue
    if (isAhead && aheadOf[wait] === node) return linkBy(index, wait, 'ahead')
    if (isHeld && resourceOf[wait] === resource) return linkBy(index, wait, 'holds')
    if (!isAhead && !isHeld && needsAnyone[wait] === 1) return linkBy(index, wait, 'may-give')
  }
  return undefined
}

function linkBy(index: IndexedGraph, at: number, next: Link['next']): Link | undefined {
  const party = index.parties[index.partyOf[at] ?? -1]
  const resource = index.resources[index.resourceOf[at] ?? -1]
  const wait = index.waits[at]
  if (party === undefined || resource === undefined || wait === undefined) return undefined
  return { party, wait, resource, next }
}

/** Those of `now` whose cycle consists of waits that were in a cycle of `before` already. */
export function stillStanding(before: Findings, now: Findings): readonly Deadlock[] {
  const earlier = new Set(before.deadlocks.flatMap(({ cycle }) => cycle.map(({ wait }) => wait.id)))
  return now.deadlocks.filter(({ cycle }) => cycle.every(({ wait }) => earlier.has(wait.id)))
}

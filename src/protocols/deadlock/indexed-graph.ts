/**
 * A wait-for graph with positions in the place of identifiers, so that the search is arithmetic over arrays.
 *
 * What refers to something that is not in the graph is settled here, in favour of going on: units of an unknown holder
 * count as free, and a wait of or for the unknown is left out, as are the waits of a party that has ended.
 */
import { type Groups, grouped, membersOf, sizeOf } from './groups.ts'
import type { Party, Resource, Wait, WaitGraph } from './wait-graph.ts'

/** Waits, parties, resources and holds are numbers below: positions in these arrays. */
export interface IndexedGraph {
  readonly parties: readonly Party[]
  readonly resources: readonly Resource[]
  readonly waits: readonly Wait[]
  /** By wait. */
  readonly partyOf: Int32Array
  readonly resourceOf: Int32Array
  /** By wait: only somebody who holds nothing of it could give it. */
  readonly needsAnyone: Uint8Array
  /** By resource: units that are free, or held by nobody who is known. */
  readonly available: Float64Array
  /** By resource: its waits, in the order in which they can be served. */
  readonly queues: Groups
  /** By party: its waits. */
  readonly waitsOf: Groups
  readonly holds: Holds
}

/** Who holds how much of what, a hold each. */
export interface Holds {
  readonly holderOf: readonly number[]
  readonly resourceOf: readonly number[]
  readonly counts: readonly number[]
  readonly byParty: Groups
  readonly byResource: Groups
}

export function indexed(graph: WaitGraph): IndexedGraph {
  const { parties, resources } = graph
  const partyAt = positionsOf(parties)
  const { waits, partyOf, resourceOf } = knownWaits(graph, partyAt)
  const available = new Float64Array(resources.length)
  for (let at = 0; at < resources.length; at++) available[at] = resources[at]?.available ?? 0
  const index: IndexedGraph = {
    parties,
    resources,
    waits,
    partyOf,
    resourceOf,
    needsAnyone: new Uint8Array(waits.length),
    available,
    queues: grouped(resourceOf, resources.length),
    waitsOf: grouped(partyOf, parties.length),
    holds: holdsOf(graph, partyAt, available),
  }
  for (let resource = 0; resource < resources.length; resource++) sortQueue(index, resource)
  markNeedsAnyone(index)
  return index
}

function knownWaits(
  { parties, resources, waits }: WaitGraph,
  partyAt: Positions,
): Pick<IndexedGraph, 'waits' | 'partyOf' | 'resourceOf'> {
  const resourceAt = positionsOf(resources)
  const known: Wait[] = []
  const partyOf = new Int32Array(waits.length)
  const resourceOf = new Int32Array(waits.length)
  for (const wait of waits) {
    const party = partyAt(wait.party) ?? -1
    const resource = resourceAt(wait.resource) ?? -1
    if (parties[party]?.isAlive !== true || resource < 0) continue
    partyOf[known.length] = party
    resourceOf[known.length] = resource
    known.push(wait)
  }
  return { waits: known, partyOf: partyOf.subarray(0, known.length), resourceOf: resourceOf.subarray(0, known.length) }
}

/** Where something with this identifier stands in a list; undefined: nowhere. */
type Positions = (id: number) => number | undefined

/** Identifiers up to here are looked up in an array, which is several times as fast as a map. */
const arrayLengthMax = 1_048_576

function positionsOf(list: readonly { readonly id: number }[]): Positions {
  let length = 0
  for (const { id } of list)
    length = Math.max(length, Number.isInteger(id) && id >= 0 ? id + 1 : Number.POSITIVE_INFINITY)
  if (length > arrayLengthMax) {
    const map = new Map(list.map(({ id }, at) => [id, at]))
    return (id) => map.get(id)
  }
  const positions = new Int32Array(length).fill(-1)
  for (let at = 0; at < list.length; at++) positions[list[at]?.id ?? -1] = at
  return (id) => {
    const at = positions[id]
    return at === -1 ? undefined : at
  }
}

/** Adds the units of holders that are not known to those that are available. */
function holdsOf({ parties, resources }: WaitGraph, partyAt: Positions, available: Float64Array): Holds {
  const holderOf: number[] = []
  const resourceOf: number[] = []
  const counts: number[] = []
  for (let resource = 0; resource < resources.length; resource++) {
    for (const { party, count } of resources[resource]?.holders ?? []) {
      const holder = partyAt(party)
      if (holder === undefined) available[resource] = (available[resource] ?? 0) + count
      else {
        holderOf.push(holder)
        resourceOf.push(resource)
        counts.push(count)
      }
    }
  }
  const byParty = grouped(holderOf, parties.length)
  return { holderOf, resourceOf, counts, byParty, byResource: grouped(resourceOf, resources.length) }
}

/** Fair: by age. Otherwise whoever wants least is the first that can be served, whatever comes back. */
function sortQueue({ resources, waits, queues }: IndexedGraph, resource: number): void {
  if (sizeOf(queues, resource) < 2) return
  const isFair = resources[resource]?.isFair === true
  const keyOf = (wait: number): number => (isFair ? waits[wait]?.since : waits[wait]?.count) ?? 0
  membersOf(queues, resource).sort((one, other) => keyOf(one) - keyOf(other) || one - other)
}

/** A semaphore of which there are fewer units than are wanted is one that others are to release. */
function markNeedsAnyone({ resources, waits, resourceOf, needsAnyone, available, holds }: IndexedGraph): void {
  const totals = available.slice()
  for (let hold = 0; hold < holds.counts.length; hold++) {
    const resource = holds.resourceOf[hold] ?? -1
    totals[resource] = (totals[resource] ?? 0) + (holds.counts[hold] ?? 0)
  }
  for (let wait = 0; wait < waits.length; wait++) {
    const resource = resourceOf[wait] ?? -1
    const providers = resources[resource]?.providers
    const isForOthers = providers === 'usually-holders' && (totals[resource] ?? 0) < (waits[wait]?.count ?? 0)
    needsAnyone[wait] = providers === 'anyone' || isForOthers ? 1 : 0
  }
}

/**
 * Graph reduction (Holt, 1972): which parties can still go on, if everything goes as well as it can?
 *
 * A party whose waits can all be served goes on, and at some time gives back what it holds, which may serve others. Once
 * nobody is left who can go on, those who remain are stuck for ever. Units only ever come back, so the order in which
 * parties are taken does not matter, and each party and each wait is looked at once: the cost is linear, but for the
 * sorting of queues.
 *
 * A party that awaits several things has a task for each: what one of them gets it gives back by itself, while what the
 * party holds comes back once nothing stops it any more. A fair queue is strict: those behind its head are not served
 * before it, though what they want may be there.
 *
 * Two questions are asked of one graph. `certain`: waits that may end otherwise (awaited ones, those with a deadline) stop
 * nobody, and a semaphore may be released by any party that goes on. `suspected`: they do stop their party, and a
 * semaphore comes back from those who hold it. Only who awaits what its own party holds is not stopped even then: in
 * all likelihood another task of that party holds it.
 */
import { membersOf, sizeOf } from './groups.ts'
import type { IndexedGraph } from './indexed-graph.ts'
import type { Wait } from './wait-graph.ts'

export type Certainty = 'certain' | 'suspected'

export interface Reduction {
  /** By party: it cannot go on. */
  readonly isStuck: Uint8Array
  /** By wait: it stops its party, and cannot be served. */
  readonly isUnmet: Uint8Array
  /** By resource: units that are free in the end. */
  readonly available: Float64Array
}

interface Progress extends Reduction {
  readonly index: IndexedGraph
  readonly certainty: Certainty
  /** By party: waits that still stop it. */
  readonly unmetOf: Int32Array
  /** By resource: how far its queue was served, as a position in all queues. */
  readonly servedUpTo: Int32Array
  /** Parties that can go on, whose units have not come back yet. */
  readonly goingOn: number[]
  isAnyoneLeft: boolean
}

export function reduce(index: IndexedGraph, certainty: Certainty): Reduction {
  const progress: Progress = {
    index,
    certainty,
    isStuck: new Uint8Array(index.parties.length).fill(1),
    isUnmet: new Uint8Array(index.waits.length),
    available: index.available.slice(),
    unmetOf: new Int32Array(index.parties.length),
    servedUpTo: index.queues.starts.slice(),
    goingOn: [],
    isAnyoneLeft: false,
  }
  countWaits(progress)
  for (let party = 0; party < index.parties.length; party++) {
    if (progress.unmetOf[party] === 0) progress.goingOn.push(party)
  }
  for (let resource = 0; resource < index.resources.length; resource++) serve(progress, resource)
  for (let party = progress.goingOn.pop(); party !== undefined; party = progress.goingOn.pop()) goOn(progress, party)
  return progress
}

function countWaits({ index, certainty, isUnmet, unmetOf }: Progress): void {
  for (let wait = 0; wait < index.waits.length; wait++) {
    if (certainty === 'certain' ? mayEndOtherwise(index.waits[wait]) : isForOwnTask(index, wait)) continue
    isUnmet[wait] = 1
    add(unmetOf, index.partyOf[wait] ?? -1, 1)
  }
}

function mayEndOtherwise(wait: Wait | undefined): boolean {
  return wait === undefined || wait.isAsync || wait.hasDeadline
}

function isForOwnTask({ waits, partyOf, resourceOf, holds }: IndexedGraph, wait: number): boolean {
  if (waits[wait]?.isAsync !== true) return false
  const party = partyOf[wait] ?? -1
  const resource = resourceOf[wait] ?? -1
  return sizeOf(holds.byParty, party) < sizeOf(holds.byResource, resource)
    ? membersOf(holds.byParty, party).some((hold) => holds.resourceOf[hold] === resource)
    : membersOf(holds.byResource, resource).some((hold) => holds.holderOf[hold] === party)
}

function goOn(progress: Progress, party: number): void {
  const { index, available, isStuck } = progress
  isStuck[party] = 0
  if (!progress.isAnyoneLeft && index.parties[party]?.isAlive === true) serveByAnyone(progress)
  for (const hold of membersOf(index.holds.byParty, party)) {
    const resource = index.holds.resourceOf[hold] ?? -1
    add(available, resource, index.holds.counts[hold] ?? 0)
    serve(progress, resource)
  }
}

/** A living party can go on: it may set every event, and notify every condition. */
function serveByAnyone(progress: Progress): void {
  const { index, isUnmet } = progress
  progress.isAnyoneLeft = true
  for (let wait = 0; wait < index.waits.length; wait++) {
    if (isUnmet[wait] === 1 && mayBeAnyone(progress, wait)) meet(progress, wait)
  }
  for (let resource = 0; resource < index.resources.length; resource++) serve(progress, resource)
}

function mayBeAnyone({ index, certainty }: Progress, wait: number): boolean {
  if (index.needsAnyone[wait] === 1) return true
  return certainty === 'certain' && index.resources[index.resourceOf[wait] ?? -1]?.providers !== 'holders'
}

/** Serves a queue as far as its free units go. */
function serve(progress: Progress, resource: number): void {
  const { index, available, isUnmet, servedUpTo } = progress
  const { starts, members } = index.queues
  const end = starts[resource + 1] ?? 0
  let next = servedUpTo[resource] ?? 0
  for (; next < end; next++) {
    const wait = members[next] ?? -1
    if (isUnmet[wait] !== 1) continue
    if ((index.waits[wait]?.count ?? 0) > (available[resource] ?? 0)) break
    meet(progress, wait)
  }
  servedUpTo[resource] = next
}

function meet({ index, isUnmet, unmetOf, goingOn }: Progress, wait: number): void {
  const party = index.partyOf[wait] ?? -1
  isUnmet[wait] = 0
  add(unmetOf, party, -1)
  if (unmetOf[party] === 0) goingOn.push(party)
}

function add(amounts: Int32Array | Float64Array, position: number, amount: number): void {
  amounts[position] = (amounts[position] ?? 0) + amount
}

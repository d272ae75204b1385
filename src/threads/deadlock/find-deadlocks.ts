/**
 * `findDeadlocks`: the deadlocks of this process at this moment, looked for in the thread that asks.
 *
 * The tables are read while all go on, so it looks twice, a moment apart, and tells what both looks saw.
 */
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Deadlock,
  findDeadlocks as findIn,
  type Findings,
  stillStanding,
} from '../../protocols/deadlock/find-deadlocks.ts'
import type { Wait } from '../../protocols/deadlock/wait-graph.ts'
import { type FoundDeadlock, toldDeadlock } from './found-deadlock.ts'
import { type ArenaGraph, graphOfArena } from './graph-of-arena.ts'

/** Between two looks; a wait that has lasted so long has its stack written down. */
export const confirmAfterMs = 20

/**
 * Deadlocks among what lives in this process, also those that threads of other processes have a part in. None: an empty list.
 * Takes about 20 ms where there is something to confirm, and no time otherwise. It changes nothing.
 */
export async function findDeadlocks(): Promise<readonly FoundDeadlock[]> {
  const { deadlocks } = await lookTwice()
  return deadlocks.map(toldDeadlock)
}

export interface Confirmed {
  /** Where nothing was found there was no second look, and there is no graph with stacks. */
  readonly graph: ArenaGraph | undefined
  readonly deadlocks: readonly Deadlock[]
  /** Stopped for ever without being in a cycle. */
  readonly stopped: readonly Wait[]
}

export async function lookTwice(): Promise<Confirmed> {
  const before = findIn(graphOfArena({ withStacks: false }))
  if (!isAnything(before)) return { graph: undefined, deadlocks: [], stopped: [] }
  await delay(confirmAfterMs)
  const graph = graphOfArena()
  const now = findIn(graph)
  const stoppedBefore = new Set(before.stopped.map(({ id }) => id))
  return {
    graph,
    deadlocks: stillStanding(before, now),
    stopped: now.stopped.filter(({ id }) => stoppedBefore.has(id)),
  }
}

function isAnything({ deadlocks, stopped }: Findings): boolean {
  return deadlocks.length + stopped.length > 0
}

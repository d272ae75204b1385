/**
 * Looks for deadlocks of this process now and then, tells each once, and fails the wait of a victim where that is asked for.
 *
 * It has no timer: whoever owns it calls `look`, in a thread that waits for no lock itself. A deadlock counts once two looks
 * have seen the same waits in it, so it is told with the second look after it came about.
 */
import { chooseVictim, type VictimRule } from '../../protocols/deadlock/choose-victim.ts'
import { describeCycle } from '../../protocols/deadlock/describe.ts'
import { type Deadlock, type Findings, findDeadlocks, stillStanding } from '../../protocols/deadlock/find-deadlocks.ts'
import type { Party } from '../../protocols/deadlock/wait-graph.ts'
import { raiseIn, raising, writeCycle } from '../waiting/waits.ts'
import { type ArenaGraph, graphOfArena } from './graph-of-arena.ts'

const nothingFound: Findings = { deadlocks: [], stopped: [] }

export class DeadlockLookout {
  #before: Findings = nothingFound
  #graph: ArenaGraph | undefined
  /** Of the deadlocks that were told and still stand: one wait of each, which is in no other one. */
  #told: ReadonlySet<number> = new Set()

  /** The last look saw a deadlock that was not told yet: another one soon will say whether it stands. */
  get isSuspicious(): boolean {
    return this.#before.deadlocks.some((deadlock) => !this.#told.has(keyOf(deadlock)))
  }

  /** Deadlocks that have stood since the look before, and were not told yet. Cheap where there are none. */
  look(): readonly Deadlock[] {
    const isAny = findDeadlocks(graphOfArena({ withStacks: false })).deadlocks.length > 0
    this.#graph = isAny ? graphOfArena() : undefined
    const now = this.#graph === undefined ? nothingFound : findDeadlocks(this.#graph)
    const standing = stillStanding(this.#before, now)
    const fresh = standing.filter((deadlock) => !this.#told.has(keyOf(deadlock)))
    this.#before = now
    this.#told = new Set(standing.map(keyOf))
    return fresh
  }

  /**
   * Fails the wait of one party of a deadlock that the last `look` told, with `deadlock`. Undefined where that wait is over
   * by now. Suspected deadlocks too can be ended so, but may have ended by themselves.
   */
  failVictim({ cycle }: Deadlock, rule: VictimRule): Party | undefined {
    const victim = chooseVictim(cycle, rule, this.#graph?.resources ?? [])
    const found = victim === undefined ? undefined : this.#graph?.found.get(victim.wait.id)
    if (found === undefined) return undefined
    writeCycle(found, describeCycle(cycle))
    return raiseIn(found, raising.deadlock) ? victim?.party : undefined
  }
}

/** Each wait is in one deadlock at most, so the least number of its waits tells it from all others. */
function keyOf({ cycle }: Deadlock): number {
  return cycle.reduce((least, { wait }) => Math.min(least, wait.id), Number.POSITIVE_INFINITY)
}

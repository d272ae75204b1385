/**
 * A graph of so many waits: threads that each hold a lock and wait for the next one's, in rings.
 *
 * Closed, each ring is a deadlock to be found and named. Open, the last thread of each waits for nothing: nothing is deadlocked,
 * and to know that, the reduction has to go all the way.
 */
import type { WaitGraph } from '../../src/threads.ts'

export function ringsOf(threads: number, ringLength: number, isOpen: boolean): WaitGraph {
  const ids = Array.from({ length: threads }, (_, id) => id)
  const isLast = (id: number): boolean => id % ringLength === ringLength - 1 || id === threads - 1
  const lockWantedBy = (id: number): number => (isLast(id) ? id - (id % ringLength) : id + 1)
  return {
    parties: ids.map((id) => ({ id, name: `thread ${id}`, kind: 'thread', isAlive: true })),
    resources: ids.map((id) => ({
      ...{ id, name: `lock ${id}`, kind: 'lock', available: 0, providers: 'holders', isFair: false },
      holders: [{ party: id, count: 1 }],
    })),
    waits: ids
      .filter((id) => !isOpen || !isLast(id))
      .map((id) => ({
        ...{ id, party: id, resource: lockWantedBy(id), count: 1, since: id, isAsync: false, hasDeadline: false },
      })),
  }
}

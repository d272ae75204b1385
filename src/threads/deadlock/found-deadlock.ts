/**
 * A deadlock as it is told to programs: plain data that goes to other threads and other processes.
 *
 * `text` has all of it in words. The cycle is there link by link, for programs that want to decide for themselves.
 */
import { describeDeadlock, summaryOf } from '../../protocols/deadlock/describe.ts'
import type { Deadlock } from '../../protocols/deadlock/find-deadlocks.ts'

/** One of a cycle. It waits for what the next one (after the last: the first) is to give. */
export interface DeadlockLink {
  readonly party: { readonly name: string; readonly kind: 'main' | 'thread' | 'process' }
  /** What the one before it waits for, where this one holds that; otherwise empty, as where the end of a thread is waited for. */
  readonly holds: string
  readonly waitsFor: string
  /** Its thread may do other things meanwhile. */
  readonly isAwaited: boolean
  readonly hasDeadline: boolean
  /** Where it waits; empty where that is not known. */
  readonly stack: string
}

export interface FoundDeadlock {
  /** `certain`: it lasts until somebody intervenes. `suspected`: the text says what would end it. */
  readonly certainty: 'certain' | 'suspected'
  readonly text: string
  /** The text without the stacks. */
  readonly summary: string
  readonly cycle: readonly DeadlockLink[]
}

export function toldDeadlock(deadlock: Deadlock): FoundDeadlock {
  const { certainty, cycle } = deadlock
  return {
    certainty,
    text: describeDeadlock(deadlock),
    summary: summaryOf(deadlock),
    cycle: cycle.map(({ party, wait, resource }, at) => {
      const before = cycle.at(at - 1)
      const isHolder = before?.next === 'holds' && before.resource.kind !== 'join' && before.resource.kind !== 'barrier'
      return {
        party: { name: party.name, kind: party.kind },
        holds: isHolder ? before.resource.name : '',
        waitsFor: resource.name,
        isAwaited: wait.isAsync,
        hasDeadline: wait.hasDeadline,
        stack: wait.stack ?? '',
      }
    }),
  }
}

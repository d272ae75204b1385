/**
 * What every checker answers: the claim holds, it is broken, or it could not be decided within its bound on work.
 *
 * A broken claim is a `Violation`, so a scenario reports it as it is. `holds` is undefined where nothing was decided,
 * so that code which asks only "does it hold?" never takes an unfinished search for a proof. Types, and their makers.
 */
import type { Violation } from '../scenario.ts'
import type { Operation } from './operation.ts'

export interface Held {
  readonly holds: true
}

export interface Violated extends Violation {
  readonly holds: false
  /** Of histories: the smallest part found that is broken by itself, in the order of invocation. */
  readonly part?: readonly Operation[]
  /** Of them: the one that could be placed nowhere. */
  readonly culprit?: Operation
}

export interface Undecided {
  readonly holds: undefined
  readonly claim: string
  /** Why, for people. */
  readonly text: string
}

export type Verdict = Held | Violated | Undecided
/** Of checkers that always decide. */
export type CertainVerdict = Held | Violated

export const held: Held = { holds: true }

export function violated(claim: string, lines: readonly string[] | string): Violated {
  return { holds: false, claim, text: typeof lines === 'string' ? lines : lines.join('\n') }
}

export function undecided(claim: string, text: string): Undecided {
  return { holds: undefined, claim, text }
}

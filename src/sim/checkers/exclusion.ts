/**
 * Mutual exclusion with fencing: two may believe that they hold a lock, since leases end under live holders, but never
 * with effect: tokens strictly grow in the order of acquisition, and a store refuses a token older than one it has seen.
 *
 * Without any store (`isFenced` false) no two tenures may overlap at all. Times are of one observer, as in simulation.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'exclusion'

export interface Tenure {
  readonly holder: string
  readonly token: number
  readonly fromMs: number
  /** When it stopped believing that it holds the lock; undefined: it still does. */
  readonly untilMs?: number
}

export interface StoreWrite {
  readonly token: number
  readonly atMs: number
  readonly isAccepted: boolean
}

export interface ExclusionRecords {
  readonly tenures: readonly Tenure[]
  /** In the order in which the store met them; left out: the lock is used without fencing. */
  readonly writes?: readonly StoreWrite[]
}

export function checkExclusion({ tenures, writes }: ExclusionRecords): CertainVerdict {
  const sorted = [...tenures].sort((left, right) => left.fromMs - right.fromMs || left.token - right.token)
  for (const [index, tenure] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before !== undefined && tenure.token <= before.token) {
      return violated(
        claim,
        `${tenure.holder} got token ${tenure.token} at ${tenure.fromMs} ms, after ${before.holder} had got ${before.token}.`,
      )
    }
  }
  return writes === undefined ? checkOverlap(sorted) : checkWrites(sorted, writes)
}

function checkOverlap(sorted: readonly Tenure[]): CertainVerdict {
  let last: Tenure | undefined
  for (const tenure of sorted) {
    if (last !== undefined && tenure.fromMs < (last.untilMs ?? Infinity)) {
      return violated(
        claim,
        `${tenure.holder} holds the lock from ${tenure.fromMs} ms, while ${last.holder} holds it ${last.untilMs === undefined ? 'still' : `until ${last.untilMs} ms`}.`,
      )
    }
    if (last === undefined || (tenure.untilMs ?? Infinity) > (last.untilMs ?? Infinity)) last = tenure
  }
  return held
}

function checkWrites(tenures: readonly Tenure[], writes: readonly StoreWrite[]): CertainVerdict {
  const granted = new Set(tenures.map((each) => each.token))
  let newest = Number.NEGATIVE_INFINITY
  for (const { token, atMs, isAccepted } of writes) {
    if (!isAccepted) continue
    if (!granted.has(token))
      return violated(claim, `The store accepted token ${token} at ${atMs} ms, which nobody was given.`)
    if (token < newest)
      return violated(claim, `The store accepted the stale token ${token} at ${atMs} ms, after ${newest}.`)
    newest = token
  }
  return held
}

/**
 * One live owner: at no moment do two members that are alive own the same object.
 *
 * A member owns from when it took the object until it gave it up or died, whichever is first; what the dead believe
 * harms nobody. Times are of one observer, as in simulation.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'one-live-owner'

export interface Ownership {
  readonly object: string
  readonly owner: string
  readonly fromMs: number
  /** Given up, or its owner's death; undefined: it owns still. */
  readonly untilMs?: number
}

export function checkOwnership(records: readonly Ownership[]): CertainVerdict {
  const latest = new Map<string, Ownership>()
  for (const record of [...records].sort((left, right) => left.fromMs - right.fromMs)) {
    const other = latest.get(record.object)
    if (other !== undefined && other.owner !== record.owner && record.fromMs < (other.untilMs ?? Infinity)) {
      return violated(
        claim,
        `${record.owner} owns ${record.object} from ${record.fromMs} ms, while ${other.owner} owns it ${other.untilMs === undefined ? 'still' : `until ${other.untilMs} ms`}.`,
      )
    }
    if (other === undefined || (record.untilMs ?? Infinity) >= (other.untilMs ?? Infinity))
      latest.set(record.object, record)
  }
  return held
}

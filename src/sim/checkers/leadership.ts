/**
 * At most one leader per epoch, and no member that leads in an epoch older than one it led in before.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'one-leader-per-epoch'

export interface Leadership {
  readonly leader: string
  readonly epoch: number
  readonly atMs: number
}

/** In the order of time; a member may appear again in its own epoch. */
export function checkLeadership(records: readonly Leadership[]): CertainVerdict {
  const leaders = new Map<number, Leadership>()
  const newest = new Map<string, number>()
  for (const record of records) {
    const other = leaders.get(record.epoch)
    if (other !== undefined && other.leader !== record.leader) {
      return violated(
        claim,
        `In epoch ${record.epoch} ${other.leader} led from ${other.atMs} ms, and ${record.leader} from ${record.atMs} ms.`,
      )
    }
    const before = newest.get(record.leader)
    if (before !== undefined && record.epoch < before)
      return violated(
        claim,
        `${record.leader} led in epoch ${record.epoch} at ${record.atMs} ms, after it had led in ${before}.`,
      )
    if (other === undefined) leaders.set(record.epoch, record)
    newest.set(record.leader, record.epoch)
  }
  return held
}

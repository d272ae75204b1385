/**
 * No acknowledged write lost: what was acknowledged is there at the end, or something that was written to the same
 * place and may have come after it: a write that was acknowledged no earlier than it, or whose outcome is unknown.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'durability'

export interface WriteRecord {
  readonly key: string
  readonly value: string
  readonly startedMs: number
  /** Undefined: never, so it may be there or not. */
  readonly acknowledgedMs?: number
}

/** `found`: what is there at the end, after all crashes; a key that is not in it has nothing. */
export function checkDurability(writes: readonly WriteRecord[], found: ReadonlyMap<string, string>): CertainVerdict {
  const byKey = new Map<string, WriteRecord[]>()
  for (const write of writes) byKey.set(write.key, [...(byKey.get(write.key) ?? []), write])
  for (const [key, value] of found) {
    if (!(byKey.get(key) ?? []).some((each) => each.value === value))
      return violated(claim, `${key} holds ${value}, which nobody wrote.`)
  }
  for (const [key, list] of byKey) {
    const present = found.get(key)
    const lost = list.find((each) => each.acknowledgedMs !== undefined && !survives(each, list, present))
    if (lost !== undefined)
      return violated(
        claim,
        `${key} = ${lost.value} was acknowledged at ${lost.acknowledgedMs} ms and is lost: there is ${present ?? 'nothing'}.`,
      )
  }
  return held
}

function survives(write: WriteRecord, all: readonly WriteRecord[], present: string | undefined): boolean {
  // What was acknowledged before this one began cannot have replaced it.
  return all.some(
    (each) => each.value === present && (each === write || (each.acknowledgedMs ?? Infinity) > write.startedMs),
  )
}

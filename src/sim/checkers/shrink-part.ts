/**
 * Makes the broken part of a history small: leaves out what can be left out while it stays broken.
 *
 * Only groups that the model calls droppable are left out, in halves, then quarters, down to single groups (after
 * Zeller & Hildebrandt's delta debugging, 2002). So the small part is broken because the whole is, and never only
 * because something that it depends on was taken away.
 */
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'

/** Checks of one shrinking; past them the part is left as it is. */
const checksMax = 2_000

export function shrinkPart(
  operations: readonly Operation[],
  model: Model,
  isBroken: (part: readonly Operation[]) => boolean,
): readonly Operation[] {
  let part = operations
  let checks = 0
  const shrinkOnce = (): boolean => {
    const before = part.length
    let groups = model.droppable(part)
    for (let size = groups.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < groups.length && checks < checksMax; ) {
        const dropped = new Set(groups.slice(at, at + size).flat())
        const smaller = part.filter((each) => !dropped.has(each))
        checks++
        if (smaller.length > 0 && isBroken(smaller)) {
          part = smaller
          groups = [...groups.slice(0, at), ...groups.slice(at + size)]
        } else at += size
      }
    }
    return part.length < before && checks < checksMax
  }
  while (shrinkOnce());
  return part
}

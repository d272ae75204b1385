/**
 * Many small lists of numbers in two arrays: what belongs to group 3 lies between `starts[3]` and `starts[4]`.
 *
 * Ten thousand little arrays would be garbage of each look at the waits; these two are not. Members of a group are
 * in the order in which they were given.
 */
export interface Groups {
  readonly starts: Int32Array
  readonly members: Int32Array
}

/** Member `i` is put into group `groupOf[i]`, or into none if that is negative. */
export function grouped(groupOf: ArrayLike<number>, groupCount: number, members?: ArrayLike<number>): Groups {
  const starts = new Int32Array(groupCount + 1)
  for (let at = 0; at < groupOf.length; at++) {
    const group = groupOf[at] ?? -1
    if (group >= 0) starts[group + 1] = (starts[group + 1] ?? 0) + 1
  }
  for (let group = 0; group < groupCount; group++) starts[group + 1] = (starts[group + 1] ?? 0) + (starts[group] ?? 0)
  const sorted = new Int32Array(starts[groupCount] ?? 0)
  const next = starts.slice()
  for (let at = 0; at < groupOf.length; at++) {
    const group = groupOf[at] ?? -1
    if (group < 0) continue
    const place = next[group] ?? 0
    sorted[place] = members === undefined ? at : (members[at] ?? 0)
    next[group] = place + 1
  }
  return { starts, members: sorted }
}

export function sizeOf({ starts }: Groups, group: number): number {
  return (starts[group + 1] ?? 0) - (starts[group] ?? 0)
}

/** The members of one group, as a view: cheap, but not for the innermost loops. */
export function membersOf({ starts, members }: Groups, group: number): Int32Array {
  return members.subarray(starts[group] ?? 0, starts[group + 1] ?? 0)
}

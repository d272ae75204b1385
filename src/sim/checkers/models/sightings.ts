/**
 * What is seen of an object's states, by which operations and when: so that a write of unknown outcome is tried only
 * where somebody can have seen it.
 *
 * A state that an unknown operation leaves matters only if it is seen, as it is or with more appended, before something
 * else is put in its place; and it need not be there before the next return unless an operation that is under way sees
 * it or appends to it. Everything else may come later, or never. The texts that were seen are kept sorted, so that it
 * takes a binary search to know whether any of them begins with a state.
 */
import type { Operation } from '../operation.ts'
import type { Foresight } from './model.ts'

export interface Sight {
  /** The state that the operation sees, if it takes effect; undefined: it sees none. */
  readonly seen: (operation: Operation) => string | undefined
  /** The text to which more is appended. */
  readonly textOf: (state: string) => string
}

export function sightings(operations: readonly Operation[], { seen, textOf }: Sight): Foresight {
  const hasAppend = operations.some((each) => each.f === 'append')
  const form = hasAppend ? textOf : (state: string): string => state
  const matches = (state: string, sought: string): boolean =>
    hasAppend ? form(sought).startsWith(state) : sought === state
  const seers = operations.filter((each) => each.type === 'info' && seen(each) !== undefined)
  const texts = [...latestSightings(operations, seen, form)].sort(([left], [right]) => (left < right ? -1 : 1))
  const isSeenFrom = (state: string, at: number): boolean => {
    for (let place = firstFrom(texts, state); place < texts.length; place++) {
      const [text, until] = texts[place] ?? ['', 0]
      if (hasAppend ? !text.startsWith(state) : text !== state) return false
      if (until >= at) return true
    }
    return false
  }
  return (following, returning, underWay) => {
    const state = form(following)
    const at = returning.returnedAt ?? Infinity
    if (!isSeenFrom(state, at)) return false
    const isNeeded = (each: Operation): boolean => {
      const sought = seen(each)
      return each.f === 'append' || (sought !== undefined && matches(state, sought))
    }
    return underWay.some(isNeeded) || seers.some((each) => each.invokedAt < at && isNeeded(each))
  }
}

/** Of each text that was seen, the last moment at which that can have been. */
function latestSightings(
  operations: readonly Operation[],
  seen: Sight['seen'],
  form: (state: string) => string,
): ReadonlyMap<string, number> {
  const latest = new Map<string, number>()
  for (const each of operations) {
    const state = seen(each)
    if (state === undefined) continue
    const text = form(state)
    latest.set(text, Math.max(latest.get(text) ?? 0, each.returnedAt ?? Infinity))
  }
  return latest
}

function firstFrom(texts: readonly (readonly [string, number])[], text: string): number {
  let low = 0
  let high = texts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((texts[middle]?.[0] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

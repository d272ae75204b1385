/**
 * What must become of the elements of a fifo: so that one that is put where nobody can take it is not tried.
 *
 * The elements that are there will be taken in their order, so the next of them by the next of the completed dequeues,
 * the one after it by the one after that. The n-th to happen comes after n of them have been invoked and before n have
 * returned, so few can be the n-th, and an element that none of those gave fits there only if a dequeue of unknown
 * outcome takes it away before. The outlook matches all elements so, and counts those dequeues. What it refuses
 * has no completion; what it lets pass may have none either.
 */
import { textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { countBelow } from './count-below.ts'
import type { Outlook } from './model.ts'
import { foundNothing, gaveElement, returnOf } from './queue-operations.ts'

/** Numbers of removals that are followed at once; past them the outlook lets a state pass, since looking costs time. */
const countsMax = 12

interface Takings {
  /** Sorted, of completed dequeues that gave an element. */
  readonly invoked: readonly number[]
  readonly returned: readonly number[]
  /** Which elements the n-th of them can have given. */
  readonly texts: readonly ReadonlySet<string>[]
  /** Sorted: when dequeues of unknown outcome were invoked. */
  readonly removals: readonly number[]
}

/** Where the queue stands. */
interface Standing {
  readonly elements: readonly string[]
  /** Completed dequeues that have taken an element. */
  readonly taken: number
  /** Dequeues of unknown outcome that were used up. */
  readonly removed: number
  /** The queue must have been empty by then. */
  readonly emptyBy: number
  /** The last element must be taken by a completed dequeue. */
  readonly wantsLast: boolean
}

export function fifoOutlook(known: readonly Operation[], unknown: readonly Operation[]): Outlook {
  const takings = takingsOf(known, unknown)
  const stuck = neverTaken(known)
  const emptyAgainBy = earliestEmpties(known)
  return (state, { candidate, returning, underWay, used }) => {
    // What nobody takes is best added as late as can be: then the least stands behind it.
    if (stuck.has(candidate) && candidate !== returning) return false
    const now = returning.returnedAt ?? Infinity
    const unplaced = underWay.filter((each) => each !== candidate)
    const standing: Standing = {
      elements: state.split('\n').slice(0, -1),
      taken: countBelow(takings.invoked, now) - unplaced.filter(gaveElement).length,
      removed: used.filter((each) => unknown[each]?.f === 'dequeue').length,
      emptyBy: unplaced
        .filter(foundNothing)
        .reduce((least, each) => Math.min(least, returnOf(each)), emptyAgainBy(now)),
      wantsLast: candidate.f === 'enqueue' && candidate.type === 'info',
    }
    return canBeTaken(takings, standing)
  }
}

function takingsOf(known: readonly Operation[], unknown: readonly Operation[]): Takings {
  const takers = known.filter(gaveElement)
  const invoked = takers.map((each) => each.invokedAt).sort((one, other) => one - other)
  const returned = takers.map(returnOf).sort((one, other) => one - other)
  const texts = takers.map(() => new Set<string>())
  for (const each of takers) {
    const text = textOf(each.result)
    // It can be the n-th if fewer than n have returned before it was invoked, and n are invoked before it returns.
    const last = countBelow(invoked, returnOf(each))
    for (let place = countBelow(returned, each.invokedAt); place < last; place++) texts[place]?.add(text)
  }
  const removals = unknown.filter((each) => each.f === 'dequeue')
  const removedAt = removals.map((each) => each.invokedAt).sort((one, other) => one - other)
  return { invoked, returned, texts, removals: removedAt }
}

/** Completed additions of what no completed dequeue can have given afterwards. */
function neverTaken(known: readonly Operation[]): ReadonlySet<Operation> {
  const lastTaken = new Map<string, number>()
  for (const each of known.filter(gaveElement)) {
    const text = textOf(each.result)
    lastTaken.set(text, Math.max(lastTaken.get(text) ?? 0, returnOf(each)))
  }
  const isStuck = (each: Operation): boolean => (lastTaken.get(textOf(each.value)) ?? -1) < each.invokedAt
  return new Set(known.filter((each) => each.f === 'enqueue' && isStuck(each)))
}

/** When the first to return of the dequeues that found nothing, and were invoked after a moment, returned. */
function earliestEmpties(known: readonly Operation[]): (after: number) => number {
  const empties = known.filter(foundNothing).sort((one, other) => one.invokedAt - other.invokedAt)
  const invoked = empties.map((each) => each.invokedAt)
  const earliest = empties.map(returnOf)
  for (let place = earliest.length - 2; place >= 0; place--)
    earliest[place] = Math.min(earliest[place] ?? Infinity, earliest[place + 1] ?? Infinity)
  return (after) => earliest[countBelow(invoked, after)] ?? Infinity
}

/** Tries all numbers of removals at once; most often only the first is left. */
function canBeTaken(takings: Takings, { elements, taken, removed, emptyBy, wantsLast }: Standing): boolean {
  // Past this place nobody takes an element before the queue must be empty.
  const end = emptyBy === Infinity ? takings.texts.length : countBelow(takings.invoked, emptyBy)
  let counts: number[] = [0]
  for (const [index, text] of elements.entries()) {
    const isWanted = wantsLast && index === elements.length - 1
    const next: number[] = []
    for (const count of counts) {
      const place = taken + index - count
      if (place >= takings.texts.length && emptyBy === Infinity && !wantsLast) return true
      if (next.at(-1) !== count && place < end && takings.texts[place]?.has(text) === true) next.push(count)
      const until = Math.min(emptyBy, takings.returned[place] ?? Infinity)
      if (!isWanted && removed + count < countBelow(takings.removals, until)) next.push(count + 1)
    }
    if (next.length === 0) return false
    if (next.length > countsMax) return true
    counts = next
  }
  return true
}

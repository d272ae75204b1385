/**
 * The order in which the elements of a fifo were probably added, so that the search tries that one first.
 *
 * It is guessed from when the elements were given, and from when the queue was found empty: where all elements differ
 * and nothing is unknown, the guess is right most often (what can be wrong then: Henzinger, Sezgin & Vafeiadis, 2013).
 * It decides speed and nothing else.
 */
import { textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { foundNothing, gaveElement, groupedBy, returnOf } from './queue-operations.ts'

interface Stay {
  readonly added: Operation
  readonly addedFrom: number
  readonly addedUntil: number
  readonly takenFrom: number
  readonly takenUntil: number
}

/**
 * An order of addition that contradicts neither what was added one after another nor what was taken one after
 * another, as far as there is one: whatever may be the first of those that are left, the earliest taken before others.
 */
export function orderOfAddition(known: readonly Operation[]): ReadonlyMap<Operation, number> {
  let left = stays(known).map((each) => aroundEmpty(each, known.filter(foundNothing)))
  left.sort((one, other) => one.takenUntil - other.takenUntil)
  const order = new Map<Operation, number>()
  while (left.length > 0) {
    const addedUntil = left.reduce((least, each) => Math.min(least, each.addedUntil), Infinity)
    const takenUntil = left[0]?.takenUntil ?? Infinity
    const first = left.find((each) => each.addedFrom <= addedUntil && each.takenFrom <= takenUntil) ?? left[0]
    if (first !== undefined) order.set(first.added, order.size)
    left = left.filter((each) => each !== first)
  }
  return order
}

/**
 * Of equal elements, the first that was given is the first that was added, as far as that can be. What nobody was given
 * has no place: the search adds it as late as it can.
 */
function stays(known: readonly Operation[]): readonly Stay[] {
  const takers = groupedBy(known.filter(gaveElement), (each) => textOf(each.result))
  for (const group of takers.values()) group.sort((one, other) => returnOf(one) - returnOf(other))
  const additions = known.filter((each) => each.f === 'enqueue')
  return additions.flatMap((added) => {
    const group = takers.get(textOf(added.value)) ?? []
    const [taker] = group.splice(
      Math.max(
        0,
        group.findIndex((each) => returnOf(each) > added.invokedAt),
      ),
      1,
    )
    if (taker === undefined) return []
    const taken = { takenFrom: taker.invokedAt, takenUntil: returnOf(taker) }
    return [{ added, addedFrom: added.invokedAt, addedUntil: returnOf(added), ...taken }]
  })
}

/** Whoever found the queue empty came before the addition of an element or after its removal. */
function aroundEmpty(stay: Stay, empties: readonly Operation[]): Stay {
  let { addedFrom, takenUntil } = stay
  for (const each of empties) {
    if (stay.addedUntil < each.invokedAt) takenUntil = Math.min(takenUntil, returnOf(each))
    if (stay.takenFrom > returnOf(each)) addedFrom = Math.max(addedFrom, each.invokedAt)
  }
  return { ...stay, addedFrom, takenUntil }
}

/**
 * A counter that begins at 0: `add` a whole number (negative ones too), `read` the sum.
 */
import type { Json } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { countBelow } from './count-below.ts'
import { type Foresight, type Model, type Outlook, impossible, nothing } from './model.ts'

export const counter: Model = {
  name: 'counter',
  needsKey: false,
  initial: '0',
  operations: new Map([
    ['add', { about: 'carries a whole number', input: wholeNumber }],
    ['read', { about: 'its completion carries the sum', input: nothing, output: wholeNumber }],
  ]),
  step(state, operation) {
    if (operation.f === 'add') return [String(Number(state) + Number(operation.value))]
    return operation.type === 'info' || Number(state) === operation.result ? [state] : impossible
  },
  keepsState: (operation) => operation.f === 'read',
  isIdle: (operation) => operation.f === 'read' || operation.value === 0,
  // Additions can change places, unless somebody reads between them; of equal ones the first to return is the first.
  helps(_state, candidate, returning, underWay) {
    if (candidate.f === 'read') return true
    if (returning.f !== 'read' && !underWay.some((each) => each.f === 'read')) return false
    const until = returnOf(candidate)
    return !underWay.some((each) => each.f === 'add' && each.value === candidate.value && returnOf(each) < until)
  },
  foresight: notTooMuch,
  outlook: unknownWithin,
  droppable: (operations) => operations.filter((each) => each.f === 'read' || each.value === 0).map((each) => [each]),
}

/** Where nothing is ever taken away, a sum that is over what was read came too early. */
function notTooMuch(operations: readonly Operation[]): Foresight {
  const onlyGrows = operations.every((each) => each.f === 'read' || Number(each.value) >= 0)
  if (!onlyGrows) return () => true
  return (state, returning, underWay) => {
    const sum = Number(state)
    if (returning.f === 'read') return sum <= Number(returning.result)
    return underWay.some((each) => each.f === 'read' && sum <= Number(each.result))
  }
}

/**
 * Where nothing is ever taken away: how much of a sum can come from additions of unknown outcome. A read leaves room
 * for what it gave, less the additions that had returned before it was invoked; no later one may leave less.
 */
function unknownWithin(known: readonly Operation[], unknown: readonly Operation[]): Outlook {
  if ([...known, ...unknown].some((each) => each.f === 'add' && Number(each.value) < 0)) return () => true
  const added = known.filter((each) => each.f === 'add')
  const returned = runningSums(added, returnOf)
  const invoked = runningSums(added, (each) => each.invokedAt)
  const reads = known.filter((each) => each.f === 'read').sort((one, other) => one.invokedAt - other.invokedAt)
  const roomOf = (read: Operation): number => Number(read.result) - returned(read.invokedAt)
  const asked = reads.map((each) => each.invokedAt)
  const rooms = reads.map(roomOf)
  for (let place = rooms.length - 2; place >= 0; place--)
    rooms[place] = Math.min(rooms[place] ?? Infinity, rooms[place + 1] ?? Infinity)
  return (state, { candidate, returning, underWay }) => {
    const now = returnOf(returning)
    const unplaced = underWay.filter((each) => each !== candidate)
    const waiting = unplaced.filter((each) => each.f === 'add').reduce((sum, each) => sum + Number(each.value), 0)
    const later = rooms[countBelow(asked, now)] ?? Infinity
    if (Number(state) - (invoked(now) - waiting) > later) return false
    return unplaced.every((each) => each.f !== 'read' || Number(state) <= Number(each.result))
  }
}

/** What was added by those of which a moment is before the one that is asked for. */
function runningSums(
  additions: readonly Operation[],
  momentOf: (operation: Operation) => number,
): (before: number) => number {
  const sorted = additions.toSorted((one, other) => momentOf(one) - momentOf(other))
  const moments = sorted.map(momentOf)
  const sums = [0]
  for (const { value } of sorted) sums.push((sums.at(-1) ?? 0) + Number(value))
  return (before) => sums[countBelow(moments, before)] ?? 0
}

function returnOf({ returnedAt }: Operation): number {
  return returnedAt ?? Infinity
}

function wholeNumber(value: Json): string | undefined {
  return Number.isSafeInteger(value) ? undefined : 'it carries a whole number'
}

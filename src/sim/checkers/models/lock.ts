/**
 * A lock: `acquire` by a process that then holds it, `release` by the one that holds it.
 *
 * The completion of `acquire` may carry a fencing token, a whole number that grows with every holder; `release` may
 * carry the token that it gives back. An attempt that did not get the lock is recorded as `fail`. Leases that end by
 * themselves are no part of this model: `exclusion.ts` looks at those.
 */
import { type Json, textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { type Model, impossible, nothing } from './model.ts'

const free = ''

export const lock: Model = {
  name: 'lock',
  needsKey: false,
  initial: `${Number.MIN_SAFE_INTEGER} ${free}`,
  operations: new Map([
    ['acquire', { about: 'its completion carries the fencing token, or nothing', input: nothing, output: token }],
    ['release', { about: 'carries the fencing token, or nothing', input: token }],
  ]),
  step(state, operation) {
    const space = state.indexOf(' ')
    const last = Number(state.slice(0, space))
    const holder = state.slice(space + 1)
    const process = textOf(operation.process)
    if (operation.f === 'acquire') {
      if (holder !== free) return impossible
      if (operation.type === 'info' || operation.result === null) return [`${last} ${process}`]
      return Number(operation.result) > last ? [`${String(operation.result)} ${process}`] : impossible
    }
    const isRight = holder === process && (operation.value === null || Number(operation.value) === last)
    if (isRight) return [`${last} ${free}`]
    return operation.type === 'info' ? [state] : impossible
  },
  keepsState: () => false,
  // Its process acts no more, so nobody could give back what it took.
  isIdle: (operation) => operation.f === 'acquire',
  droppable: tenures,
}

/** Each acquisition with the release that follows it in its process. */
function tenures(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const open = new Map<Operation['process'], Operation>()
  const groups: Operation[][] = []
  for (const each of operations) {
    const acquired = open.get(each.process)
    if (each.f === 'acquire') open.set(each.process, each)
    else if (acquired !== undefined) {
      groups.push([acquired, each])
      open.delete(each.process)
    }
  }
  return [...groups, ...[...open.values()].map((each) => [each])]
}

function token(value: Json): string | undefined {
  return value === null || Number.isSafeInteger(value)
    ? undefined
    : 'it carries a fencing token (a whole number) or nothing'
}

/**
 * A counter that begins at 0: `add` a whole number (negative ones too), `read` the sum.
 */
import type { Json } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { type Foresight, type Model, impossible, nothing } from './model.ts'

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
  // Additions can change places, unless somebody reads between them.
  helps: (_state, candidate, returning, underWay) =>
    candidate.f === 'read' || returning.f === 'read' || underWay.some((each) => each.f === 'read'),
  foresight: notTooMuch,
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

function wholeNumber(value: Json): string | undefined {
  return Number.isSafeInteger(value) ? undefined : 'it carries a whole number'
}

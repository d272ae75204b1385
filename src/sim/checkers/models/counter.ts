/**
 * A counter that begins at 0: `add` a whole number (negative ones too), `read` the sum.
 */
import type { Json } from '../json-value.ts'
import { type Model, impossible, nothing } from './model.ts'

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
  droppable: (operations) => operations.filter((each) => each.f === 'read' || each.value === 0).map((each) => [each]),
}

function wholeNumber(value: Json): string | undefined {
  return Number.isSafeInteger(value) ? undefined : 'it carries a whole number'
}

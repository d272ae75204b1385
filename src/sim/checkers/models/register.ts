/**
 * A register: one value, which begins as null. `read`, `write`, and `cas` with `[expected, new]`.
 */
import { type Json, isList, textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { type Model, anything, impossible, nothing } from './model.ts'
import { sightings } from './sightings.ts'

export const register: Model = {
  name: 'register',
  needsKey: false,
  initial: 'null',
  operations: new Map([
    ['read', { about: 'its completion carries the value', input: nothing, output: anything }],
    ['write', { about: 'carries the new value', input: anything }],
    ['cas', { about: 'carries [expected, new]; one that did not match is recorded as fail', input: pair }],
  ]),
  step(state, operation) {
    if (operation.f === 'write') return [textOf(operation.value)]
    if (operation.f === 'cas') {
      const [expected, next] = casOf(operation.value)
      if (state === textOf(expected)) return [textOf(next)]
      return operation.type === 'info' ? [state] : impossible
    }
    return operation.type === 'info' || state === textOf(operation.result) ? [state] : impossible
  },
  unexplained(operations) {
    const left = new Set(['null', ...operations.flatMap(written)])
    return operations.find((each) => each.type === 'ok' && observed(each).some((text) => !left.has(text)))
  },
  keepsState: (operation) => operation.f === 'read',
  isIdle: (operation) => operation.f === 'read',
  foresight: (operations) => sightings(operations, { seen: (each) => observed(each)[0], textOf: (state) => state }),
  droppable(operations) {
    const seen = new Set(operations.flatMap(observed))
    return operations
      .filter((each) => each.f === 'read' || (each.f === 'write' && !seen.has(textOf(each.value))))
      .map((each) => [each])
  },
}

/** For other models that have a compare-and-set. */
export function casOf(value: Json): readonly [Json, Json] {
  const [expected = null, next = null] = isList(value) ? value : []
  return [expected, next]
}

export function pair(value: Json): string | undefined {
  return isList(value) && value.length === 2 ? undefined : 'it takes [expected, new]'
}

function observed(operation: Operation): readonly string[] {
  if (operation.f === 'cas') return [textOf(casOf(operation.value)[0])]
  return operation.f === 'read' ? [textOf(operation.result)] : []
}

function written(operation: Operation): readonly string[] {
  if (operation.f === 'cas') return [textOf(casOf(operation.value)[1])]
  return operation.f === 'write' ? [textOf(operation.value)] : []
}

/**
 * Keys and values: `get`, `put`, `append`, `cas` with `[expected, new]`, `delete`. Each key is an object of its own.
 *
 * A key that is absent reads as null or as the empty string, since stores differ in that, and so does one that holds
 * either. `append` adds text to text; where the value is none, that happens to its JSON.
 */
import { type Json, textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { type Model, anything, impossible, nothing } from './model.ts'
import { casOf, pair } from './register.ts'
import { sightings } from './sightings.ts'

const absent = 'null'
const empty = '""'

export const kv: Model = {
  name: 'kv',
  needsKey: true,
  initial: absent,
  operations: new Map([
    ['get', { about: 'its completion carries the value', input: nothing, output: anything }],
    ['put', { about: 'carries the new value', input: anything }],
    ['append', { about: 'carries the text that is added', input: text }],
    ['cas', { about: 'carries [expected, new]; one that did not match is recorded as fail', input: pair }],
    ['delete', { about: 'makes the key absent', input: nothing }],
  ]),
  step(state, operation) {
    switch (operation.f) {
      case 'put':
        return [stateOf(operation.value)]
      case 'append':
        return [stateOf(plainText(state) + String(operation.value))]
      case 'delete':
        return [absent]
      case 'cas': {
        const [expected, next] = casOf(operation.value)
        if (state === stateOf(expected)) return [stateOf(next)]
        return operation.type === 'info' ? [state] : impossible
      }
      default:
        return operation.type === 'info' || state === stateOf(operation.result) ? [state] : impossible
    }
  },
  keepsState: (operation) => operation.f === 'get',
  isIdle: (operation) => operation.f === 'get',
  foresight: (operations) => sightings(operations, { seen: (each) => observed(each)[0], textOf: plainText }),
  droppable(operations) {
    const seen = operations.flatMap(observed)
    const hasAppend = operations.some((each) => each.f === 'append')
    const isUnseen = (each: Operation): boolean => {
      if (each.f === 'get') return true
      if (each.f === 'delete') return !hasAppend && !seen.includes(absent)
      const written = stateOf(each.value)
      if (each.f === 'put' && !hasAppend) return !seen.includes(written)
      const within = plainText(written)
      return (each.f === 'put' || each.f === 'append') && !seen.some((state) => plainText(state).includes(within))
    }
    return operations.filter(isUnseen).map((each) => [each])
  },
}

/** Absent and empty are one state, since they cannot be told apart. */
function stateOf(value: Json): string {
  const state = textOf(value)
  return state === empty ? absent : state
}

function plainText(state: string): string {
  if (state === absent) return ''
  return state.startsWith('"') ? (JSON.parse(state) as string) : state
}

function text(value: Json): string | undefined {
  return typeof value === 'string' ? undefined : 'it takes a text'
}

function observed(operation: Operation): readonly string[] {
  if (operation.f === 'cas') return [stateOf(casOf(operation.value)[0])]
  return operation.f === 'get' ? [stateOf(operation.result)] : []
}

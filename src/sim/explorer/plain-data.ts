/**
 * A deep copy of plain data: primitives, arrays, plain objects, Maps, Sets and Uint8Arrays.
 *
 * Several times faster than a structured clone, which has to be ready for everything. What is one object in two
 * places stays one object in two places, since machines ask whether two things are the same one. Bytes are shared,
 * not copied: no machine writes into a body. Anything else is refused, for it could not be compared or saved either.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

export function clonePlain<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  return cloneObject(value, new Map()) as Value
}

type Copies = Map<object, object>

function cloneObject(source: object, copies: Copies): object {
  const known = copies.get(source)
  if (known !== undefined) return known
  const prototype: unknown = Object.getPrototypeOf(source)
  if (prototype === Object.prototype || prototype === null) return cloneFields(source, copies)
  if (Array.isArray(source)) return cloneArray(source, copies)
  if (source instanceof Map) return cloneMap(source, copies)
  if (source instanceof Set) return cloneSet(source, copies)
  if (source instanceof Uint8Array) return source
  throw notPlain(source)
}

export function notPlain(value: unknown): CardumenError {
  const what = typeof value === 'object' && value !== null ? value.constructor.name : typeof value
  return new CardumenError('cannot-travel', `The state or a message of a machine holds a ${what}.`, {
    hint: 'Keep to primitives, arrays, plain objects, Map, Set and Uint8Array.',
  })
}

function cloned(value: unknown, copies: Copies): unknown {
  return typeof value === 'object' && value !== null ? cloneObject(value, copies) : value
}

function cloneFields(source: object, copies: Copies): object {
  const copy: Record<string, unknown> = { ...source }
  copies.set(source, copy)
  for (const key in copy) {
    const value = copy[key]
    if (typeof value === 'object' && value !== null) copy[key] = cloneObject(value, copies)
  }
  return copy
}

function cloneArray(source: readonly unknown[], copies: Copies): object {
  const copy = source.slice()
  copies.set(source, copy)
  for (let index = 0; index < copy.length; index++) copy[index] = cloned(copy[index], copies)
  return copy
}

function cloneMap(source: ReadonlyMap<unknown, unknown>, copies: Copies): object {
  const copy = new Map<unknown, unknown>()
  copies.set(source, copy)
  for (const [key, value] of source) copy.set(cloned(key, copies), cloned(value, copies))
  return copy
}

function cloneSet(source: ReadonlySet<unknown>, copies: Copies): object {
  const copy = new Set<unknown>()
  copies.set(source, copy)
  for (const value of source) copy.add(cloned(value, copies))
  return copy
}

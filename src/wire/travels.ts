/**
 * Which values travel, and in which of the two forms of the codec.
 *
 * `kindOf` walks a value once and keeps no path, since nearly every value is sound; only after a refusal does
 * `findCulprit` walk it again to say where. A cycle shows as a depth over the bound.
 */
import { travellingOf } from './travelling.ts'

/** Nesting of arrays and objects; a value nested deeper is refused by both sides. */
export const depthMax = 128
export const bigintDigitsMax = 16_384

/** JavaScript reads these names in a special way, so no field that travels has one; a Map may have them for keys. */
export function isRefusedName(name: string): boolean {
  return name === '__proto__' || name === 'constructor'
}

export type Kind = 'plain' | 'tagged' | 'refused'

export const typedArrayClasses = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

export function kindOf(value: unknown, depth: number): Kind {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return 'plain'
    case 'object':
      return value === null ? 'plain' : kindOfObject(value, depth)
    case 'bigint':
      return kindOfBigint(value)
    default:
      return 'refused'
  }
}

function kindOfObject(value: object, depth: number): Kind {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (depth >= depthMax) return isLeaf(value, prototype) ? 'plain' : 'refused'
  if (prototype === Object.prototype || prototype === null)
    return kindOfFields(value as Record<string, unknown>, depth + 1)
  if (prototype === Array.prototype) return kindOfItems(value as readonly unknown[], depth + 1)
  if (isLeaf(value, prototype)) return 'plain'
  if (prototype === Map.prototype) return tagging(kindOfEntries(value as ReadonlyMap<unknown, unknown>, depth + 1))
  if (prototype === Set.prototype) return tagging(kindOfItems([...(value as ReadonlySet<unknown>)], depth + 1))
  if (value instanceof Error || prototype === ArrayBuffer.prototype || isTypedArray(value)) return 'tagged'
  return travellingOf(value) === undefined ? 'refused' : 'tagged'
}

/** An object in which nothing can be nested: it is one to MessagePack too. */
function isLeaf(value: object, prototype: unknown): boolean {
  // oxlint-disable-next-line no-restricted-globals -- a Date is a value that travels; nothing here reads a clock
  return value instanceof Uint8Array || prototype === Date.prototype
}

function kindOfFields(fields: Record<string, unknown>, depth: number): Kind {
  let kind: Kind = 'plain'
  for (const key in fields) {
    const value = fields[key]
    const fieldKind = isRefusedName(key) ? 'refused' : typeof value === 'string' ? 'plain' : kindOf(value, depth)
    if (fieldKind === 'refused') return fieldKind
    if (fieldKind === 'tagged') kind = fieldKind
  }
  return kind
}

function kindOfItems(items: readonly unknown[], depth: number): Kind {
  let kind: Kind = 'plain'
  for (let index = 0; index < items.length; index++) {
    const itemKind = kindOf(items[index], depth)
    if (itemKind === 'refused') return itemKind
    if (itemKind === 'tagged') kind = itemKind
  }
  return kind
}

function kindOfEntries(map: ReadonlyMap<unknown, unknown>, depth: number): Kind {
  for (const [key, value] of map) {
    if (kindOf(key, depth) === 'refused' || kindOf(value, depth) === 'refused') return 'refused'
  }
  return 'tagged'
}

function kindOfBigint(value: bigint): Kind {
  if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return 'plain'
  return value.toString(16).length <= bigintDigitsMax ? 'tagged' : 'refused'
}

function tagging(kind: Kind): Kind {
  return kind === 'plain' ? 'tagged' : kind
}

export function isTypedArray(value: object): value is InstanceType<(typeof typedArrayClasses)[number]> {
  return typedArrayClasses.some((typedArray) => value instanceof typedArray)
}

export interface Culprit {
  readonly path: string
  readonly reason: string
}

/** The first part of a refused value that is itself at fault. Undefined where all of it travels. */
export function findCulprit(value: unknown, path: string, depth: number): Culprit | undefined {
  if (kindOf(value, depth) !== 'refused') return undefined
  if (typeof value !== 'object' || value === null) return { path, reason: reasonOf(value) }
  if (depth >= depthMax) return { path: shortened(path), reason: `it is nested over ${depthMax} deep, or in a cycle` }
  for (const [step, part] of partsOf(value)) {
    if (step.startsWith('.') && isRefusedName(step.slice(1)))
      return { path: path + step, reason: 'no field may have this name' }
    const culprit = findCulprit(part, path + step, depth + 1)
    if (culprit !== undefined) return culprit
  }
  return { path, reason: reasonOf(value) }
}

function* partsOf(value: object): Generator<readonly [string, unknown]> {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) {
    for (const [index, item] of (value as readonly unknown[]).entries()) yield [`[${index}]`, item]
  } else if (prototype === Set.prototype) {
    for (const item of value as ReadonlySet<unknown>) yield ['.values()', item]
  } else if (prototype === Map.prototype) {
    for (const [key, item] of value as ReadonlyMap<unknown, unknown>) {
      yield ['.keys()', key]
      yield [typeof key === 'string' ? `.get(${JSON.stringify(key)})` : '.values()', item]
    }
  } else if (prototype === Object.prototype || prototype === null) {
    for (const [key, item] of Object.entries(value))
      yield [/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, item]
  }
}

function reasonOf(value: unknown): string {
  if (typeof value === 'bigint') return `it is a bigint of over ${bigintDigitsMax} hexadecimal digits`
  if (typeof value !== 'object' || value === null) return `it is a ${typeof value}`
  if (value instanceof Promise) return 'it is a promise; await it first'
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null
  return `it is an instance of ${String(prototype?.constructor?.name ?? 'a class')}`
}

function shortened(path: string): string {
  return path.length <= 80 ? path : `${path.slice(0, 80)}…`
}

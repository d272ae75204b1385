/**
 * The codec's second form: every array begins with a tag that says what it stands for.
 *
 * A value becomes a tree of MessagePack's own types: an array `[0, …items]`, a Map `[1, key, value, …]`, a Set
 * `[2, …items]` and so on by the table below. Objects and simple values stand for themselves. It costs a copy of the
 * tree, which only values with such parts pay. Tags are part of the protocol and are never given a second meaning.
 */
import { CardumenError } from '../lib/cardumen-error.ts'
import { stackReceived, stackToSend } from './error-stacks.ts'
import { isFlood } from './hash-flood.ts'
import { travellingOf, travellingOfTag } from './travelling.ts'
import { bigintDigitsMax, depthMax, isTypedArray, kindOf, typedArrayClasses } from './travels.ts'

const tagOf = { array: 0, map: 1, set: 2, error: 3, bigint: 4, arrayBuffer: 5, typedArray: 6, travelling: 7 } as const

/** Causes of causes that travel with an error. */
const causesMax = 8
/** How deep a cause may be that is no error; a deeper one travels as text. */
const causeDepthMax = 16
/** Levels of MessagePack: a tagged value has one for each of its own, and the causes of an error at its bottom. */
export const taggedDepthMax = depthMax + causesMax + causeDepthMax

/** The value must be one that `kindOf` does not refuse. */
export function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return taggedBigint(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return [tagOf.array, ...value.map(tagged)]
  // oxlint-disable-next-line no-restricted-globals -- a Date is a value that travels; nothing here reads a clock
  if (value instanceof Uint8Array || value instanceof Date) return value
  if (value instanceof Map) return [tagOf.map, ...[...value].flat().map(tagged)]
  if (value instanceof Set) return [tagOf.set, ...[...value].map(tagged)]
  if (value instanceof Error) return taggedError(value, 0)
  if (value instanceof ArrayBuffer) return [tagOf.arrayBuffer, new Uint8Array(value)]
  if (isTypedArray(value)) return taggedTypedArray(value)
  const travelling = travellingOf(value)
  if (travelling !== undefined) return [tagOf.travelling, travelling.tag, travelling.toBytes(value)]
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tagged(item)]))
}

/** Throws for what `tagged` does not give, of a value that is itself so deep in another. */
export function untagged(value: unknown, depth = 0): unknown {
  // oxlint-disable-next-line no-restricted-globals -- a Date is a value that travels; nothing here reads a clock
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value
  if (!Array.isArray(value)) return untaggedFields(value as Record<string, unknown>, depth)
  const items: readonly unknown[] = value
  if (items[0] === tagOf.bigint) return untaggedBigint(items[1])
  if (depth >= depthMax) throw malformed('what is nested too deep')
  switch (items[0]) {
    case tagOf.array:
      return items.slice(1).map((item) => untagged(item, depth + 1))
    case tagOf.map:
      return untaggedMap(items, depth + 1)
    case tagOf.set:
      return untaggedSet(items, depth + 1)
    case tagOf.error:
      return untaggedError(items, 0)
    case tagOf.arrayBuffer:
      return bytesOf(items[1]).slice().buffer
    case tagOf.typedArray:
      return untaggedTypedArray(items[1], bytesOf(items[2]))
    case tagOf.travelling:
      return untaggedTravelling(items[1], bytesOf(items[2]))
    default:
      throw malformed('an array without a known tag')
  }
}

function untaggedFields(fields: Record<string, unknown>, depth: number): object {
  if (depth >= depthMax) throw malformed('what is nested too deep')
  for (const key of Object.keys(fields)) fields[key] = untagged(fields[key], depth + 1)
  return fields
}

function untaggedMap(items: readonly unknown[], depth: number): Map<unknown, unknown> {
  if (items.length % 2 !== 1) throw malformed('a Map with a key without a value')
  const keys: unknown[] = []
  for (let index = 1; index < items.length; index += 2) keys.push(untagged(items[index], depth))
  if (isFlood(keys)) throw malformed('a Map whose keys were chosen to be slow')
  const map = new Map<unknown, unknown>()
  for (let index = 0; index < keys.length; index++) map.set(keys[index], untagged(items[index * 2 + 2], depth))
  return map
}

function untaggedSet(items: readonly unknown[], depth: number): Set<unknown> {
  const members = items.slice(1).map((item) => untagged(item, depth))
  if (isFlood(members)) throw malformed('a Set whose members were chosen to be slow')
  return new Set(members)
}

function taggedBigint(value: bigint): unknown {
  if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value
  return [tagOf.bigint, value.toString(16)]
}

function untaggedBigint(text: unknown): bigint {
  if (typeof text !== 'string' || text.length > bigintDigitsMax + 1 || !/^-?[0-9a-f]+$/.test(text))
    throw malformed('a bigint')
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
}

/** An error always travels: of its own fields only `code`, and a cause that cannot travel as text. */
function taggedError(error: Error, causes: number): unknown {
  const code: unknown = 'code' in error ? error.code : undefined
  const knownCode = typeof code === 'string' || typeof code === 'number' ? code : undefined
  const [name, message] = [String(error.name), String(error.message)]
  const stack = stackToSend(name, message, String(error.stack ?? ''))
  return [tagOf.error, name, message, stack, knownCode, taggedCause(error.cause, causes)]
}

function taggedCause(cause: unknown, causes: number): unknown {
  if (cause === undefined || causes >= causesMax) return undefined
  if (cause instanceof Error) return taggedError(cause, causes + 1)
  return typeof cause === 'object' && kindOf(cause, depthMax - causeDepthMax) !== 'refused'
    ? tagged(cause)
    : String(cause)
}

const errorClasses: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

function untaggedError(items: readonly unknown[], causes: number): Error {
  const [, name, message, stack, code, cause] = items
  if (typeof name !== 'string' || typeof message !== 'string' || typeof stack !== 'string') throw malformed('an Error')
  const known = Object.hasOwn(errorClasses, name) ? errorClasses[name] : undefined
  const options = cause === undefined ? undefined : { cause: untaggedCause(cause, causes) }
  const error = withoutStack(() => new (known ?? Error)(message, options))
  if (known === undefined && name !== 'Error') define(error, 'name', name)
  define(error, 'stack', stackReceived(name, message, stack))
  if (typeof code === 'string' || typeof code === 'number') Object.assign(error, { code })
  return error
}

/** The stack came with the error. To take one here as well costs V8 most of the time, which a frame full of errors shows. */
function withoutStack(make: () => Error): Error {
  const settings = Error as unknown as { stackTraceLimit?: unknown }
  const limit = settings.stackTraceLimit
  settings.stackTraceLimit = 0
  try {
    return make()
  } finally {
    settings.stackTraceLimit = limit
  }
}

function untaggedCause(cause: unknown, causes: number): unknown {
  if (!Array.isArray(cause) || cause[0] !== tagOf.error) return untagged(cause, depthMax - causeDepthMax)
  if (causes >= causesMax) throw malformed('an Error with too many causes')
  return untaggedError(cause, causes + 1)
}

function define(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
}

function taggedTypedArray(array: InstanceType<(typeof typedArrayClasses)[number]>): unknown {
  const kind = typedArrayClasses.findIndex((typedArray) => array instanceof typedArray)
  return [tagOf.typedArray, kind, new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]
}

function untaggedTypedArray(kind: unknown, bytes: Uint8Array): unknown {
  const typedArray = typeof kind === 'number' ? typedArrayClasses[kind] : undefined
  if (typedArray === undefined || bytes.length % typedArray.BYTES_PER_ELEMENT !== 0) throw malformed('a typed array')
  return new typedArray(bytes.slice().buffer)
}

function untaggedTravelling(tag: unknown, bytes: Uint8Array): object {
  const travelling = travellingOfTag(tag)
  if (travelling === undefined) throw malformed('an instance of a class that is not known here')
  return travelling.fromBytes(bytes)
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw malformed('bytes that are missing')
  return value
}

function malformed(what: string): CardumenError {
  return new CardumenError('frame-refused', `A value holds ${what}.`)
}

/**
 * What may come out of the decoder, written down once more and apart from it.
 *
 * Plain data, the built-in classes that the codec names, and capabilities; nothing that can be called or awaited, no name
 * that JavaScript reads in a special way, and no more parts, letters and bytes together than there were bytes to read.
 */
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { typedArrayClasses } from '../../src/wire/travels.ts'

const keysRefused = new Set<PropertyKey>(['__proto__', 'constructor'])
const fieldsOfErrors = new Set<PropertyKey>(['name', 'message', 'stack', 'code', 'cause'])
const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
const errorPrototypes = new Set<unknown>(errors.map((each) => each.prototype))
const buffers = new Set<unknown>([Uint8Array, ...typedArrayClasses].map((each) => each.prototype))

/** Undefined, or what is wrong with a value that was read from so many bytes. */
export function flawOf(value: unknown, sizeBytes: number): string | undefined {
  const open: unknown[] = [value]
  let size = 0
  while (open.length > 0) {
    const part = open.pop()
    size += sizeOf(part)
    const flaw = flawOfPart(part, open)
    if (flaw !== undefined) return `decoding yields ${flaw}`
  }
  return size <= sizeBytes ? undefined : `decoding ${sizeBytes} bytes yields ${size} parts, letters and bytes`
}

/** Each part counts for at least the byte that says of what kind it is. */
function sizeOf(part: unknown): number {
  if (typeof part === 'string') return 1 + part.length
  if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) return 1 + part.byteLength
  return 1
}

/** Pushes what the part consists of. */
function flawOfPart(part: unknown, open: unknown[]): string | undefined {
  if (typeof part === 'function' || typeof part === 'symbol') return `a ${typeof part}`
  if (typeof part !== 'object' || part === null) return undefined
  if (typeof (part as { readonly then?: unknown }).then === 'function') return 'something that can be awaited'
  const prototype: unknown = Object.getPrototypeOf(part)
  if (prototype === Array.prototype) return flawOfArray(part as unknown[], open)
  if (prototype === Object.prototype) return flawOfFields(part as Record<string, unknown>, open)
  if (prototype === Map.prototype) {
    for (const entry of part as ReadonlyMap<unknown, unknown>) open.push(entry[0], entry[1])
  } else if (prototype === Set.prototype) {
    for (const item of part as ReadonlySet<unknown>) open.push(item)
  } else if (errorPrototypes.has(prototype)) return flawOfError(part as Error, open)
  else if (buffers.has(prototype)) return undefined
  else if (prototype !== Date.prototype && prototype !== ArrayBuffer.prototype && prototype !== Capability.prototype)
    return `an instance of ${String((part as { readonly constructor?: { readonly name?: unknown } }).constructor?.name)}`
  return Reflect.ownKeys(part).length === 0 ? undefined : 'a built-in object with fields of its own'
}

function flawOfArray(items: readonly unknown[], open: unknown[]): string | undefined {
  if (Reflect.ownKeys(items).length !== items.length + 1) return 'an array with holes, or with fields'
  for (const item of items) open.push(item)
  return undefined
}

function flawOfFields(fields: Record<string, unknown>, open: unknown[]): string | undefined {
  for (const key of Reflect.ownKeys(fields)) {
    if (typeof key !== 'string' || keysRefused.has(key)) return `a field named ${String(key)}`
    open.push(key, fields[key])
  }
  return undefined
}

/** The texts of an error travel with it; its class is one byte of the tag. */
function flawOfError(error: Error, open: unknown[]): string | undefined {
  const odd = Reflect.ownKeys(error).find((key) => !fieldsOfErrors.has(key))
  if (odd !== undefined) return `an error with a field ${String(odd)}`
  if (typeof error.message !== 'string' || typeof error.stack !== 'string') return 'an error without its texts'
  open.push(error.message, error.stack)
  if ('cause' in error) open.push(error.cause)
  return undefined
}

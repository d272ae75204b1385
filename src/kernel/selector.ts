/**
 * Which object and which operation a request is for: object u64 as a double, check 16 bytes, the operation's name.
 *
 * Made once for each object and operation that a client uses, then sent with every call.
 */
import { fromUtf8, toUtf8 } from '../lib/text.ts'
import { checkBytes } from './capability.ts'

const objectBytes = 8
const operationStart = objectBytes + checkBytes
/** Names of operations whose bytes are kept: clients are made far more often than operations. */
const namesMax = 1_024
const names = new Map<string, Uint8Array>()
/** A view of a new array's own buffer costs more than the array. */
const number = new DataView(new ArrayBuffer(objectBytes))

export interface Selector {
  readonly object: number
  readonly check: Uint8Array
  readonly operation: string
}

export function encodeSelector(selector: Selector): Uint8Array {
  const name = bytesOfName(selector.operation)
  const bytes = new Uint8Array(operationStart + name.length)
  number.setFloat64(0, selector.object)
  for (let index = 0; index < objectBytes; index++) bytes[index] = number.getUint8(index)
  bytes.set(selector.check, objectBytes)
  bytes.set(name, operationStart)
  return bytes
}

function bytesOfName(operation: string): Uint8Array {
  const known = names.get(operation)
  if (known !== undefined) return known
  const made = toUtf8(operation)
  if (names.size >= namesMax) names.clear()
  names.set(operation, made)
  return made
}

/** Undefined where the bytes are no selector. */
export function decodeSelector(bytes: Uint8Array): Selector | undefined {
  if (bytes.length <= operationStart) return undefined
  const object = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)
  const operation = fromUtf8(bytes.subarray(operationStart))
  if (!Number.isSafeInteger(object) || object < 0 || operation === undefined) return undefined
  return { object, check: bytes.subarray(objectBytes, operationStart), operation }
}

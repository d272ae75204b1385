/**
 * Which object and which operation a request is for: object u64 as a double, check 16 bytes, the operation's name.
 *
 * Made once for each object and operation that a client uses, then sent with every call.
 */
import { fromUtf8, toUtf8 } from '../lib/text.ts'
import { checkBytes } from './capability.ts'

const objectBytes = 8
const operationStart = objectBytes + checkBytes

export interface Selector {
  readonly object: number
  readonly check: Uint8Array
  readonly operation: string
}

export function encodeSelector(selector: Selector): Uint8Array {
  const name = toUtf8(selector.operation)
  const bytes = new Uint8Array(operationStart + name.length)
  new DataView(bytes.buffer).setFloat64(0, selector.object)
  bytes.set(selector.check, objectBytes)
  bytes.set(name, operationStart)
  return bytes
}

/** Undefined where the bytes are no selector. */
export function decodeSelector(bytes: Uint8Array): Selector | undefined {
  if (bytes.length <= operationStart) return undefined
  const object = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)
  const operation = fromUtf8(bytes.subarray(operationStart))
  if (!Number.isSafeInteger(object) || object < 0 || operation === undefined) return undefined
  return { object, check: bytes.subarray(objectBytes, operationStart), operation }
}

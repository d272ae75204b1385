/**
 * The kinds of numbers that shared memory holds, and what each is in TypeScript and in bytes.
 *
 * The names are those of JavaScript's typed arrays in lower case, so nobody has to learn new ones. `integer` says on which
 * kinds Atomics works; float fields have no atomic operation in the language.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

const kinds = {
  int8: { bytes: 1, integer: true, view: Int8Array },
  uint8: { bytes: 1, integer: true, view: Uint8Array },
  int16: { bytes: 2, integer: true, view: Int16Array },
  uint16: { bytes: 2, integer: true, view: Uint16Array },
  int32: { bytes: 4, integer: true, view: Int32Array },
  uint32: { bytes: 4, integer: true, view: Uint32Array },
  float32: { bytes: 4, integer: false, view: Float32Array },
  float64: { bytes: 8, integer: false, view: Float64Array },
  bigint64: { bytes: 8, integer: true, view: BigInt64Array },
  biguint64: { bytes: 8, integer: true, view: BigUint64Array },
} as const

export type NumberKind = keyof typeof kinds
export type IntegerKind = Exclude<NumberKind, 'float32' | 'float64'>
export type ValueOf<K extends NumberKind> = K extends 'bigint64' | 'biguint64' ? bigint : number

export type NumberView =
  | Int8Array<SharedArrayBuffer>
  | Uint8Array<SharedArrayBuffer>
  | Int16Array<SharedArrayBuffer>
  | Uint16Array<SharedArrayBuffer>
  | Int32Array<SharedArrayBuffer>
  | Uint32Array<SharedArrayBuffer>
  | Float32Array<SharedArrayBuffer>
  | Float64Array<SharedArrayBuffer>
  | BigInt64Array<SharedArrayBuffer>
  | BigUint64Array<SharedArrayBuffer>

/** The typed array of a kind, over shared memory. */
export type ViewOf<K extends NumberKind> = ReturnType<ViewsByKind[K]>

interface ViewsByKind {
  int8(): Int8Array<SharedArrayBuffer>
  uint8(): Uint8Array<SharedArrayBuffer>
  int16(): Int16Array<SharedArrayBuffer>
  uint16(): Uint16Array<SharedArrayBuffer>
  int32(): Int32Array<SharedArrayBuffer>
  uint32(): Uint32Array<SharedArrayBuffer>
  float32(): Float32Array<SharedArrayBuffer>
  float64(): Float64Array<SharedArrayBuffer>
  bigint64(): BigInt64Array<SharedArrayBuffer>
  biguint64(): BigUint64Array<SharedArrayBuffer>
}

export function isNumberKind(value: unknown): value is NumberKind {
  return typeof value === 'string' && Object.hasOwn(kinds, value)
}

export function isInteger(kind: NumberKind): kind is IntegerKind {
  return kinds[kind].integer
}

export function bytesOf(kind: NumberKind): number {
  if (!isNumberKind(kind)) throw new CardumenError('option-invalid', `there is no kind of number "${String(kind)}"`)
  return kinds[kind].bytes
}

/** A typed array over a part of the memory, which the caller has checked. */
export function viewOf(kind: NumberKind, memory: SharedArrayBuffer, offsetBytes: number, length: number): NumberView {
  const View = kinds[kind].view as unknown as new (memory: SharedArrayBuffer, at: number, length: number) => NumberView
  return new View(memory, offsetBytes, length)
}

/**
 * The schema of a struct, and where each of its fields lies.
 *
 * Fields lie in the order of the schema, each aligned to its own size, and a row takes a multiple of 8 bytes, so that
 * every field of every row can be read by one typed-array access. Text and bytes of bounded length carry their length
 * in the 4 bytes before them. The layout's description is what the header of a struct's memory is checked against.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { requireCount } from './claimed-memory.ts'
import { bytesOf, type IntegerKind, isNumberKind, type NumberKind, type ValueOf } from './number-kinds.ts'
import type { SharedArray } from './shared-array.ts'

/** A number; text or bytes of at most so many bytes; or so many numbers of one kind. */
export type Field = NumberKind | readonly ['utf8' | 'bytes' | NumberKind, number]
export type Schema = Readonly<Record<string, Field>>

/** Fields of one struct. */
const fieldsMax = 256
/** Bytes of one row. */
const rowBytesMax = 1_048_576

/** What a field reads as; arrays of numbers are views, so they are never assigned. */
export type Row<S extends Schema> = {
  -readonly [F in keyof S as S[F] extends readonly [NumberKind, number] ? never : F]: FieldValue<S[F]>
} & {
  readonly [F in keyof S as S[F] extends readonly [NumberKind, number] ? F : never]: FieldValue<S[F]>
}

/** Fields that have atomic operations. */
export type IntegerField<S extends Schema> = {
  [F in keyof S]: S[F] extends IntegerKind ? F : never
}[keyof S] &
  string

export type FieldValue<F extends Field> = F extends NumberKind
  ? ValueOf<F>
  : F extends readonly [infer Of, number]
    ? Of extends 'utf8'
      ? string
      : Of extends 'bytes'
        ? Uint8Array
        : Of extends NumberKind
          ? SharedArray<Of>
          : never
    : never

export interface PlacedField {
  readonly name: string
  readonly of: 'utf8' | 'bytes' | NumberKind
  /** How many numbers, or bytes of text; undefined for a single number. */
  readonly count: number | undefined
  /** Of its first number or byte, from the start of the row. */
  readonly offsetBytes: number
}

export interface Layout {
  readonly fields: readonly PlacedField[]
  readonly rowBytes: number
  readonly description: string
}

/** Names that rows have anyway. */
const namesTaken: ReadonlySet<string> = new Set([
  'atomic',
  'index',
  'constructor',
  '__proto__',
  '$views',
  '$base',
  '$length',
])

export function layoutOf(schema: Schema): Layout {
  const entries = Object.entries(schema)
  requireCount('the number of fields', entries.length, 1, fieldsMax)
  let end = 0
  const fields = entries.map(([name, field]) => {
    const placed = placeField(name, field, end)
    end = placed.offsetBytes + (placed.count ?? 1) * elementBytes(placed.of)
    return placed
  })
  const rowBytes = aligned(end, 8)
  requireCount('the bytes of a row', rowBytes, 1, rowBytesMax)
  return { fields, rowBytes, description: `struct ${JSON.stringify(entries)}` }
}

/** Text and bytes have their length before them. */
export const LENGTH_BYTES = 4

function placeField(name: string, field: Field, end: number): PlacedField {
  if (namesTaken.has(name)) throw new CardumenError('option-invalid', `a field cannot be called "${name}"`)
  const [of, count] = typeof field === 'string' ? [field, undefined] : field
  if (of === 'utf8' || of === 'bytes') {
    requireCount(`the bytes of field "${name}"`, count ?? 0, 1, rowBytesMax)
    return { name, of, count, offsetBytes: aligned(end, LENGTH_BYTES) + LENGTH_BYTES }
  }
  if (!isNumberKind(of)) throw new CardumenError('option-invalid', `field "${name}" is of no known kind: ${String(of)}`)
  if (typeof field !== 'string') requireCount(`the numbers of field "${name}"`, count ?? 0, 1, rowBytesMax)
  return { name, of, count, offsetBytes: aligned(end, bytesOf(of)) }
}

function elementBytes(of: PlacedField['of']): number {
  return of === 'utf8' || of === 'bytes' ? 1 : bytesOf(of)
}

function aligned(offsetBytes: number, to: number): number {
  return Math.ceil(offsetBytes / to) * to
}

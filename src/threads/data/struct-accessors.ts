/**
 * The getters and setters of a struct's fields: one pair of closures a field, over the field's offset.
 *
 * No code is generated from text. Each kind of number has a pair written out, so that a pair meets one kind of typed
 * array only; shared among kinds, every access would pay for all ten once two of them are in use. Rows of different
 * schemas do go through the same pair; the compiler inlines it where a caller reads rows of one schema, and then knows
 * the row's shape from there. A row has been checked against its bounds when it was made, and the layout is aligned, so
 * an access is one addition, one shift and one read.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { NumberKind } from './number-kinds.ts'
import { SharedArray } from './shared-array.ts'
import { LENGTH_BYTES, type PlacedField } from './struct-layout.ts'
import type { StructViews } from './struct-views.ts'

/**
 * What accessors need of a row. Plain names, which no field may have: reads by a symbol, or of a private field, are
 * several times as slow once rows of five schemas are in use.
 */
export interface PlacedRow {
  readonly $views: StructViews
  /** Bytes from the first row to this one. */
  $base: number
}

type Accessors = PropertyDescriptor & ThisType<PlacedRow>

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

export function accessorsOf(field: PlacedField): PropertyDescriptor {
  const { of, count, offsetBytes } = field
  const pair = of === 'utf8' ? text(field) : of === 'bytes' ? bytes(field) : undefined
  return {
    ...(pair ?? (count === undefined ? numbers[of as NumberKind](offsetBytes) : array(field))),
    enumerable: true,
  }
}

const numbers: Readonly<Record<NumberKind, (offset: number) => Accessors>> = {
  int8: (offset) => ({
    get() {
      return this.$views.int8[this.$base + offset]
    },
    set(value: number) {
      this.$views.int8[this.$base + offset] = value
    },
  }),
  uint8: (offset) => ({
    get() {
      return this.$views.uint8[this.$base + offset]
    },
    set(value: number) {
      this.$views.uint8[this.$base + offset] = value
    },
  }),
  int16: (offset) => ({
    get() {
      return this.$views.int16[(this.$base + offset) >> 1]
    },
    set(value: number) {
      this.$views.int16[(this.$base + offset) >> 1] = value
    },
  }),
  uint16: (offset) => ({
    get() {
      return this.$views.uint16[(this.$base + offset) >> 1]
    },
    set(value: number) {
      this.$views.uint16[(this.$base + offset) >> 1] = value
    },
  }),
  int32: (offset) => ({
    get() {
      return this.$views.int32[(this.$base + offset) >> 2]
    },
    set(value: number) {
      this.$views.int32[(this.$base + offset) >> 2] = value
    },
  }),
  uint32: (offset) => ({
    get() {
      return this.$views.uint32[(this.$base + offset) >> 2]
    },
    set(value: number) {
      this.$views.uint32[(this.$base + offset) >> 2] = value
    },
  }),
  float32: (offset) => ({
    get() {
      return this.$views.float32[(this.$base + offset) >> 2]
    },
    set(value: number) {
      this.$views.float32[(this.$base + offset) >> 2] = value
    },
  }),
  float64: (offset) => ({
    get() {
      return this.$views.float64[(this.$base + offset) >> 3]
    },
    set(value: number) {
      this.$views.float64[(this.$base + offset) >> 3] = value
    },
  }),
  bigint64: (offset) => ({
    get() {
      return this.$views.bigint64[(this.$base + offset) >> 3]
    },
    set(value: bigint) {
      this.$views.bigint64[(this.$base + offset) >> 3] = value
    },
  }),
  biguint64: (offset) => ({
    get() {
      return this.$views.biguint64[(this.$base + offset) >> 3]
    },
    set(value: bigint) {
      this.$views.biguint64[(this.$base + offset) >> 3] = value
    },
  }),
}

function text(field: PlacedField): Accessors {
  return {
    get() {
      return decoder.decode(readBytes(this, field))
    },
    set(value: string) {
      if (typeof value !== 'string') throw wrongValue(field, 'a string')
      // Each of its units takes a byte at least, so a huge text is not encoded in vain.
      if (value.length > (field.count ?? 0)) throw tooLarge(field, `text of ${value.length} characters does`)
      if (!value.isWellFormed()) throw wrongValue(field, 'whole characters, not half of a surrogate pair')
      writeBytes(this, field, encoder.encode(value))
    },
  }
}

function bytes(field: PlacedField): Accessors {
  return {
    get() {
      return readBytes(this, field)
    },
    set(value: Uint8Array) {
      if (!(value instanceof Uint8Array)) throw wrongValue(field, 'a Uint8Array')
      writeBytes(this, field, value)
    },
  }
}

/** The numbers where they are; there is nothing to assign. */
function array({ of, count = 0, offsetBytes }: PlacedField): Accessors {
  return {
    get() {
      const all = this.$views.uint8
      const start = all.byteOffset + this.$base + offsetBytes
      return new SharedArray(of as NumberKind, count, { memory: all.buffer, offsetBytes: start })
    },
  }
}

/** A copy. Another thread may be writing: the length is not believed beyond the field. */
function readBytes(row: PlacedRow, { count = 0, offsetBytes }: PlacedField): Uint8Array {
  const start = row.$base + offsetBytes
  const length = Math.min(row.$views.uint32[(start - LENGTH_BYTES) >> 2] ?? 0, count)
  return row.$views.uint8.slice(start, start + length)
}

function writeBytes(row: PlacedRow, field: PlacedField, value: Uint8Array): void {
  const { count = 0, offsetBytes } = field
  if (value.length > count) throw tooLarge(field, `${value.length} bytes do`)
  const start = row.$base + offsetBytes
  row.$views.uint8.set(value, start)
  row.$views.uint32[(start - LENGTH_BYTES) >> 2] = value.length
}

function tooLarge({ name, count }: PlacedField, what: string): CardumenError {
  return new CardumenError('too-large', `${what} not fit field "${name}", which takes ${count} bytes`)
}

function wrongValue({ name }: PlacedField, what: string): CardumenError {
  return new CardumenError('option-invalid', `field "${name}" takes ${what}`)
}

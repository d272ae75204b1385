/**
 * Structs in shared memory: rows of fields that a schema describes, many rows to an array.
 *
 * `struct(schema)` gives a type; `Account.array(1000)` makes rows of it, all zeros, or finds them in given memory,
 * whose header says whether they are there. A row is a small object that stands for one index: it is checked when it is
 * made, and its fields are plain properties then. A cursor is a row that can be moved, for loops that would make too
 * many.
 *
 * Every access of a field is one access of its own: `balance += 1` is a read and a write, between which other threads
 * run. Only `row.atomic` makes both one, for integer fields. Which fields may tear is told in docs/shared-memory.md.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import { claimMemory, HEADER_BYTES, memoryBytesMax, type Placement, requireCount } from './claimed-memory.ts'
import { isInteger } from './number-kinds.ts'
import { accessorsOf, type PlacedRow } from './struct-accessors.ts'
import { type FieldValue, type IntegerField, type Layout, layoutOf, type Row, type Schema } from './struct-layout.ts'
import { StructViews } from './struct-views.ts'

/** A row of a schema. `atomic` has the operations that are one step for all threads. */
export type StructRow<S extends Schema> = Row<S> & { readonly atomic: AtomicFields<S> }
/** A row that stands where `index` says; setting an index outside the array throws `out-of-bounds`. */
export type StructCursor<S extends Schema> = StructRow<S> & { index: number }

interface SharedStructState {
  readonly schema: Schema
  readonly length: number
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
}

/** What a schema's rows are instances of: one class each for a schema, which is what makes them fast. */
interface RowClasses {
  readonly Row: new (rows: StructViews, start: number) => PlacedRow
  readonly Cursor: new (rows: StructViews, start: number, length: number) => PlacedRow
}

/** What describes rows. Make one for each schema, once, and share what its `array` gives. */
export class StructType<S extends Schema> {
  readonly schema: S
  readonly layout: Layout
  readonly #classes: RowClasses

  constructor(schema: S) {
    this.schema = schema
    this.layout = layoutOf(schema)
    this.#classes = rowClasses(this.layout)
  }

  /** What `length` rows take, header included. */
  bytesNeeded(length: number): number {
    return HEADER_BYTES + this.layout.rowBytes * length
  }

  /** Makes the rows, or finds them: memory that holds anything else is refused as `memory-too-small`. */
  array(length: number, placement: Placement = {}): SharedStruct<S> {
    requireCount('length', length, 1, memoryBytesMax)
    return new SharedStruct(this, this.#classes, length, placement)
  }
}

/** Describes rows: each field a kind of number, `['utf8', bytesMax]`, `['bytes', bytesMax]` or `[kind, count]`. @throws CardumenError `option-invalid` */
export function struct<const S extends Schema>(schema: S): StructType<S> {
  return new StructType(schema)
}

/** The rows. */
export class SharedStruct<S extends Schema = Schema> implements Shareable {
  readonly type: StructType<S>
  readonly length: number
  readonly memory: SharedArrayBuffer
  readonly offsetBytes: number
  /** The row at an index; throws `out-of-bounds` outside. A closure of its own array, for speed. */
  readonly at: (index: number) => StructRow<S>
  readonly #views: StructViews
  readonly #classes: RowClasses

  /** By `StructType.array`. */
  constructor(type: StructType<S>, classes: RowClasses, length: number, placement: Placement) {
    const { description, rowBytes } = type.layout
    const { memory, offsetBytes } = claimMemory(placement, description, type.bytesNeeded(length))
    const rows = new StructViews(memory, offsetBytes + HEADER_BYTES, rowBytes * length)
    this.type = type
    this.length = length
    this.memory = memory
    this.offsetBytes = offsetBytes
    this.#views = rows
    this.#classes = classes
    const { Row } = classes
    this.at = (index) => {
      if (index >>> 0 !== index || index >= length) throw outside(index, length)
      return new Row(rows, index * rowBytes) as unknown as StructRow<S>
    }
  }

  /** A row that moves; it begins at 0. */
  cursor(): StructCursor<S> {
    return new this.#classes.Cursor(this.#views, 0, this.length) as unknown as StructCursor<S>
  }

  *[Symbol.iterator](): IterableIterator<StructRow<S>> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }

  [pack](): Packed {
    const { length, memory, offsetBytes } = this
    const { schema } = this.type
    return { kind: 'sharedStruct', state: { schema, length, memory, offsetBytes } satisfies SharedStructState }
  }
}

/** Operations on integer fields that are one step for all threads; all but `store` give what was there before. */
export class AtomicFields<S extends Schema> {
  readonly #row: PlacedRow
  readonly #layout: Layout

  /** By `row.atomic`. */
  constructor(row: PlacedRow, layout: Layout) {
    this.#row = row
    this.#layout = layout
  }

  load<F extends IntegerField<S>>(field: F): FieldValue<S[F]> {
    const [view, at] = this.#place(field)
    return Atomics.load(view, at) as FieldValue<S[F]>
  }

  store<F extends IntegerField<S>>(field: F, value: FieldValue<S[F]>): void {
    const [view, at] = this.#place(field)
    Atomics.store(view, at, value as number)
  }

  add<F extends IntegerField<S>>(field: F, value: FieldValue<S[F]>): FieldValue<S[F]> {
    const [view, at] = this.#place(field)
    return Atomics.add(view, at, value as number) as FieldValue<S[F]>
  }

  exchange<F extends IntegerField<S>>(field: F, value: FieldValue<S[F]>): FieldValue<S[F]> {
    const [view, at] = this.#place(field)
    return Atomics.exchange(view, at, value as number) as FieldValue<S[F]>
  }

  /** Stores `value` if `expected` is there. */
  compareExchange<F extends IntegerField<S>>(
    field: F,
    expected: FieldValue<S[F]>,
    value: FieldValue<S[F]>,
  ): FieldValue<S[F]> {
    const [view, at] = this.#place(field)
    return Atomics.compareExchange(view, at, expected as number, value as number) as FieldValue<S[F]>
  }

  #place(name: string): [view: Int32Array<SharedArrayBuffer>, at: number] {
    const field = this.#layout.fields.find((each) => each.name === name)
    if (field === undefined) throw new CardumenError('out-of-bounds', `the struct has no field "${name}"`)
    const { of, count, offsetBytes } = field
    if (of === 'utf8' || of === 'bytes' || count !== undefined || !isInteger(of)) {
      throw new CardumenError('option-invalid', `field "${name}" has no atomic operations; integer fields have`)
    }
    const view = this.#row.$views[of] as Int32Array<SharedArrayBuffer>
    return [view, (this.#row.$base + offsetBytes) / view.BYTES_PER_ELEMENT]
  }
}

/** Types that came from other threads, by their layout: rows of one schema are of one class, which keeps them fast. */
const unpackedTypes = new Map<string, StructType<Schema>>()
const unpackedTypesMax = 1_024

/** The rows again, in the thread that they came to. */
export function unpackSharedStruct({ schema, length, ...place }: SharedStructState): SharedStruct<Schema> {
  const key = JSON.stringify(schema)
  const type = unpackedTypes.get(key) ?? new StructType(schema)
  if (unpackedTypes.size < unpackedTypesMax) unpackedTypes.set(key, type)
  return type.array(length, place)
}

function rowClasses(layout: Layout): RowClasses {
  class StructRowOfLayout implements PlacedRow {
    // Declared only, as in `StructViews`.
    declare readonly $views: StructViews
    declare $base: number

    constructor(rows: StructViews, start: number) {
      this.$views = rows
      this.$base = start
    }

    get atomic(): AtomicFields<Schema> {
      return new AtomicFields(this, layout)
    }
  }
  for (const field of layout.fields) Object.defineProperty(StructRowOfLayout.prototype, field.name, accessorsOf(field))

  class StructCursorOfLayout extends StructRowOfLayout {
    declare readonly $length: number

    constructor(rows: StructViews, start: number, length: number) {
      super(rows, start)
      this.$length = length
    }

    get index(): number {
      return this.$base / layout.rowBytes
    }

    set index(index: number) {
      if (index >>> 0 !== index || index >= this.$length) throw outside(index, this.$length)
      this.$base = index * layout.rowBytes
    }
  }
  return { Row: StructRowOfLayout, Cursor: StructCursorOfLayout }
}

function outside(index: number, length: number): CardumenError {
  return new CardumenError('out-of-bounds', `row ${index} is outside an array of ${length}`)
}

/**
 * One transaction in the making: the rows that it writes, and with them the heads of their directories and the audit.
 *
 * Every row is written under the condition that it is still as it was read, and so is every head, which counts the rows
 * and says what the transaction changes.
 */
import type { Condition, Operation } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { rowsPerDirectoryMax } from './interface.ts'
import { type DirectoryRow, encodeHead, encodeRow, type Head, type HeadChange } from './rows.ts'
import type { Read } from './store.ts'
import type { Place } from './walk.ts'

/** A row that is to change, or to be, as it was read in its place. */
export interface Target {
  readonly place: Place
  readonly row: Read<DirectoryRow>
  readonly head: Read<Head> & { readonly value: Head }
}

/** What was done, for the audit. */
export interface PlannedChange extends HeadChange {
  readonly directory: number
}

interface Touched {
  readonly head: Target['head']
  readonly changes: HeadChange[]
  count: number
}

export class Plan {
  readonly #touched = new Map<number, Touched>()
  readonly #operations: Operation[] = []
  readonly #conditions = new Map<string, Condition>()

  /** Conditions and writes beside those of rows. */
  also(condition: Condition, operation: Operation): void {
    this.#conditions.set(condition.key, condition)
    this.#operations.push(operation)
  }

  /** @throws CardumenError `directory-full` */
  put(target: Target, kind: HeadChange['kind'], row: DirectoryRow): void {
    const isNew = target.row.value === undefined
    this.#change(target, kind, row.masks, isNew ? 1 : 0)
    this.#operations.push({ kind: 'put', key: target.row.key, value: encodeRow(row) })
  }

  remove(target: Target): void {
    this.#change(target, 'removed', [], -1)
    this.#operations.push({ kind: 'delete', key: target.row.key })
  }

  get changes(): readonly PlannedChange[] {
    return [...this.#touched].flatMap(([directory, { changes }]) => changes.map((change) => ({ ...change, directory })))
  }

  get conditions(): readonly Condition[] {
    return [...this.#conditions.values()]
  }

  get operations(): readonly Operation[] {
    const heads = [...this.#touched.values()].map(({ head, changes, count }): Operation => {
      const { columns } = head.value
      return { kind: 'put', key: head.key, value: encodeHead({ columns, count, changes }) }
    })
    return [...this.#operations, ...heads]
  }

  #change({ place, row, head }: Target, kind: HeadChange['kind'], after: readonly number[], more: number): void {
    if (this.#conditions.has(row.key))
      throw new CardumenError('option-invalid', 'One transaction can change a row only once.')
    this.#conditions.set(row.key, row.condition)
    const { directory, name } = place
    const touched = this.#touched.get(directory) ?? { head, changes: [], count: head.value.count }
    this.#touched.set(directory, touched)
    this.#conditions.set(head.key, head.condition)
    touched.count += more
    touched.changes.push({ kind, name, before: row.value?.masks ?? [], after })
    if (touched.count > rowsPerDirectoryMax && more > 0)
      throw new CardumenError('directory-full', `A directory holds at most ${rowsPerDirectoryMax} rows.`)
  }
}

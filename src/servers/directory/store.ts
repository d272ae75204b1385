/**
 * The directory's rows in the engine: read as they stand, written only while this server is the one that serves.
 *
 * What was read is given back with the condition under which it still stands, so that whatever is decided by it can be
 * written, or said, of one moment. A write that fails says why: a row has changed, or another server has taken over.
 */
import type { Condition, Engine, Entry, Operation } from '../../edges/engine.ts'
import { operationsPerTransactionMax } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { decodeHead, decodeRow, type DirectoryRow, type Head, headKeyOf, rowKeyOf, rowsPrefixOf } from './rows.ts'

export interface Read<Value> {
  readonly key: string
  readonly value: Value | undefined
  /** 0 where there is none. */
  readonly version: number
  /** That it still stands, or is still absent. */
  readonly condition: Condition
}

export interface StoredRow {
  readonly name: string
  readonly row: DirectoryRow
  readonly version: number
}

export class DirectoryStore {
  readonly #engine: Engine
  readonly #fence: readonly Condition[]

  constructor(engine: Engine, fence: readonly Condition[]) {
    this.#engine = engine
    this.#fence = fence
  }

  async row(directory: number, name: string): Promise<Read<DirectoryRow>> {
    const key = rowKeyOf(directory, name)
    return readOf(key, await this.#engine.get(key), decodeRow)
  }

  /**
   * The row at a moment at which the rows stood that led to it; undefined where one of them does not any more. Those are
   * read once more after it: what then still has its revision has stood all the while. No write lock is needed for that.
   */
  async rowWhile(
    directory: number,
    name: string,
    standing: readonly Condition[],
  ): Promise<Read<DirectoryRow> | undefined> {
    const row = await this.row(directory, name)
    const entries = await Promise.all(standing.map(({ key }) => this.#engine.get(key)))
    return standing.every((condition, at) => stillHolds(condition, entries[at])) ? row : undefined
  }

  async head(directory: number): Promise<Read<Head>> {
    const key = headKeyOf(directory)
    return readOf(key, await this.#engine.get(key), decodeHead)
  }

  /** @throws CardumenError `object-unknown` */
  async knownHead(directory: number): Promise<Read<Head> & { readonly value: Head }> {
    const head = await this.head(directory)
    if (head.value === undefined) throw unknownDirectory()
    return { ...head, value: head.value }
  }

  /** Those whose names begin with `start`, in the order of the bytes of their names. */
  async rows(
    directory: number,
    { start, after, rowsMax }: { readonly start: string; readonly after: string | undefined; readonly rowsMax: number },
  ): Promise<{ readonly rows: readonly StoredRow[]; readonly more: boolean }> {
    const prefix = rowsPrefixOf(directory)
    const { entries, more } = await this.#engine.list(prefix + start, {
      entriesMax: rowsMax,
      ...(after !== undefined && { after: prefix + after }),
    })
    const rows = entries.map(({ key, value, revision }) => ({
      name: key.slice(prefix.length),
      row: decodeRow(value),
      version: revision,
    }))
    return { rows, more }
  }

  /** Whether all of it stood at one moment, after the call. */
  async stand(conditions: readonly Condition[]): Promise<boolean> {
    if (conditions.length === 0) return true
    const { succeeded } = await this.#engine.transact({ conditions: fitting(conditions), then: [] })
    return succeeded
  }

  /**
   * Resolves to the version written; undefined where a condition did not hold.
   * @throws CardumenError `address-unknown` where another serves the directory now: nothing was written.
   */
  async write(conditions: readonly Condition[], then: readonly Operation[]): Promise<number | undefined> {
    const { succeeded, revision, reads } = await this.#engine.transact({
      conditions: fitting([...this.#fence, ...conditions]),
      then,
      otherwise: this.#fence.map(({ key }) => ({ kind: 'get', key })),
    })
    if (succeeded) return revision
    if (this.#fence.every((condition, at) => stillHolds(condition, reads[at]))) return undefined
    throw new CardumenError('address-unknown', 'This server of the directory was replaced; it did not run.')
  }
}

export function unknownDirectory(): CardumenError {
  return new CardumenError('object-unknown', 'There is no such directory any more.')
}

/** Of conditions on revisions, which are all that are asked about here. */
function stillHolds(condition: Condition, entry: Entry | undefined): boolean {
  return condition.kind === 'revision' && entry?.revision === condition.equals
}

/** One for each key; of two about the same key both are the same or the transaction fails anyhow, so neither may go. */
function fitting(conditions: readonly Condition[]): readonly Condition[] {
  const different = new Map(conditions.map((condition) => [JSON.stringify(condition), condition]))
  if (different.size <= operationsPerTransactionMax) return [...different.values()]
  throw new CardumenError(
    'transaction-too-large',
    'These paths lead through more rows than one transaction can hold still; use shorter ones.',
  )
}

function readOf<Value>(key: string, entry: Entry | undefined, decodeValue: (value: Uint8Array) => Value): Read<Value> {
  if (entry === undefined) return { key, value: undefined, version: 0, condition: { kind: 'absent', key } }
  const { revision, value } = entry
  return {
    key,
    value: decodeValue(value),
    version: revision,
    condition: { kind: 'revision', key, equals: revision },
  }
}

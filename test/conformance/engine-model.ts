/**
 * The simplest thing that behaves as an engine should: a map, and a list of what happened to it.
 */
import type {
  Change,
  Condition,
  Entry,
  Operation,
  Transaction,
  TransactionResult,
  WatchBatch,
} from '../../src/edges/engine.ts'
import { revision, type Revision } from '../../src/lib/identifiers.ts'

export class EngineModel {
  readonly history: WatchBatch[] = []
  readonly #entries = new Map<string, Entry>()
  #revision: number

  /** `start`: the revision at which the real engine begins. */
  constructor(start: Revision) {
    this.#revision = start
  }

  transact(transaction: Transaction): TransactionResult {
    const succeeded = (transaction.conditions ?? []).every((condition) => this.#holds(condition))
    const operations = succeeded ? transaction.then : (transaction.otherwise ?? [])
    const next = revision(this.#revision + 1)
    const reads: (Entry | undefined)[] = []
    const changes = operations.flatMap((operation) => this.#operate(operation, next, reads))
    if (changes.length > 0) {
      this.#revision = next
      this.history.push({ revision: next, changes })
    }
    return { succeeded, revision: revision(this.#revision), reads }
  }

  list(prefix: string): readonly Entry[] {
    const under = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix))
    return under.sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
  }

  historyOf(prefix: string, from: Revision): readonly WatchBatch[] {
    return this.history
      .filter((batch) => batch.revision >= from)
      .map((batch) => ({
        revision: batch.revision,
        changes: batch.changes.filter((change) => change.key.startsWith(prefix)),
      }))
      .filter((batch) => batch.changes.length > 0)
  }

  #holds(condition: Condition): boolean {
    const entry = this.#entries.get(condition.key)
    switch (condition.kind) {
      case 'absent':
        return entry === undefined
      case 'present':
        return entry !== undefined
      case 'revision':
        return entry?.revision === condition.equals
      case 'value':
        return entry !== undefined && Buffer.compare(entry.value, condition.equals) === 0
    }
  }

  #operate(operation: Operation, at: Revision, reads: (Entry | undefined)[]): readonly Change[] {
    const { key } = operation
    const old = this.#entries.get(key)
    switch (operation.kind) {
      case 'get':
        reads.push(old)
        return []
      case 'delete':
        return this.#entries.delete(key) ? [{ kind: 'delete', key }] : []
      case 'put':
        this.#entries.set(key, {
          key,
          value: operation.value,
          revision: at,
          createdRevision: old?.createdRevision ?? at,
          lease: undefined,
        })
        return [{ kind: 'put', key, value: operation.value, lease: undefined }]
    }
  }
}

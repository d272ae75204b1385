/**
 * One transaction, carried out on a table of entries: what every engine of ours means by a transaction.
 *
 * It is decided first (conditions, leases) and written then, so that nothing ever has to be undone for one transaction
 * alone where several share a commit. It knows neither where the entries are kept nor when they are on disk.
 */
import { equalBytes } from '../lib/bytes.ts'
import type { Revision } from '../lib/identifiers.ts'
import type { Condition, Entry, LeaseId, Operation, Transaction } from './engine.ts'

/** The entries, inside a commit. */
export interface TransactionTable {
  /** Of the last transaction that wrote. */
  readonly revision: Revision
  get(key: string): Entry | undefined
  put(key: string, value: Uint8Array, lease: LeaseId | undefined): void
  /** False where the key was absent. */
  delete(key: string): boolean
  /** Ends a transaction that wrote, and tells its revision. */
  advance(): Revision
}

export interface Done {
  readonly kind: 'done'
  readonly succeeded: boolean
  readonly wrote: boolean
  readonly revision: Revision
  /** Absent where nothing was to be read. */
  readonly reads?: readonly (Entry | undefined)[]
}

export interface LeaseLost {
  readonly kind: 'failed'
  readonly failure: { readonly code: 'lease-lost'; readonly message: string; readonly executed: 'no' }
}

export function carryOut(
  transaction: Transaction,
  table: TransactionTable,
  isLease: (id: LeaseId) => boolean,
): Done | LeaseLost {
  const succeeded = (transaction.conditions ?? []).every((condition) => holds(condition, table))
  const operations = succeeded ? transaction.then : (transaction.otherwise ?? [])
  const lost = operations.find(
    (operation) => operation.kind === 'put' && operation.lease !== undefined && !isLease(operation.lease),
  )
  if (lost !== undefined) {
    return {
      kind: 'failed',
      failure: { code: 'lease-lost', message: `the lease of key ${lost.key} has ended`, executed: 'no' },
    }
  }
  const reads: (Entry | undefined)[] = []
  let wrote = false
  for (const operation of operations) wrote = operate(operation, table, reads) || wrote
  const revision = wrote ? table.advance() : table.revision
  return reads.length === 0
    ? { kind: 'done', succeeded, wrote, revision }
    : { kind: 'done', succeeded, wrote, revision, reads }
}

export function putsAnything(transaction: Transaction): boolean {
  const isPut = (operation: Operation): boolean => operation.kind === 'put'
  return transaction.then.some(isPut) || (transaction.otherwise ?? []).some(isPut)
}

function holds(condition: Condition, table: TransactionTable): boolean {
  const entry = table.get(condition.key)
  switch (condition.kind) {
    case 'absent':
      return entry === undefined
    case 'present':
      return entry !== undefined
    case 'revision':
      return entry?.revision === condition.equals
    case 'value':
      return entry !== undefined && equalBytes(entry.value, condition.equals)
  }
}

/** True where it changed something. */
function operate(operation: Operation, table: TransactionTable, reads: (Entry | undefined)[]): boolean {
  switch (operation.kind) {
    case 'put':
      table.put(operation.key, operation.value, operation.lease)
      return true
    case 'delete':
      return table.delete(operation.key)
    case 'get':
      reads.push(table.get(operation.key))
      return false
  }
}

/**
 * One logical transaction, carried out within an open SQLite transaction that it shares with others.
 *
 * It is decided first (conditions, leases) and written then, so that nothing ever has to be undone for one of them alone.
 */
import type { Condition, Operation, Transaction } from '../../edges/engine.ts'
import { equalBytes } from '../../lib/bytes.ts'
import type { Entry } from '../../edges/engine.ts'
import type { Answer } from './requests.ts'
import type { Store } from './store.ts'

export function carryOut(transaction: Transaction, store: Store, isLease: (id: string) => boolean): Answer {
  const succeeded = (transaction.conditions ?? []).every((condition) => holds(condition, store))
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
  for (const operation of operations) wrote = operate(operation, store, reads) || wrote
  const revision = wrote ? store.advance() : store.revision
  return reads.length === 0
    ? { kind: 'done', succeeded, wrote, revision }
    : { kind: 'done', succeeded, wrote, revision, reads }
}

export function putsAnything(transaction: Transaction): boolean {
  const isPut = (operation: Operation): boolean => operation.kind === 'put'
  return transaction.then.some(isPut) || (transaction.otherwise ?? []).some(isPut)
}

function holds(condition: Condition, store: Store): boolean {
  const entry = store.get(condition.key)
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
function operate(operation: Operation, store: Store, reads: (Entry | undefined)[]): boolean {
  switch (operation.kind) {
    case 'put':
      store.put(operation.key, operation.value, operation.lease)
      return true
    case 'delete':
      return store.delete(operation.key)
    case 'get':
      reads.push(store.get(operation.key))
      return false
  }
}

/**
 * Checks what is asked of an engine against the limits of its interface, and copies a transaction, so that the caller
 * may go on to change its bytes while the engine works. Every engine uses these checks, so all refuse the same.
 */
import {
  keyBytesMax,
  leaseTtlMsMax,
  leaseTtlMsMin,
  operationsPerTransactionMax,
  valueBytesMax,
  type Condition,
  type Operation,
  type Transaction,
} from './engine.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { toUtf8 } from '../lib/text.ts'

export interface CheckedTransaction {
  readonly transaction: Transaction
  /** Keys and values, roughly. */
  readonly sizeBytes: number
}

/** @throws CardumenError `transaction-too-large`, `value-too-large`, `option-invalid`. */
export function checkTransaction(given: Transaction): CheckedTransaction {
  const { conditions = [], then, otherwise = [] } = given
  for (const part of [conditions, then, otherwise]) {
    if (part.length > operationsPerTransactionMax) {
      throw new CardumenError(
        'transaction-too-large',
        `${part.length} operations in one transaction; at most ${operationsPerTransactionMax}`,
      )
    }
  }
  const size = { bytes: 0 }
  const transaction: Transaction = {
    ...(conditions.length > 0 && { conditions: conditions.map((condition) => copyCondition(condition, size)) }),
    then: then.map((operation) => copyOperation(operation, size)),
    ...(otherwise.length > 0 && { otherwise: otherwise.map((operation) => copyOperation(operation, size)) }),
  }
  return { transaction, sizeBytes: size.bytes }
}

/** The same for the commonest one, without the detour. */
export function checkOperation(operation: Operation): CheckedTransaction {
  const size = { bytes: 0 }
  return { transaction: { then: [copyOperation(operation, size)] }, sizeBytes: size.bytes }
}

/** @throws CardumenError `value-too-large`, `option-invalid`. */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || key === '')
    throw new CardumenError('option-invalid', 'a key is a text of at least one character')
  // A lone half of a surrogate pair has no UTF-8, and would be stored as another key.
  if (/\p{Surrogate}/u.test(key)) throw new CardumenError('option-invalid', 'a key must be well-formed Unicode')
  if (key.length * 3 > keyBytesMax && toUtf8(key).length > keyBytesMax) {
    throw new CardumenError('value-too-large', `a key of over ${keyBytesMax} bytes`)
  }
}

/** @throws CardumenError `option-invalid`. */
export function checkLeaseTtl(ttlMs: number): void {
  if (ttlMs >= leaseTtlMsMin && ttlMs <= leaseTtlMsMax) return
  throw new CardumenError(
    'option-invalid',
    `ttlMs is ${ttlMs}; it must be between ${leaseTtlMsMin} and ${leaseTtlMsMax}`,
  )
}

function copyOperation(operation: Operation, size: { bytes: number }): Operation {
  checkKey(operation.key)
  size.bytes += operation.key.length
  if (operation.kind !== 'put') return { kind: operation.kind, key: operation.key }
  const value = copyValue(operation.value, size)
  return operation.lease === undefined
    ? { kind: 'put', key: operation.key, value }
    : { kind: 'put', key: operation.key, value, lease: operation.lease }
}

function copyCondition(condition: Condition, size: { bytes: number }): Condition {
  checkKey(condition.key)
  size.bytes += condition.key.length
  return condition.kind === 'value' ? { ...condition, equals: copyValue(condition.equals, size) } : { ...condition }
}

function copyValue(value: Uint8Array, size: { bytes: number }): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new CardumenError('option-invalid', 'a value must be a Uint8Array')
  if (value.length > valueBytesMax)
    throw new CardumenError('value-too-large', `a value of ${value.length} bytes; at most ${valueBytesMax}`)
  size.bytes += value.length
  // A new array of its own memory: cloning a view would carry over all of the buffer below it.
  return new Uint8Array(value)
}

/**
 * `TestAndSetLock`: one word that an indivisible exchange sets, for threads of one process.
 *
 * The cheapest, in no order: a customer may be overtaken for ever. The word does not say who set it, so nobody frees it
 * for a holder that died.
 */
import { testAndSet } from '../../protocols/shared-memory/test-and-set.ts'
import type { Unpack } from '../travel/kinds.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { type CustomerOptions, LockCustomer } from './lock-customer.ts'
import { CustomerTable, type RegisterLockOptions, type TableState } from './customer-table.ts'

export class TestAndSetLock implements Shareable {
  readonly #table: CustomerTable

  /** @throws CardumenError `option-invalid` */
  constructor(options: Pick<RegisterLockOptions, 'customers'> | TableState) {
    this.#table = new CustomerTable(testAndSet, options)
  }

  get customers(): number {
    return this.#table.customers
  }

  /**
   * Takes an identifier, from 1 on, for this thread or process: the object by which it enters and leaves.
   * @throws CardumenError `option-invalid`, `not-owner`: another one has it
   */
  customer(identifier: number, options?: CustomerOptions): LockCustomer {
    return new LockCustomer(this.#table, identifier, options)
  }

  [pack](): Packed {
    return { kind: 'testAndSetLock', state: this.#table.state }
  }
}

export const unpackTestAndSetLock: Unpack = (state: TableState) => new TestAndSetLock(state)

/**
 * `TicketLock`: numbers from a counter that all share, for threads of one process.
 *
 * First come, first served, at the cost of one indivisible addition. A customer that has drawn a number cannot give up, so
 * there is no `timeoutMs` and no `signal`; and one that dies stops everybody behind it for ever.
 */
import { ticket } from '../../protocols/shared-memory/ticket.ts'
import type { Unpack } from '../travel/kinds.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { type CustomerOptions, LockCustomer } from './lock-customer.ts'
import { CustomerTable, type RegisterLockOptions, type TableState } from './customer-table.ts'

export class TicketLock implements Shareable {
  readonly #table: CustomerTable

  /** @throws CardumenError `option-invalid` */
  constructor(options: Pick<RegisterLockOptions, 'customers'> | TableState) {
    this.#table = new CustomerTable(ticket, options)
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
    return { kind: 'ticketLock', state: this.#table.state }
  }
}

export const unpackTicketLock: Unpack = (state: TableState) => new TicketLock(state)

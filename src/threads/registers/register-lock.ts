/**
 * What the locks over single reads and writes have in common: they are a table of customers, whose registers can be taken for
 * 0 where one has died. They differ by the program that a customer runs.
 *
 * A base class, which this code keeps for errors otherwise: three classes would repeat it word for word.
 */
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import type { CustomerTable } from './customer-table.ts'
import { type CustomerOptions, LockCustomer } from './lock-customer.ts'

export abstract class RegisterLock implements Shareable {
  readonly #table: CustomerTable
  readonly #kind: string

  /** @param kind - its line in `kinds.ts`. */
  protected constructor(kind: string, table: CustomerTable) {
    this.#kind = kind
    this.#table = table
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
    return { kind: this.#kind, state: this.#table.state }
  }

  /**
   * The registers of a customer that is dead for certain, and only of one, are 0 again (Lamport's assumption): the others
   * go on, and another thread may take the identifier. Of a process that died the others find it out by themselves.
   * @throws CardumenError `not-owner`: that process is alive
   */
  reset(identifier: number): void {
    this.#table.reset(identifier)
  }

  /** Where it is for processes: this one uses it no more; its maker also removes the file. */
  close(): void {
    this.#table.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

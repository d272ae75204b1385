/**
 * `BakeryLock`: Lamport's bakery (1974) for threads of one process, or for processes of one host.
 *
 * First come, first served; single reads and writes, no indivisible instruction, no counter that all share. It costs a few
 * accesses for each customer that there could be, so it is for few customers, and for memory that has nothing better:
 * between threads of one process a `Lock` is faster, and wakes who waits.
 */
import { bakery } from '../../protocols/shared-memory/bakery.ts'
import type { Unpack } from '../travel/kinds.ts'
import { CustomerTable, type RegisterLockOptions, type TableState } from './customer-table.ts'
import { RegisterLock } from './register-lock.ts'

export class BakeryLock extends RegisterLock {
  /**
   * Registers of its own, all 0; or those of a lock that travelled here.
   * @throws CardumenError `option-invalid`, `memory-too-small`; between processes `state-unwritable`, `disk-full`
   */
  constructor(options: RegisterLockOptions | TableState) {
    super('bakeryLock', new CustomerTable(bakery, options))
  }
}

export const unpackBakeryLock: Unpack = (state: TableState) => new BakeryLock(state)

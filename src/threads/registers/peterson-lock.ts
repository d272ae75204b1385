/**
 * `PetersonLock`: Peterson's algorithm (1981), for two threads of one process, or two processes of one host.
 *
 * First come, first served. A file gives no more than the bakery asks for, and this asks for more: writes of `turn` by both
 * at once leave one of the two, and no read is torn. An aligned 8 bytes do so on the machines that we know; nobody
 * promises it.
 */
import { peterson } from '../../protocols/shared-memory/peterson.ts'
import type { Unpack } from '../travel/kinds.ts'
import { CustomerTable, type RegisterLockOptions, type TableState } from './customer-table.ts'
import { RegisterLock } from './register-lock.ts'

export class PetersonLock extends RegisterLock {
  /**
   * For customers 1 and 2. `processes`: they are processes of this host, which share a file.
   * @throws CardumenError `memory-too-small`; between processes `state-unwritable`, `disk-full`
   */
  constructor(options: Pick<RegisterLockOptions, 'processes'> | TableState = {}) {
    super('petersonLock', new CustomerTable(peterson, { ...options, customers: 2 }))
  }
}

export const unpackPetersonLock: Unpack = (state: TableState) => new PetersonLock(state)

/**
 * `DekkerLock`: Dekker's algorithm (by Dijkstra, 1965), for two threads of one process, or two processes of one host.
 *
 * The first correct one, and of historical interest: it keeps no order of arrival. As with `PetersonLock`, nobody promises
 * for a file what it asks for.
 */
import { dekker } from '../../protocols/shared-memory/dekker.ts'
import type { Unpack } from '../travel/kinds.ts'
import { CustomerTable, type RegisterLockOptions, type TableState } from './customer-table.ts'
import { RegisterLock } from './register-lock.ts'

export class DekkerLock extends RegisterLock {
  /**
   * For customers 1 and 2. `processes`: they are processes of this host, which share a file.
   * @throws CardumenError `memory-too-small`; between processes `state-unwritable`, `disk-full`
   */
  constructor(options: Pick<RegisterLockOptions, 'processes'> | TableState = {}) {
    super('dekkerLock', new CustomerTable(dekker, { ...options, customers: 2 }))
  }
}

export const unpackDekkerLock: Unpack = (state: TableState) => new DekkerLock(state)

/** A log of records on failing disks, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import type { Disk } from '../../edges/disk.ts'
import { assertFound, assertHolds, assertRepeats } from './fixtures/swarm.ts'
import { recordLog, recordLogOn } from './record-log.ts'

describe('a log of records', () => {
  it('loses nothing that it acknowledged and makes nothing up, whatever becomes of disks and machines', () =>
    assertHolds(recordLog, 40))

  it('goes the same way in two runs of one seed', () => assertRepeats(recordLog))

  it('is found broken on a disk that only says that it has synced', () =>
    assertFound(recordLogOn(withoutSync), ['durability', 'order'], 10))
})

function withoutSync(disk: Disk): Disk {
  return {
    ...disk,
    open: async (name) => ({ ...(await disk.open(name)), sync: () => Promise.resolve() }),
  }
}

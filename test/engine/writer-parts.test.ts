/** The parts of the writer's thread by themselves, where the file or the disk does what a whole engine seldom meets. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { tickMsMin } from '../../src/engines/sqlite/bounds.ts'
import { ownHolder } from '../../src/engines/sqlite/holder-liveness.ts'
import { LeaseWatch } from '../../src/engines/sqlite/lease-watch.ts'
import { Leases } from '../../src/engines/sqlite/leases.ts'
import { noLifeHandle } from '../../src/engines/sqlite/life-file.ts'
import { Room } from '../../src/engines/sqlite/room.ts'
import { openForWriting } from '../../src/engines/sqlite/schema.ts'
import { makeStateFolder, stateFiles } from '../../src/engines/sqlite/state-folder.ts'
import { Turn } from '../../src/engines/sqlite/turn.ts'
import { Writer } from '../../src/engines/sqlite/writer.ts'
import { temporaryFolder } from './engine-process.ts'

function partsIn(folder: string): { database: DatabaseSync; leases: Leases; writer: Writer } {
  const files = stateFiles(folder)
  makeStateFolder(files)
  const database = openForWriting(files.database)
  const leases = new Leases(database, { ...ownHolder(), lifeHandle: noLifeHandle }, () => undefined)
  return { database, leases, writer: new Writer(database, leases, new Turn(files.turn), files) }
}

describe('the watch over leases', () => {
  it('takes a file that another process keeps from being read for no news, and looks again soon', async () => {
    await using folder = await temporaryFolder()
    const { database, leases } = partsIn(folder.path)
    // Without WAL an exclusive lock keeps readers out, as the repair after a crash does with it.
    database.exec('PRAGMA journal_mode = DELETE')
    const watch = new LeaseWatch(database, leases, () => undefined)
    assert.equal(watch.hasNews(), true)
    const other = new DatabaseSync(join(folder.path, 'state.db'))
    other.exec('BEGIN EXCLUSIVE; UPDATE counters SET log_bytes = log_bytes + 1')
    assert.equal(watch.hasNews(), false)
    watch.suspect('of somebody', () => assert.fail('nobody is dead'))
    assert.deepEqual(watch.dueEndings(), [])
    assert.equal(watch.nextTickMs(), tickMsMin)
    other.exec('COMMIT')
    assert.equal(watch.hasNews(), true)
    assert.equal(watch.hasNews(), false)
    assert.ok(watch.nextTickMs() > tickMsMin)
    other.close()
    watch.close()
    database.close()
  })
})

describe('the writer', () => {
  it('syncs a commit after a renewal that did not, also where one of the two failed', async () => {
    await using folder = await temporaryFolder()
    const { database, writer } = partsIn(folder.path)
    const put = { kind: 'put', key: 'key', value: new Uint8Array(1) } as const
    const task = { kind: 'transact', transaction: { then: [put] }, sizeBytes: 1 } as const
    const isSynced = (): boolean => database.prepare('PRAGMA synchronous').get()?.['synchronous'] === 2
    writer.renew(['a lease'])
    assert.equal(isSynced(), false)
    // SQLite changes nothing about syncing inside a transaction: so this fails, and what is open is undone.
    database.exec('BEGIN')
    assert.equal(writer.commit([task], () => []).answers[0]?.kind, 'failed')
    assert.equal(writer.commit([task], () => []).answers[0]?.kind, 'done')
    assert.equal(isSynced(), true)
    database.close()
  })

  it('answers with a failure and throws nothing, whatever it cannot use any more', async () => {
    await using folder = await temporaryFolder()
    const { database, writer } = partsIn(folder.path)
    database.close()
    writer.renew(['a lease'])
    const { answers } = writer.commit([{ kind: 'revoke-lease', id: 'a lease' }], () => [])
    assert.deepEqual(
      answers.map((answer) => answer.kind),
      ['failed'],
    )
  })
})

describe('the room on a disk', () => {
  it('that cannot be asked is taken for enough, and nothing is thrown', async () => {
    await using folder = await temporaryFolder()
    const room = new Room(join(folder.path, 'absent'), folder.path)
    mkdirSync(join(folder.path, 'in the way'))
    assert.equal(room.isEnough(), true)
    assert.equal(room.isNone(), false)
    assert.equal(room.dropBallast(), false)
  })
})

/** The two threads of an engine: what the main one says when the other one is gone or has too much to do. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { outstandingBytesMax } from '../../src/engines/sqlite/bounds.ts'
import type { Done } from '../../src/edges/carried-out.ts'
import type { RequestedTask } from '../../src/engines/sqlite/requests.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import { WriterLink } from '../../src/engines/sqlite/writer-link.ts'
import { failsWith } from '../conformance/engine-assertions.ts'
import { temporaryFolder } from './engine-process.ts'

const openWaitMs = 10_000

describe("the writer's thread", () => {
  it('that dies fails what was not answered with executed unknown, and what comes later with no', async () => {
    await using folder = await temporaryFolder()
    const link = new WriterLink({ folder: folder.path, openWaitMs })
    await link.opened()
    const unanswered = failsWith(link.ask(put('a'), 1, revisionOf), 'engine-failed', 'unknown')
    await link.abandon()
    await unanswered
    await failsWith(link.ask(put('b'), 1, revisionOf), 'engine-failed', 'no')
    await link.close()
  })

  it('with too much to do is given no more', async () => {
    await using folder = await temporaryFolder()
    const link = new WriterLink({ folder: folder.path, openWaitMs })
    await link.opened()
    const accepted = link.ask(put('a'), outstandingBytesMax, revisionOf)
    await failsWith(link.ask(put('b'), 1, revisionOf), 'try-again')
    await accepted
    await link.ask(put('c'), 1, revisionOf)
    await link.close()
  })

  it('survives a file that was damaged under its hands, and says so', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    await engine.put('key', new Uint8Array(1))
    const saboteur = new DatabaseSync(join(folder.path, 'state.db'))
    saboteur.exec('ALTER TABLE changes RENAME TO hidden')
    await failsWith(engine.put('key', new Uint8Array(2)), 'engine-failed')
    saboteur.exec('ALTER TABLE hidden RENAME TO changes')
    saboteur.close()
    await engine.put('key', new Uint8Array(3))
    assert.equal((await engine.get('key'))?.value.length, 3)
  })
})

function put(key: string): RequestedTask {
  return { kind: 'transact', transaction: { then: [{ kind: 'put', key, value: new Uint8Array(1) }] }, sizeBytes: 1 }
}

function revisionOf(done: Done): number {
  return done.revision
}

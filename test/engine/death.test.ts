/** What happens to the file and to leases when processes die, stop or are busy. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Engine } from '../../src/edges/engine.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import { fromUtf8 } from '../../src/lib/text.ts'
import { until } from '../conformance/engine-assertions.ts'
import { EngineProcess, temporaryFolder } from './engine-process.ts'

const longTtlMs = 60_000

describe('a process killed while it writes', () => {
  it('loses nothing that was acknowledged and leaves a consistent file, at whatever instant it dies', async () => {
    await using folder = await temporaryFolder()
    for (let round = 0; round < 12; round++) {
      await using writer = await EngineProcess.start(folder.path)
      void writer.tryOrder({ kind: 'write-pairs' })
      const before = writer.acknowledged
      await until(() => writer.acknowledged > before, 'the first acknowledged write')
      const killAt = performance.now() + Math.random() * 60
      await until(() => performance.now() >= killAt, 'the moment to kill')
      writer.signal('SIGKILL')
      await writer.exited
      await using engine = await openSqliteEngine({ folder: folder.path })
      const stored = await numberAt(engine, 'pair/a')
      assert.equal(await numberAt(engine, 'pair/b'), stored)
      assert(stored >= writer.acknowledged, `stored ${stored}, acknowledged ${writer.acknowledged}`)
      assert.equal((await engine.list('log/')).entries.length, stored)
      assert.equal(integrityOf(folder.path), 'ok')
    }
  })

  it('while it begins a system leaves a folder that opens', async () => {
    await using parent = await temporaryFolder()
    for (let round = 0; round < 8; round++) {
      const folder = join(parent.path, String(round))
      await using beginner = new EngineProcess(folder)
      await until(() => existsSync(folder), 'the folder')
      const killAt = performance.now() + Math.random() * 8
      while (performance.now() < killAt) Math.sqrt(killAt)
      beginner.signal('SIGKILL')
      await beginner.exited
      await using engine = await openSqliteEngine({ folder })
      await engine.put('key', new Uint8Array(1))
    }
  })

  it('does not keep the others from writing, though it dies with the lock', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    for (let round = 0; round < 5; round++) {
      await using writer = await EngineProcess.start(folder.path)
      void writer.tryOrder({ kind: 'write-pairs' })
      const before = writer.acknowledged
      await until(() => writer.acknowledged > before, 'the first acknowledged write')
      const writes = Array.from({ length: 50 }, (_, index) => engine.put(`own/${index}`, new Uint8Array(10)))
      writer.signal('SIGKILL')
      await Promise.all(writes)
    }
  })
})

describe('a lease', () => {
  it('ends at once when its process is killed, and its keys with it', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    const tookMs: number[] = []
    for (let round = 0; round < 5; round++) {
      await using holder = await EngineProcess.start(folder.path)
      await holder.grantWithKey(longTtlMs, 'held')
      const startMs = performance.now()
      holder.signal('SIGKILL')
      await untilGone(engine, 'held')
      tookMs.push(performance.now() - startMs)
    }
    // The bound is 100 ms on a machine that has a core free for it; this one may be running other tests.
    assert(Math.min(...tookMs) < 100, `took ${tookMs.join(', ')} ms`)
  })

  it('ends at once for each of several processes that die together', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    const holders = await Promise.all(Array.from({ length: 4 }, () => EngineProcess.start(folder.path)))
    await Promise.all(holders.map((holder, index) => holder.grantWithKey(longTtlMs, `held/${index}`)))
    for (const holder of holders.slice(0, 3)) holder.signal('SIGKILL')
    await until(async () => (await engine.list('held/')).entries.length === 1, 'the end of three leases')
    assert.notEqual(await engine.get('held/3'), undefined)
    await Promise.all(holders.map((holder) => holder[Symbol.asyncDispose]()))
  })

  it('ends at once although the process that watches over its holder stands still', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    const holders = await Promise.all(Array.from({ length: 4 }, () => EngineProcess.start(folder.path)))
    await Promise.all(holders.map((holder, index) => holder.grantWithKey(longTtlMs, `held/${index}`)))
    for (const stopped of [0, 1, 2]) holders[stopped]?.signal('SIGSTOP')
    holders[3]?.signal('SIGKILL')
    await untilGone(engine, 'held/3')
    assert.equal((await engine.list('held/')).entries.length, 3)
    await Promise.all(holders.map((holder) => holder[Symbol.asyncDispose]()))
  })

  it('ends at a suspicion that is true, and outlives one that is false', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    await using dying = await EngineProcess.start(folder.path)
    await using living = await EngineProcess.start(folder.path)
    const [dyingLease, livingLease] = [
      await dying.grantWithKey(longTtlMs, 'dying'),
      await living.grantWithKey(longTtlMs, 'living'),
    ]
    dying.signal('SIGKILL')
    await dying.exited
    engine.suspect(dyingLease)
    engine.suspect(livingLease)
    engine.suspect('never granted')
    await untilGone(engine, 'dying')
    assert.notEqual(await engine.get('living'), undefined)
    assert.equal(await living.order({ kind: 'is-live', lease: livingLease }), true)
  })

  it('outlives a busy loop of its process that is longer than its time to live', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    await using holder = await EngineProcess.start(folder.path)
    const lease = await holder.grantWithKey(1_000, 'held')
    const { revision } = await engine.list('')
    await holder.order({ kind: 'busy', forMs: 4_000 })
    assert.equal(await holder.order({ kind: 'is-live', lease }), true)
    assert.equal((await engine.list('')).revision, revision)
    assert.equal(holder.hasEnded(lease), false)
  })

  it('of a stopped process runs out by time, not earlier, and the process learns of it when it goes on', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    await using holder = await EngineProcess.start(folder.path)
    const ttlMs = 1_500
    const lease = await holder.grantWithKey(ttlMs, 'held')
    const stoppedMs = performance.now()
    holder.signal('SIGSTOP')
    await untilGone(engine, 'held')
    // The last renewal was at most a third of the time to live before the stop.
    assert(performance.now() - stoppedMs > ttlMs / 2, 'ended too early')
    holder.signal('SIGCONT')
    assert.equal(await holder.order({ kind: 'is-live', lease }), false)
    await until(() => holder.hasEnded(lease), 'the holder learns of the end')
    const { code } = await holder.tryOrder({ kind: 'put', key: 'late', text: 'x', lease })
    assert.equal(code, 'lease-lost')
  })

  it('of an earlier life of the machine is dead at once', async () => {
    await using folder = await temporaryFolder()
    await using earlier = await openSqliteEngine({ folder: folder.path })
    const lease = await earlier.grantLease({ ttlMs: longTtlMs })
    await earlier.put('held', new Uint8Array(1), { lease: lease.id })
    const database = new DatabaseSync(join(folder.path, 'state.db'))
    database.exec(`UPDATE leases SET boot_id = 'another', pid = 1`)
    database.close()
    await using later = await openSqliteEngine({ folder: folder.path })
    await untilGone(later, 'held')
    await until(() => !lease.isLive(), 'the earlier one learns of it')
  })

  it('of another process that got the same number is not taken for its own', async () => {
    await using folder = await temporaryFolder()
    await using earlier = await openSqliteEngine({ folder: folder.path })
    const lease = await earlier.grantLease({ ttlMs: longTtlMs })
    await earlier.put('held', new Uint8Array(1), { lease: lease.id })
    const database = new DatabaseSync(join(folder.path, 'state.db'))
    database.exec(`UPDATE leases SET start_time = '1'`)
    database.close()
    await using later = await openSqliteEngine({ folder: folder.path })
    await untilGone(later, 'held')
  })
})

async function untilGone(engine: Engine, key: string): Promise<void> {
  await until(async () => (await engine.get(key)) === undefined, `the end of ${key}`)
}

async function numberAt(engine: Engine, key: string): Promise<number> {
  const entry = await engine.get(key)
  return Number(entry && fromUtf8(entry.value))
}

function integrityOf(folder: string): unknown {
  const database = new DatabaseSync(join(folder, 'state.db'))
  const result = database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
  database.close()
  return result
}

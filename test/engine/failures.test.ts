/** What the embedded engine does with folders and disks that are not as they should be. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import { formatVersion } from '../../src/engines/sqlite/schema.ts'
import { failsWith, textOf, within } from '../conformance/engine-assertions.ts'
import { EngineProcess, temporaryFolder } from './engine-process.ts'

describe('opening a state folder', () => {
  it('makes it for its user only', async () => {
    await using parent = await temporaryFolder()
    const folder = join(parent.path, 'deep', 'state')
    await using engine = await openSqliteEngine({ folder })
    await engine.put('key', new Uint8Array(1))
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  })

  it('works where its path has 200 characters, and more', async () => {
    await using parent = await temporaryFolder()
    for (const length of [200, 400]) {
      const folder = join(parent.path, ...Array.from({ length: length / 50 }, () => 'x'.repeat(49)))
      await using engine = await openSqliteEngine({ folder })
      await using second = await EngineProcess.start(folder)
      await second.order({ kind: 'put', key: 'key', text: 'value' })
      assert.equal(await textOf(engine, 'key'), 'value')
    }
  })

  it('by several processes at once begins one system', async () => {
    await using parent = await temporaryFolder()
    for (let round = 0; round < 3; round++) {
      const folder = join(parent.path, String(round))
      const opened = await Promise.all([
        EngineProcess.start(folder),
        EngineProcess.start(folder),
        openSqliteEngine({ folder }),
        openSqliteEngine({ folder }),
      ])
      const [left, right, first, second] = opened
      assert.equal(first.systemId, second.systemId)
      await Promise.all([
        left.order({ kind: 'put', key: 'left', text: '1' }),
        right.order({ kind: 'put', key: 'right', text: '2' }),
      ])
      assert.equal((await first.list('')).entries.length, 2)
      await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()))
    }
  })

  it('that cannot be made is refused with state-unwritable', async () => {
    await using parent = await temporaryFolder()
    writeFileSync(join(parent.path, 'file'), 'not a folder')
    await failsWith(openSqliteEngine({ folder: join(parent.path, 'file', 'state') }), 'state-unwritable')
    await failsWith(openSqliteEngine({ folder: join(parent.path, 'file') }), 'state-unwritable')
    await failsWith(openSqliteEngine({ folder: join(parent.path, 'x'.repeat(300)) }), 'state-unwritable')
  })

  it('that is not to be written to is refused with state-unwritable', {
    skip: canWriteAnywhere() && 'run it as another user than root',
  }, async () => {
    await using parent = await temporaryFolder()
    const folder = join(parent.path, 'state')
    mkdirSync(folder)
    chmodSync(folder, 0o500)
    await failsWith(openSqliteEngine({ folder }), 'state-unwritable')
    chmodSync(folder, 0o700)
  })

  it('of a newer format is refused with state-newer, and left as it was', async () => {
    await using folder = await temporaryFolder()
    await (await openSqliteEngine({ folder: folder.path })).close()
    changeFile(folder.path, `PRAGMA user_version = ${formatVersion + 1}`)
    await failsWith(openSqliteEngine({ folder: folder.path }), 'state-newer')
    changeFile(folder.path, `PRAGMA user_version = ${formatVersion}`)
    await (await openSqliteEngine({ folder: folder.path })).close()
  })

  it('with garbage in place of the file is refused with state-damaged, also garbage with the right beginning', async () => {
    for (const garbage of [
      randomBytes(10_000),
      Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(10_000)]),
      Buffer.from('text'),
    ]) {
      await using folder = await temporaryFolder()
      writeFileSync(join(folder.path, 'state.db'), garbage)
      await failsWith(openSqliteEngine({ folder: folder.path }), 'state-damaged')
    }
  })

  it("with another program's database is refused with state-damaged", async () => {
    await using folder = await temporaryFolder()
    changeFile(folder.path, 'CREATE TABLE somebody_elses (x)')
    await failsWith(openSqliteEngine({ folder: folder.path }), 'state-damaged')
  })

  it('that was begun and not finished goes on where it was', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(join(folder.path, 'state.db'), '')
    await using engine = await openSqliteEngine({ folder: folder.path })
    await engine.put('key', new Uint8Array(1))
  })

  it('can be given up, and leaves nothing running', async () => {
    await using folder = await temporaryFolder()
    await failsWith(openSqliteEngine({ folder: folder.path, signal: AbortSignal.abort() }), 'cancelled')
    const abort = new AbortController()
    const opening = openSqliteEngine({ folder: folder.path, signal: abort.signal })
    abort.abort()
    await failsWith(opening, 'cancelled')
  })

  it('that another process keeps locked is given up when its time is over', async () => {
    await using folder = await temporaryFolder()
    const blocker = new DatabaseSync(join(folder.path, 'state.db'))
    blocker.exec('BEGIN EXCLUSIVE')
    await failsWith(openSqliteEngine({ folder: folder.path, openTimeoutMs: 300 }), 'timed-out')
    blocker.close()
  })
})

describe('a full disk', { skip: !canMount() && 'needs root, to mount a small tmpfs: run the tests with sudo' }, () => {
  it('refuses puts with disk-full and goes on when there is room again; leases and deletes go on meanwhile', async () => {
    using disk = smallDisk(24)
    await using engine = await openSqliteEngine({ folder: join(disk.path, 'state') })
    const lease = await engine.grantLease({ ttlMs: 1_000 })
    await engine.put('kept', new Uint8Array(10), { lease: lease.id })
    disk.fill()
    const fullUntil = performance.now() + 2_000
    await failsWith(engine.put('refused', new Uint8Array(10)), 'disk-full')
    await engine.put('deleted', new Uint8Array(0)).catch(() => undefined)
    while (performance.now() < fullUntil) await failsWith(engine.put('refused', new Uint8Array(10)), 'disk-full')
    assert.equal(lease.isLive(), true)
    assert.notEqual(await engine.get('kept'), undefined)
    assert.notEqual(await engine.delete('kept'), undefined)
    disk.free()
    await engine.put('after', new Uint8Array(10))
    assert.equal(await engine.get('refused'), undefined)
  })

  it('that fills in the middle of a commit loses nothing else, and frees what the attempt took', async () => {
    using disk = smallDisk(24)
    await using engine = await openSqliteEngine({ folder: join(disk.path, 'state') })
    await engine.put('before', new Uint8Array(10))
    const values = Array.from(
      { length: 40 },
      (_, index) => ({ kind: 'put', key: `large/${index}`, value: new Uint8Array(1_000_000) }) as const,
    )
    await failsWith(engine.transact({ then: values }), 'disk-full')
    assert.equal((await engine.list('large/')).entries.length, 0)
    await engine.put('after', new Uint8Array(10))
    assert.notEqual(await engine.get('before'), undefined)
  })

  it('is told as disk-full when a folder is to be opened on it', async () => {
    using disk = smallDisk(4)
    disk.fill()
    const opening = openSqliteEngine({ folder: join(disk.path, 'state') })
    await assert.rejects(
      opening,
      (error: { code?: string }) => error.code === 'disk-full' || error.code === 'state-unwritable',
    )
    disk.free()
    await (await openSqliteEngine({ folder: join(disk.path, 'state') })).close()
  })
})

describe('a state file that goes while it is open', () => {
  const changes: Readonly<Record<string, (folder: string) => void>> = {
    'is removed with its folder': (folder) => rmSync(folder, { recursive: true }),
    'is replaced by another one': (folder) => {
      renameSync(folder, `${folder}-away`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'state.db'), '')
    },
  }
  for (const [what, change] of Object.entries(changes)) {
    it(`because it ${what} fails the engine with state-damaged, and ends its leases`, async () => {
      await using parent = await temporaryFolder()
      const folder = join(parent.path, 'state')
      await using engine = await openSqliteEngine({ folder })
      const lease = await engine.grantLease({ ttlMs: 60_000 })
      const seen = engine.watch('')[Symbol.asyncIterator]().next()
      const failureBefore = engine.failure
      assert.equal(failureBefore, undefined)
      change(folder)
      await within(failsWith(seen, 'state-damaged', 'unknown'), 'the failure of the watch')
      await within(lease.ended, 'the end of the lease')
      assert.equal(engine.failure?.code, 'state-damaged')
      await failsWith(engine.put('key', new Uint8Array(1)), 'state-damaged')
      await using next = await openSqliteEngine({ folder })
      assert.notEqual(next.systemId, engine.systemId)
    })
  }
})

describe('the write lock', () => {
  it('held by another program for a moment delays writes and loses none', async () => {
    await using folder = await temporaryFolder()
    await using engine = await openSqliteEngine({ folder: folder.path })
    const blocker = new DatabaseSync(join(folder.path, 'state.db'))
    blocker.exec('BEGIN IMMEDIATE')
    let isDone = false
    const writing = engine.put('key', new Uint8Array(1)).then(() => (isDone = true))
    await engine.get('key')
    assert.equal(isDone, false)
    blocker.exec('COMMIT')
    await within(writing, 'the write')
    blocker.close()
  })
})

function changeFile(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, 'state.db'))
  database.exec(sql)
  database.close()
}

function canWriteAnywhere(): boolean {
  return process.getuid?.() === 0
}

function canMount(): boolean {
  if (process.platform !== 'linux' || !canWriteAnywhere()) return false
  try {
    using disk = smallDisk(1)
    return disk.path !== ''
  } catch {
    return false
  }
}

function smallDisk(mebibytes: number): { path: string; fill(): void; free(): void; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'cardumen-disk-'))
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      // The engine writes meanwhile, so it is not known beforehand how much will fit.
      const handle = openSync(filler, 'w')
      const page = new Uint8Array(4_096)
      try {
        for (;;) writeSync(handle, page)
      } catch {
        closeSync(handle)
      }
      assert.equal(statfsSync(path).bavail, 0)
    },
    free: () => rmSync(filler),
    [Symbol.dispose]() {
      execFileSync('/bin/umount', ['--lazy', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** What the audit keeps, in the real engine: its order, its bound, and what it does when the engine refuses. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Engine } from '../../edges/engine.ts'
import { openSqliteEngine } from '../../engines/sqlite/sqlite-engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { Audit, type AuditNote, type AuditRecord, auditRowsMax, auditTrimEvery } from './audit.ts'
import { HandClock } from '../fixtures/hand-clock.ts'

const atOnce = 32
const caller = address(memberId('caller'), incarnation(7))

describe('the audit', { timeout: 60_000 }, () => {
  let folder: string
  let engine: Engine
  let clock: HandClock

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cardumen-audit-'))
    engine = await openSqliteEngine({ folder })
  })
  beforeEach(async () => {
    clock = new HandClock()
    for (;;) {
      const { entries } = await engine.list('audit/', { entriesMax: 128 })
      if (entries.length === 0) break
      await engine.transact({ then: entries.map(({ key }) => ({ kind: 'delete', key })) })
    }
  })
  after(async () => {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('tells who did what to which object, as which user, when', async () => {
    await auditOf('server').record({ ...note('/mail'), what: 'revoked', object: 3, branch: 'ab' })
    assert.deepEqual(await read(), [
      { what: 'revoked', who: caller, user: 'ada', name: '/mail', object: 3, branch: 'ab', atMs: clock.wallMs() },
    ])
  })

  it('tells the newest first, of all writers', async () => {
    const [one, other] = [auditOf('one'), auditOf('other')]
    await one.record(note('/1'))
    await clock.advance(5)
    await other.record(note('/2'))
    await clock.advance(5)
    await one.record(note('/3'))
    assert.deepEqual(
      (await read()).map(({ name }) => name),
      ['/3', '/2', '/1'],
    )
    assert.deepEqual(
      (await read({ entriesMax: 2 })).map(({ name }) => name),
      ['/3', '/2'],
    )
    assert.deepEqual(await read({ entriesMax: 0 }), [])
  })

  it('has a row of a transaction only where the transaction was carried out', async () => {
    const audit = auditOf('server')
    const change = (name: string) => ({ then: [audit.operation(note(name))] })
    await engine.transact({ conditions: [{ kind: 'present', key: 'no such key' }], ...change('/not done') })
    await engine.transact(change('/done'))
    assert.deepEqual(
      (await read()).map(({ name }) => name),
      ['/done'],
    )
  })

  it('says of an act that failed after it was recorded that it failed', async () => {
    const recorded = await auditOf('server').record(note('/kept'))
    await recorded.failed('directory-not-empty')
    assert.deepEqual(
      (await read()).map(({ failed }) => failed),
      ['directory-not-empty'],
    )
  })

  it('fails where the engine does, so that nothing goes unrecorded in silence', async () => {
    const broken = { ...engineOver(engine), transact: () => Promise.reject(new CardumenError('disk-full', 'full')) }
    await assert.rejects(auditOf('server', broken).record(note('/x')), { code: 'disk-full' })
  })

  it('keeps the newest 10,000 rows when two writers write and trim at once', async () => {
    await fill(auditRowsMax)
    await clock.advance(1_000_000)
    const writers = [auditOf('one'), auditOf('other')]
    const each = 2 * auditTrimEvery + 32
    await Promise.all(writers.map((audit, index) => writeMany(audit, `/writer ${index}`, each)))
    await Promise.all(writers.map((audit) => audit.settled()))
    const records = await read({ entriesMax: 20_000 })
    assert.ok(records.length <= auditRowsMax + 2 * auditTrimEvery, `${records.length} rows`)
    assert.ok(records.length >= auditRowsMax, `${records.length} rows`)
    assert.equal(records.filter(({ name }) => name?.startsWith('/writer')).length, 2 * each)
  })

  it('is trimmed by the first act of a new writer, so that many short lives do not fill it', async () => {
    await fill(auditRowsMax + 300)
    const audit = auditOf('short')
    await audit.record(note('/one act'))
    await audit.settled()
    const { length } = await read({ entriesMax: 20_000 })
    assert.ok(length <= auditRowsMax + 1, `${length} rows`)
  })

  it('passes over rows that are none', async () => {
    for (const [index, text] of ['', 'null', '[]', '{"what":1}', 'not json'].entries())
      await engine.put(`audit/000000000000${index}/x#1/0`, new TextEncoder().encode(text))
    await auditOf('server').record(note('/real'))
    assert.deepEqual(
      (await read()).map(({ name }) => name),
      ['/real'],
    )
  })

  function auditOf(name: string, over: Engine = engine): Audit {
    const self = address(memberId(name), incarnation(1))
    return new Audit({ engine: over, clock, self, userOf: (of) => (of === caller ? 'ada' : undefined) })
  }

  async function read(options: { readonly entriesMax?: number } = {}): Promise<readonly AuditRecord[]> {
    const records: AuditRecord[] = []
    for await (const record of auditOf('reader').read(options)) records.push(record)
    return records
  }

  async function fill(rows: number): Promise<void> {
    const value = new TextEncoder().encode(JSON.stringify({ what: 'entered', who: caller, atMs: 1, user: 'old' }))
    for (let at = 0; at < rows; at += 128) {
      const count = Math.min(128, rows - at)
      const key = (index: number): string => `audit/0000000000001/old#1/${String(at + index).padStart(9, '0')}`
      await engine.transact({
        then: Array.from({ length: count }, (_, index) => ({ kind: 'put', key: key(index), value })),
      })
    }
  }
})

/** Some at once, as calls come. */
async function writeMany(audit: Audit, name: string, count: number): Promise<void> {
  for (let written = 0; written < count; written += atOnce)
    await Promise.all(Array.from({ length: atOnce }, () => audit.record(note(name))))
}

function note(name: string): AuditNote {
  return { what: 'entered', who: caller, name }
}

/** Its methods are on its class, which a spread would leave behind. */
function engineOver(engine: Engine): Engine {
  return {
    ...{ systemId: engine.systemId, failure: undefined },
    ...{ get: engine.get.bind(engine), list: engine.list.bind(engine), transact: engine.transact.bind(engine) },
    ...{ put: engine.put.bind(engine), delete: engine.delete.bind(engine), watch: engine.watch.bind(engine) },
    ...{
      grantLease: engine.grantLease.bind(engine),
      suspect: engine.suspect.bind(engine),
      close: engine.close.bind(engine),
    },
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

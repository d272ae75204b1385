/** A directory of very many rows: it is read page by page, and nobody else waits for that. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { allRights, rights } from '../../src/kernel/capabilities/rights.ts'
import { fromUtf8Lenient } from '../../src/lib/text.ts'
import type { Directory } from '../../src/servers/directory/client.ts'
import { DirectoryService } from '../../src/servers/directory/interface.ts'
import { rowsScannedMax } from '../../src/servers/directory/reads.ts'
import { encodeHead, encodeRow, headKeyOf, rowKeyOf } from '../../src/servers/directory/rows.ts'
import { DirectorySystem, namesIn } from './fixtures/directory-system.ts'

const rowsCount = 100_000
const rowsPerTransaction = 128

describe('a directory of a hundred thousand rows', () => {
  let directories: DirectorySystem
  before(async () => {
    directories = await DirectorySystem.begin()
    await directories.served(async (root) => {
      const large = await root.create('/large')
      await fill(directories.system, large)
    })
  })
  after(() => directories[Symbol.asyncDispose]())

  it('is listed whole, in order, each row once', () =>
    directories.served(async (root) => {
      const names = await namesIn(root, '/large')
      assert.equal(names.length, rowsCount)
      assert.ok(names.every((name, at) => name === nameOf(at)))
    }))

  it('is begun to be read at once, and left early without reading the rest', () =>
    directories.served(async (root) => {
      let count = 0
      for await (const { name } of root.list('/large')) {
        assert.equal(name, nameOf(count))
        if (++count === 10) break
      }
      assert.equal(count, 10)
    }))

  it('shows somebody the one row that is not hidden from him, and others are answered meanwhile', () =>
    directories.served(async (root) => {
      const large = (await root.open('/large')).restrict({ rights: ['group'] })
      let isListed = false
      const listing = namesIn(large, '/').then((names) => {
        isListed = true
        return names
      })
      let answered = 0
      while (!isListed) {
        await root.lookup('/large')
        if (!isListed) answered++
      }
      assert.deepEqual(await listing, [nameOf(rowsCount - 1)])
      assert.ok(answered > 10, `${answered} look-ups were answered`)
    }))

  it('is gone through in bounded calls by somebody who sees almost nothing, with positions that tell him no name', () =>
    directories.served(async (root) => {
      const large = (await root.open('/large')).restrict({ rights: ['group'] })
      const client = directories.system.member.open(DirectoryService, large.capability)
      const wanted = { rowsMax: 1_024, columns: false, capabilities: false, prefix: undefined, after: undefined }
      let page = await client.list({ ...wanted, position: undefined })
      let calls = 1
      for (; page.rows.length === 0; calls++) {
        assert.ok(page.more && page.position !== undefined)
        assert.ok(!fromUtf8Lenient(page.position).includes('row'))
        page = await client.list({ ...wanted, position: page.position })
      }
      assert.deepEqual([page.rows.map(([name]) => name), page.more], [[nameOf(rowsCount - 1)], false])
      assert.equal(calls, Math.ceil(rowsCount / rowsScannedMax))
    }))
})

/** By way of the engine, as entering each alone would take minutes. */
async function fill({ member: { engine } }: System, large: Directory): Promise<void> {
  const { object } = Capability.partsOf(large.capability)
  for (let at = 0; at < rowsCount; at += rowsPerTransaction) {
    const count = Math.min(rowsPerTransaction, rowsCount - at)
    await engine.transact({
      then: Array.from({ length: count }, (_, more) => {
        const masks = [allRights, at + more === rowsCount - 1 ? rights.read : 0, 0, 0]
        const row = { masks, capabilities: [large.capability], enteredMs: 0, enteredBy: 'test' }
        return { kind: 'put', key: rowKeyOf(object, nameOf(at + more)), value: encodeRow(row) }
      }),
    })
  }
  const head = encodeHead({ columns: [], count: rowsCount, changes: [] })
  await engine.put(headKeyOf(object), head)
}

function nameOf(at: number): string {
  return `row${String(at).padStart(6, '0')}`
}

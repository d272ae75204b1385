/**
 * Opening, closing, and what outlives it.
 *
 * Openers stand for processes here: an engine object shares nothing with another one but the system.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytes, failsWith, textOf, WatchReader } from './engine-assertions.ts'
import type { MakeEngines } from './engine.ts'

export function describeLifetime(makeEngines: MakeEngines): void {
  describe('lifetime', () => {
    it('every opener of a system sees the same system identifier', async () => {
      await using engines = await makeEngines()
      const [first, second] = [await engines.open(), await engines.open()]
      assert.equal(first.systemId, second.systemId)
      assert.match(first.systemId, /^[0-9a-f]{32}$/)
    })

    it('two systems have different identifiers', async () => {
      await using left = await makeEngines()
      await using right = await makeEngines()
      assert.notEqual((await left.open()).systemId, (await right.open()).systemId)
    })

    it('what was acknowledged is there after everybody has closed, and revisions go on growing', async () => {
      await using engines = await makeEngines()
      const first = await engines.open()
      const written = await first.put('kept', bytes('value'))
      await first.close()
      const second = await engines.open()
      assert.equal(await textOf(second, 'kept'), 'value')
      assert.equal(second.systemId, first.systemId)
      assert((await second.put('later', bytes('x'))) > written)
    })

    it('writes that were asked for before close are carried out and acknowledged', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const writes = Array.from({ length: 50 }, (_, index) => engine.put(`key/${index}`, bytes('x')))
      await engine.close()
      await Promise.all(writes)
      assert.equal((await (await engines.open()).list('key/')).entries.length, 50)
    })

    it('a closed engine refuses everything with closed', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.close()
      await failsWith(engine.get('a'), 'closed')
      await failsWith(engine.list('a'), 'closed')
      await failsWith(engine.put('a', bytes('x')), 'closed')
      await failsWith(engine.delete('a'), 'closed')
      await failsWith(engine.transact({ then: [] }), 'closed')
      await failsWith(engine.grantLease({ ttlMs: 1_000 }), 'closed')
      await failsWith(new WatchReader(engine.watch('')).next(), 'closed')
    })

    it('closing twice is harmless, and disposal closes', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await Promise.all([engine.close(), engine.close()])
      await engine[Symbol.asyncDispose]()
      await failsWith(engine.get('a'), 'closed')
    })
  })
}

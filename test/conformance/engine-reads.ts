/**
 * `get` and `list`: what they see, in which order, and of which moment.
 *
 * Keys are drawn from all of Unicode, since the order of UTF-8 bytes is not the one of JavaScript.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromUtf8 } from '../../src/lib/text.ts'
import { bytes, failsWith, keysUnder, textOf } from './engine-assertions.ts'
import type { MakeEngines } from './engine.ts'

export function describeReads(makeEngines: MakeEngines): void {
  describe('reads', () => {
    it('an absent key reads as undefined', async () => {
      await using engines = await makeEngines()
      assert.equal(await (await engines.open()).get('absent'), undefined)
    })

    it('a read sees what another opener has had acknowledged', async () => {
      await using engines = await makeEngines()
      const [writer, reader] = [await engines.open(), await engines.open()]
      for (let round = 0; round < 20; round++) {
        await writer.put('key', bytes(String(round)))
        assert.equal(await textOf(reader, 'key'), String(round))
      }
    })

    it('an entry tells the revision of its last write and the one that created it', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const created = await engine.put('key', bytes('1'))
      const changed = await engine.put('key', bytes('2'))
      assert.deepEqual(await engine.get('key'), {
        key: 'key',
        value: bytes('2'),
        revision: changed,
        createdRevision: created,
        lease: undefined,
      })
      await engine.delete('key')
      const recreated = await engine.put('key', bytes('3'))
      assert.equal((await engine.get('key'))?.createdRevision, recreated)
    })

    it('an empty value is a value', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('empty', new Uint8Array(0))
      assert.deepEqual((await engine.get('empty'))?.value, new Uint8Array(0))
    })

    it('a listing has the keys under the prefix and no others', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      for (const key of ['a', 'a/', 'a/1', 'a/2', 'a0', 'b', 'a\u{10ffff}', 'a\u{10ffff}x', '\u{d7ff}1', '\u{e000}1'])
        await engine.put(key, bytes(key))
      assert.deepEqual(await keysUnder(engine, 'a/'), ['a/', 'a/1', 'a/2'])
      assert.deepEqual(await keysUnder(engine, 'a\u{10ffff}'), ['a\u{10ffff}', 'a\u{10ffff}x'])
      assert.deepEqual(await keysUnder(engine, '\u{d7ff}'), ['\u{d7ff}1'])
      assert.deepEqual(await keysUnder(engine, 'c'), [])
      assert.equal((await engine.list('')).entries.length, 10)
    })

    it('keys stand in the order of their UTF-8 bytes', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(key, { minLength: 2, maxLength: 8 }), async (keys) => {
          const before = await keysUnder(engine, '')
          const clear = before.map((old) => ({ kind: 'delete', key: old }) as const)
          await engine.transact({ then: clear })
          await engine.transact({ then: keys.map((one) => ({ kind: 'put', key: one, value: bytes(one) })) })
          const expected = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
          assert.deepEqual(await keysUnder(engine, ''), expected)
          const middle = expected[Math.floor(expected.length / 2)] ?? ''
          const rest = await engine.list('', { after: middle })
          assert.deepEqual(
            rest.entries.map((entry) => entry.key),
            expected.slice(expected.indexOf(middle) + 1),
          )
        }),
        { numRuns: 40 },
      )
    })

    it('pages follow each other without gap or repetition, and say whether there is more', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const keys = Array.from({ length: 10 }, (_, index) => `page/${index}`)
      await engine.transact({ then: keys.map((key) => ({ kind: 'put', key, value: bytes(key) })) })
      await engine.put('pagf', bytes('outside'))
      const seen: string[] = []
      const mores: boolean[] = []
      for (let after: string | undefined; ; ) {
        const page = await engine.list('page/', after === undefined ? { entriesMax: 4 } : { after, entriesMax: 4 })
        seen.push(...page.entries.map((entry) => entry.key))
        mores.push(page.more)
        after = page.entries.at(-1)?.key
        if (!page.more) break
      }
      assert.deepEqual(seen, keys)
      assert.deepEqual(mores, [true, true, false])
      assert.equal((await engine.list('page/', { entriesMax: 10 })).more, false)
    })

    it('after a key before the prefix means from its start', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('m/1', bytes('x'))
      assert.equal((await engine.list('m/', { after: 'a' })).entries.length, 1)
      assert.equal((await engine.list('m/', { after: 'z' })).entries.length, 0)
    })

    it('a listing names the revision of the last transaction that wrote', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const written = await engine.put('key', bytes('x'))
      assert.equal((await engine.list('nothing/')).revision, written)
    })

    it('all entries of a listing are of one moment', async () => {
      await using engines = await makeEngines()
      const [writer, reader] = [await engines.open(), await engines.open()]
      const set = (left: number): Promise<unknown> =>
        writer.transact({
          then: [
            { kind: 'put', key: 'sum/a', value: bytes(String(left)) },
            { kind: 'put', key: 'sum/z', value: bytes(String(100 - left)) },
          ],
        })
      await set(0)
      let isWriting = true
      const writing = (async () => {
        for (let round = 0; round < 300; round++) await set(round % 100)
        isWriting = false
      })()
      while (isWriting) {
        const { entries, revision } = await reader.list('sum/')
        const sum = entries.reduce((total, entry) => total + Number(fromUtf8(entry.value)), 0)
        assert.equal(sum, 100)
        assert(entries.every((entry) => entry.revision <= revision))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writing
    })

    it('a key that is empty or no well-formed Unicode is refused', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await failsWith(engine.get(''), 'option-invalid')
      await failsWith(engine.put('\ud800', bytes('x')), 'option-invalid')
    })
  })
}

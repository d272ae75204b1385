/**
 * `watch`: which changes it gives, from where, until when, and what it says when it comes too late.
 *
 * How soon it gives them is measured by the bench.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { revision } from '../../src/lib/identifiers.ts'
import { bytes, described, failsWith, WatchReader } from './engine-assertions.ts'
import type { MakeEngines } from './engine.ts'

export function describeWatches(makeEngines: MakeEngines): void {
  describe('watches', () => {
    it('without a revision a watch gives what is written after the call', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('w/before', bytes('x'))
      const watch = new WatchReader(engine.watch('w/'))
      await engine.put('w/after', bytes('y'))
      assert.deepEqual(described(await watch.take(1)), [['put w/after=y']])
      await watch.stop()
    })

    it('it gives the changes under its prefix only, also those of another opener', async () => {
      await using engines = await makeEngines()
      const [watcher, writer] = [await engines.open(), await engines.open()]
      const watch = new WatchReader(watcher.watch('w/'))
      await writer.put('v', bytes('no'))
      await writer.put('w/1', bytes('yes'))
      await writer.put('w0', bytes('no'))
      await writer.delete('w/1')
      await writer.delete('w/1')
      await watcher.put('w/2', bytes('own'))
      assert.deepEqual(described(await watch.take(3)), [['put w/1=yes'], ['delete w/1'], ['put w/2=own']])
      await watch.stop()
    })

    it('the changes of one transaction come together, with its revision', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('w/gone', bytes('x'))
      const watch = new WatchReader(engine.watch('w/'))
      const { revision: written } = await engine.transact({
        then: [
          { kind: 'put', key: 'w/a', value: bytes('1') },
          { kind: 'put', key: 'elsewhere', value: bytes('2') },
          { kind: 'delete', key: 'w/gone' },
        ],
      })
      const [batch] = await watch.take(1)
      assert.equal(batch?.revision, written)
      assert.deepEqual(described(batch ? [batch] : []), [['put w/a=1', 'delete w/gone']])
      await watch.stop()
    })

    it('it resumes from a revision, neither losing nor repeating any', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const revisions = []
      for (let index = 0; index < 30; index++)
        revisions.push(await engine.put(index % 2 === 0 ? 'w/even' : 'v/odd', bytes(String(index))))
      const whole = new WatchReader(engine.watch('w/', { from: revision(0) }))
      const history = [...described(await whole.take(15))]
      await whole.stop()
      for (const start of [0, 1, 7, 8, 29]) {
        const watch = new WatchReader(engine.watch('w/', { from: revisions[start] ?? revision(0) }))
        history.push([`put w/last=${start}`])
        await engine.put('w/last', bytes(String(start)))
        const rest = history.slice(Math.ceil(start / 2))
        assert.deepEqual(described(await watch.take(rest.length)), rest)
        await watch.stop()
      }
    })

    it('from a later revision it waits for that', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const now = await engine.put('w/0', bytes('0'))
      const watch = new WatchReader(engine.watch('w/', { from: revision(now + 3) }))
      for (const text of ['1', '2', '3']) await engine.put(`w/${text}`, bytes(text))
      assert.deepEqual(described(await watch.take(1)), [['put w/3=3']])
      await watch.stop()
    })

    it('a listing and a watch from the next revision together miss nothing', async () => {
      await using engines = await makeEngines()
      const [reader, writer] = [await engines.open(), await engines.open()]
      const writing = Promise.all(Array.from({ length: 300 }, (_, index) => writer.put(`w/${index}`, bytes('x'))))
      await writer.get('w/0')
      const { entries, revision: listed } = await reader.list('w/')
      const watch = new WatchReader(reader.watch('w/', { from: revision(listed + 1) }))
      const rest = await watch.take(300 - entries.length)
      await writing
      const keys = [
        ...entries.map((entry) => entry.key),
        ...rest.flatMap((batch) => batch.changes.map((change) => change.key)),
      ]
      assert.equal(new Set(keys).size, 300)
      assert.equal(keys.length, 300)
      await watch.stop()
    })

    it('a watch that reads slowly gets everything in the end', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const watch = new WatchReader(engine.watch('w/'))
      const count = 6_000
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          engine.put(index % 3 === 0 ? `w/${index}` : `v/${index}`, bytes('x')),
        ),
      )
      const keys = (await watch.take(count / 3)).flatMap((batch) => batch.changes.map((change) => change.key))
      assert.deepEqual(
        keys,
        Array.from({ length: count / 3 }, (_, index) => `w/${index * 3}`),
      )
      await watch.stop()
    })

    it('it ends when its signal aborts, also one that was aborted before', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const abort = new AbortController()
      const watch = new WatchReader(engine.watch('w/', { signal: abort.signal }))
      const end = watch.isAtEnd()
      await engine.put('elsewhere', bytes('x'))
      abort.abort()
      assert.equal(await end, true)
      await engine.put('w/late', bytes('x'))
      assert.equal(await watch.isAtEnd(), true)
      assert.equal(
        await new WatchReader(engine.watch('w/', { from: revision(0), signal: abort.signal })).isAtEnd(),
        true,
      )
    })

    it('it ends when the engine closes, and when it is returned from', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const closed = new WatchReader(engine.watch('w/'))
      const returned = new WatchReader(engine.watch('w/'))
      const [closedEnd, returnedEnd] = [closed.isAtEnd(), returned.isAtEnd()]
      await returned.stop()
      assert.equal(await returnedEnd, true)
      await engine.close()
      assert.equal(await closedEnd, true)
    })

    it('from a revision that is no longer kept it fails with compacted, and a listing helps', async () => {
      await using engines = await makeEngines()
      const [engine, writer] = [await engines.open(), await engines.open()]
      const old = await writer.put('w/old', bytes('x'))
      const slow = new WatchReader(engine.watch('w/'))
      await writer.put('w/missed', bytes('x'))
      await engines.compact(writer)
      await failsWith(new WatchReader(engine.watch('w/', { from: old })).next(), 'compacted')
      await failsWith(slow.next(), 'compacted')
      const listing = await engine.list('w/')
      assert.deepEqual(
        listing.entries.map((entry) => entry.key),
        ['w/missed', 'w/old'],
      )
      const watch = new WatchReader(engine.watch('w/', { from: revision(listing.revision + 1) }))
      await writer.put('w/new', bytes('x'))
      assert.deepEqual(described(await watch.take(1)), [['put w/new=x']])
      await watch.stop()
    })

    it('values and leases of changes are those of the transaction, not of now', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const lease = await engine.grantLease({ ttlMs: 10_000 })
      const watch = new WatchReader(engine.watch('w/'))
      await engine.put('w/a', bytes('first'), { lease: lease.id })
      await engine.put('w/a', bytes('second'))
      const batches = await watch.take(2)
      assert.deepEqual(described(batches), [['put w/a=first'], ['put w/a=second']])
      const leases = batches
        .map((batch) => batch.changes[0])
        .map((change) => (change?.kind === 'put' ? change.lease : 'none'))
      assert.deepEqual(leases, [lease.id, undefined])
      await watch.stop()
    })
  })
}

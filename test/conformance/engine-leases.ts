/**
 * Leases, as far as they can be seen without a process dying: grant, renewal, revocation, and the keys below them.
 *
 * Their end by death and by time needs whole processes, which each engine tests for itself.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytes, described, failsWith, keysUnder, textOf, until, WatchReader, within } from './engine-assertions.ts'
import type { MakeEngines } from './engine.ts'

const ttlMs = 5_000

export function describeLeases(makeEngines: MakeEngines): void {
  describe('leases', () => {
    it('a granted lease is live, and an entry names the lease it was put under', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const lease = await engine.grantLease({ ttlMs })
      assert.equal(lease.isLive(), true)
      await engine.put('key', bytes('x'), { lease: lease.id })
      assert.equal((await engine.get('key'))?.lease, lease.id)
    })

    it('keys put under a lease are deleted with it, in one transaction that watches see', async () => {
      await using engines = await makeEngines()
      const [engine, other] = [await engines.open(), await engines.open()]
      const lease = await engine.grantLease({ ttlMs })
      await engine.put('l/1', bytes('x'), { lease: lease.id })
      await engine.transact({ then: [{ kind: 'put', key: 'l/2', value: bytes('x'), lease: lease.id }] })
      const last = await engine.put('l/3', bytes('x'))
      const watch = new WatchReader(other.watch('l/'))
      await lease.revoke()
      assert.deepEqual(await keysUnder(other, 'l/'), ['l/3'])
      const batches = await watch.take(1)
      assert.deepEqual(
        described(batches).map((changes) => [...changes].sort()),
        [['delete l/1', 'delete l/2']],
      )
      assert.equal(batches[0]?.revision, last + 1)
      await watch.stop()
    })

    it('a lease that was revoked has ended, is not live, and may be revoked again', async () => {
      await using engines = await makeEngines()
      const lease = await (await engines.open()).grantLease({ ttlMs })
      await lease.revoke()
      await within(lease.ended, 'the end of the lease')
      assert.equal(lease.isLive(), false)
      await lease.revoke()
    })

    it('a put under an ended lease is refused, with all of its transaction', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const lease = await engine.grantLease({ ttlMs })
      await lease.revoke()
      await failsWith(engine.put('key', bytes('x'), { lease: lease.id }), 'lease-lost')
      const transaction = engine.transact({
        then: [
          { kind: 'put', key: 'a', value: bytes('x') },
          { kind: 'put', key: 'b', value: bytes('x'), lease: lease.id },
        ],
      })
      await failsWith(transaction, 'lease-lost')
      await failsWith(engine.put('key', bytes('x'), { lease: 'never granted' }), 'lease-lost')
      assert.deepEqual(await keysUnder(engine, ''), [])
    })

    it('only the branch that is taken needs its leases', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.transact({
        then: [{ kind: 'put', key: 'a', value: bytes('x') }],
        otherwise: [{ kind: 'put', key: 'b', value: bytes('x'), lease: 'never granted' }],
      })
      assert.deepEqual(await keysUnder(engine, ''), ['a'])
    })

    it('another opener may put under a lease; a later put without one frees the key from it', async () => {
      await using engines = await makeEngines()
      const [holder, other] = [await engines.open(), await engines.open()]
      const lease = await holder.grantLease({ ttlMs })
      await other.put('bound', bytes('x'), { lease: lease.id })
      await holder.put('freed', bytes('x'), { lease: lease.id })
      await other.put('freed', bytes('kept'))
      await lease.revoke()
      assert.equal(await other.get('bound'), undefined)
      assert.equal(await textOf(other, 'freed'), 'kept')
    })

    it('a lease is renewed by itself, also while the main thread is busy for longer than its time to live', async () => {
      await using engines = await makeEngines()
      const [holder, other] = [await engines.open(), await engines.open()]
      const lease = await holder.grantLease({ ttlMs: 500 })
      await holder.put('key', bytes('x'), { lease: lease.id })
      const until = performance.now() + 1_500
      while (performance.now() < until) Math.sqrt(until)
      assert.equal(lease.isLive(), true)
      assert.equal(await textOf(other, 'key'), 'x')
    })

    it('the leases of one opener end when it closes, the ones of another do not', async () => {
      await using engines = await makeEngines()
      const [first, second] = [await engines.open(), await engines.open()]
      const [lost, kept] = [await first.grantLease({ ttlMs }), await second.grantLease({ ttlMs })]
      await first.put('lost', bytes('x'), { lease: lost.id })
      await second.put('kept', bytes('x'), { lease: kept.id })
      await first.close()
      await within(lost.ended, 'the end of the lease')
      assert.equal(lost.isLive(), false)
      await until(async () => (await second.get('lost')) === undefined, 'the end of the key')
      assert.equal(kept.isLive(), true)
      assert.equal(await textOf(second, 'kept'), 'x')
    })

    it('a time to live that makes no sense is refused', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await failsWith(engine.grantLease({ ttlMs: wrong }), 'option-invalid')
    })
  })
}

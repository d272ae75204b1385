/** When a holder that has doubted its lease may believe in it again: where it has stood all the while, and only there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Lease } from '../../edges/engine.ts'
import { toUtf8 } from '../../lib/text.ts'
import { TestClient, TestTime } from './fixtures/test-time.ts'
import type { VirtualEngine } from './virtual-engine.ts'
import { VirtualEngineStore } from './virtual-engine-store.ts'

const ttlMs = 3_000

interface World {
  readonly time: TestTime
  readonly store: VirtualEngineStore
  readonly engine: VirtualEngine
  readonly lease: Lease
}

async function holderOfKey(seed: number): Promise<World> {
  const time = new TestTime(seed)
  const store = new VirtualEngineStore({ time, seed })
  const engine = store.connect(new TestClient('m1', time))
  const lease = await time.settled(engine.grantLease({ ttlMs }))
  await time.settled(engine.put('key', toUtf8('x'), { lease: lease.id }))
  return { time, store, engine, lease }
}

describe('a lease that its holder has doubted', () => {
  it('is not believed in again once its end is decided, though the holder is back before that is on disk', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { time, store, lease } = await holderOfKey(seed)
      store.setUnreachable('m1', true)
      await time.runUntil(ttlMs - 5)
      while (lease.isLive()) await time.runUntil(time.nowMs + 0.5)
      store.setUnreachable('m1', false)
      for (let step = 0; step < 50; step++) {
        await time.runUntil(time.nowMs + 0.1)
        assert.equal(lease.isLive(), false, `seed ${seed}, step ${step}`)
      }
      await time.settled(lease.ended)
    }
  })

  it('is believed in again after the engine was down, since nobody could end it meanwhile', async () => {
    const { time, store, engine, lease } = await holderOfKey(1)
    store.crash()
    await time.runUntil(2 * ttlMs)
    assert.equal(lease.isLive(), false)
    store.restart()
    await time.runUntil(2 * ttlMs + 10)
    assert.equal(lease.isLive(), true)
    assert.notEqual(await time.settled(engine.get('key')), undefined)
  })
})

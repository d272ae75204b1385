/** How a member leaves when something is in its way: its callers hear at once, and nobody's process ends by it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { join } from '../../src/cardumen.ts'
import type { Engine } from '../../src/edges/engine.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import { hostClock } from '../../src/host/clock.ts'
import { hostCrypto } from '../../src/host/crypto.ts'
import { openSocketFolder } from '../../src/host/socket-folder.ts'
import { UnixTcpNetwork } from '../../src/host/unix-tcp-network.ts'
import { Member } from '../../src/kernel/member.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { outcomeOf } from '../calls/fixtures/outcomes.ts'
import { Probe } from '../calls/fixtures/probe-service.ts'
import { TestSystem, until, within } from '../calls/fixtures/test-system.ts'

describe('a member that leaves', () => {
  let test: TestSystem
  before(async () => {
    test = await TestSystem.begin()
  })
  after(() => test[Symbol.asyncDispose]())

  it('fails the calls under way before it waits for the engine', async () => {
    const system = await test.join({ name: 'server' })
    const running = Promise.withResolvers<void>()
    await test.serveHere(system, { name: 'probe' }, (what) => {
      if (what === 'running held') running.resolve()
    })
    const folder = joinPath(test.home, 'main')
    await using engine = await openSqliteEngine({ folder })
    const writeLock = Promise.withResolvers<void>()
    const network = new UnixTcpNetwork({ kind: 'unix', folder: await openSocketFolder(folder) })
    const own = { pid: process.pid, host: hostname(), user: 'tester' }
    const edges = { network, clock: hostClock, crypto: hostCrypto, random: seededRandom(1), process: own }
    const member = await Member.join(
      { ...edges, engine: revokingAfter(engine, writeLock.promise) },
      { name: 'leaving' },
    )
    const call = outcomeOf(member.open(Probe, 'probe').run({ id: 'held', behaviour: 'hold' }))
    await within(running.promise, 'the call')
    const closed = member.close()
    assert.deepEqual(await within(call, 'the outcome'), { code: 'closed', executed: 'unknown' })
    writeLock.resolve()
    await closed
    await until(() => !system.members().some(({ id }) => id === 'leaving'), 'its row is gone')
  })

  it('because it was asked to, and cannot close cleanly, warns instead of ending the process', async () => {
    const system = await join({ home: test.home, name: 'asked' })
    const { engine } = system.member
    Object.defineProperty(engine, 'close', {
      configurable: true,
      value: () => Promise.reject(new Error('the disk is gone')),
    })
    const warned = once(process, 'warning')
    system.stop()
    const [warning] = (await within(warned, 'the warning')) as readonly Error[]
    assert.equal(warning?.name, 'CardumenWarning')
    assert.match(warning.message, /the disk is gone/)
    Reflect.deleteProperty(engine, 'close')
    await engine.close()
    await assert.rejects(system.close(), /the disk is gone/)
  })
})

/** The engine, whose leases are given back only after another has let go of the write lock. */
function revokingAfter(engine: Engine, writeLock: Promise<void>): Engine {
  return new Proxy(engine, {
    get: (target, name) => {
      if (name !== 'grantLease') {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      return async (options: { readonly ttlMs: number }) => {
        const lease = await target.grantLease(options)
        return {
          id: lease.id,
          ended: lease.ended,
          isLive: () => lease.isLive(),
          revoke: () => writeLock.then(() => lease.revoke()),
        }
      }
    },
  })
}

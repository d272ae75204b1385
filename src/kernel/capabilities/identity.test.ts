/** What outlives a server's process: its port, its key, and what it has revoked. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Engine } from '../../edges/engine.ts'
import { hostCrypto } from '../../host/crypto.ts'
import { type Port, revision } from '../../lib/identifiers.ts'
import { toUtf8 } from '../../lib/text.ts'
import { TestClient, TestTime } from '../../sim/engine/fixtures/test-time.ts'
import { VirtualEngineStore } from '../../sim/engine/virtual-engine-store.ts'
import { GuardedService } from '../fixtures/guarded-service.ts'
import { drawnIdentity, keptIdentity } from './identity.ts'
import { allRights } from './rights.ts'

const opened = `object 1 rights ${allRights}`

/** An engine in memory, of which every life has its own connection. */
class Lives {
  readonly #time = new TestTime(1, { drivesItself: true })
  readonly #store = new VirtualEngineStore({ time: this.#time, seed: 1 })
  #count = 0

  engine(): Engine {
    return this.#store.connect(new TestClient(`life${++this.#count}`, this.#time))
  }

  /** A server that has taken the port over. */
  async serve(name = 'keeper', engine = this.engine()): Promise<GuardedService> {
    const identity = await keptIdentity(engine, hostCrypto, name)
    const guarded = new GuardedService({ identity, systemId: engine.systemId })
    const portRevision = await engine.put(rowOf(identity.port), toUtf8(String(this.#count)))
    await guarded.service.load({ engine, identity: name, port: identity.port, portRevision })
    return guarded
  }
}

function rowOf(port: Port): string {
  return `port/${port}`
}

describe('an identity', () => {
  it('that is drawn is another each time', () => {
    const [one, other] = [drawnIdentity(hostCrypto), drawnIdentity(hostCrypto)]
    assert.notEqual(one.port, other.port)
    assert.notDeepEqual(one.key, other.key)
    assert.equal(one.keptAs, undefined)
  })

  it('that is kept is the same in a later life, and another under another name', async () => {
    const lives = new Lives()
    const first = await keptIdentity(lives.engine(), hostCrypto, 'keeper')
    const second = await keptIdentity(lives.engine(), hostCrypto, 'keeper')
    const other = await keptIdentity(lives.engine(), hostCrypto, 'other')
    const { port, key, keyId, getPort } = first
    assert.deepEqual([second.port, second.key, second.keyId, second.getPort], [port, key, keyId, getPort])
    assert.notEqual(other.port, port)
  })

  it('is the same for two that ask for it at once', async () => {
    const lives = new Lives()
    const [one, other] = await Promise.all(
      [lives.engine(), lives.engine()].map((engine) => keptIdentity(engine, hostCrypto, 'keeper')),
    )
    assert.deepEqual(one?.getPort, other?.getPort)
  })

  it('is not taken from a row that is none, nor kept under a name that is none', async () => {
    const engine = new Lives().engine()
    await engine.put('identity/damaged', new Uint8Array(3))
    await assert.rejects(keptIdentity(engine, hostCrypto, 'damaged'), { code: 'engine-failed' })
    for (const name of ['', '../x', 'a/b', 'A', 'x'.repeat(65)])
      await assert.rejects(keptIdentity(engine, hostCrypto, name), { code: 'name-invalid' })
  })
})

describe('a server that starts again', () => {
  it('takes the capabilities that its earlier life gave out, and those narrowed from them', async () => {
    const lives = new Lives()
    const capability = (await lives.serve()).service.capabilityFor(1)
    const later = await lives.serve()
    assert.equal(later.verdict(capability), opened)
    assert.equal(later.verdict(capability.restrict({ rights: 'read' })), 'object 1 rights 2')
  })

  it('refuses what was revoked, whole or by branch, and only that', async () => {
    const lives = new Lives()
    const { service } = await lives.serve()
    const [gone, kept] = [service.capabilityFor(2), service.capabilityFor(1)]
    const [branch, sibling] = [kept.restrict({ rights: 'read' }), kept.restrict({ rights: 'all', expiresAt: 2e6 })]
    await service.revokeAll(2)
    await service.revokeBranch(1, branch.branch)
    const later = await lives.serve()
    for (const capability of [gone, branch, branch.restrict({ operations: ['look'] })])
      assert.equal(later.verdict(capability), 'capability-revoked')
    for (const capability of [kept, sibling]) assert.equal(later.verdict(capability), opened)
    assert.equal(later.verdict(later.service.capabilityFor(2)), `object 2 rights ${allRights}`)
  })

  it('knows every one of thousands of revocations', async () => {
    const lives = new Lives()
    const { service } = await lives.serve()
    const objects = Array.from({ length: 2_500 }, (_, index) => index)
    const before = objects.map((object) => service.capabilityFor(object))
    await Promise.all(objects.map((object) => service.revokeAll(object)))
    const later = await lives.serve()
    assert.deepEqual([...new Set(before.map((capability) => later.verdict(capability)))], ['capability-revoked'])
  })
})

describe('a revocation', () => {
  it('by a server whose port is another’s by now is not kept, but counts for it', async () => {
    const lives = new Lives()
    const old = await lives.serve()
    const capability = old.service.capabilityFor(1)
    const replacement = await lives.serve()
    await assert.rejects(old.service.revokeAll(1), { code: 'lease-lost', executed: 'no' })
    await assert.rejects(old.service.revokeBranch(1, capability.branch), { code: 'lease-lost' })
    assert.equal(old.verdict(capability), 'capability-revoked')
    assert.equal(replacement.verdict(capability), opened)
    assert.equal((await lives.serve()).verdict(capability), opened)
  })

  it('counts from the moment it is asked for, also where the engine fails then', async () => {
    const lives = new Lives()
    const engine = lives.engine()
    const guarded = await lives.serve('keeper', engine)
    const capability = guarded.service.capabilityFor(1)
    assert.equal(guarded.verdict(capability), opened)
    await engine.close()
    const revoking = guarded.service.revokeAll(1)
    assert.equal(guarded.verdict(capability), 'capability-revoked')
    await assert.rejects(revoking, { code: 'closed', executed: 'unknown' })
    assert.equal(guarded.verdict(capability), 'capability-revoked')
  })

  it('of all leaves no row of the branches that were revoked before it', async () => {
    const lives = new Lives()
    const engine = lives.engine()
    const { service } = await lives.serve('keeper', engine)
    const capability = service.capabilityFor(1)
    for (let rights = 1; rights <= 120; rights++) await service.revokeBranch(1, capability.restrict({ rights }).branch)
    assert.equal((await engine.list('identity/keeper/revoked/')).entries.length, 120)
    await service.revokeAll(1)
    assert.equal((await engine.list('identity/keeper/revoked/')).entries.length, 0)
    assert.equal((await engine.list('identity/keeper/generation/')).entries.length, 1)
  })

  it('of a branch is forgotten an hour after that has expired by itself, and not before', async () => {
    const lives = new Lives()
    const engine = lives.engine()
    const guarded = await lives.serve('keeper', engine)
    const branchOf = (rights: number): string => guarded.service.capabilityFor(1).restrict({ rights }).branch
    await guarded.service.revokeBranch(1, branchOf(1), guarded.nowMs + 5_000)
    const rowsAfter = async (ms: number, rights: number): Promise<number> => {
      guarded.nowMs += ms
      await guarded.service.revokeBranch(1, branchOf(rights))
      return (await engine.list('identity/keeper/revoked/')).entries.length
    }
    assert.equal(await rowsAfter(3_600_000, 2), 2)
    assert.equal(await rowsAfter(5_001, 3), 2)
  })

  it('of more branches of one object than are kept is refused, until all of it is revoked', async () => {
    const { service } = new GuardedService()
    const branch = (number: number): string => number.toString(16).padStart(32, '0')
    for (let number = 0; number < 1_024; number++) await service.revokeBranch(1, branch(number))
    await service.revokeBranch(1, branch(5))
    await assert.rejects(service.revokeBranch(1, branch(1_024)), { code: 'too-large', executed: 'no' })
    await service.revokeAll(1)
    await service.revokeBranch(1, branch(1_024))
  })

  it('of what is no branch is refused', async () => {
    const { service } = new GuardedService()
    for (const branch of ['', 'x'.repeat(32), '0'.repeat(31), `${'0'.repeat(32)}/..`])
      await assert.rejects(service.revokeBranch(1, branch), { code: 'option-invalid' })
  })

  it('of what is no number of an object is refused', async () => {
    const { service } = new GuardedService()
    for (const object of [-1, 1.5, Number.NaN, 2 ** 53, '1' as unknown as number]) {
      await assert.rejects(service.revokeAll(object), { code: 'option-invalid' })
      await assert.rejects(service.revokeBranch(object, '0'.repeat(32)), { code: 'option-invalid' })
    }
  })

  it('that cannot be read is not taken for none', async () => {
    const lives = new Lives()
    const engine = lives.engine()
    const { service } = await lives.serve('keeper', engine)
    await service.revokeAll(1)
    await engine.put('identity/keeper/generation/1', Uint8Array.of(1))
    await assert.rejects(lives.serve('keeper', engine), { code: 'engine-failed' })
  })

  it('is not written under another revision of the port’s row', async () => {
    const lives = new Lives()
    const engine = lives.engine()
    const { service, identity } = await lives.serve('keeper', engine)
    await service.load({ engine, identity: 'keeper', port: identity.port, portRevision: revision(1) })
    await assert.rejects(service.revokeAll(1), { code: 'lease-lost' })
    assert.equal((await engine.list('identity/keeper/generation/')).entries.length, 0)
  })
})

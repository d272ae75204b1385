/** Taking capabilities back by `std.revoke`: who may, what is refused afterwards, and what the audit has of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Capability } from '../capabilities/capability.ts'
import { serverOf } from '../fixtures/standard-server.ts'
import { allRights, rightsOf } from '../capabilities/rights.ts'

describe('std.revoke', () => {
  it('of everything leaves one capability, which allows no more than the one that it was asked with', async () => {
    const server = serverOf({})
    const full = server.service.capabilityFor(1)
    const held = full.restrict({ rights: ['admin', 'read'], operations: ['std.revoke', 'std.info'], expiresAt: 9e12 })
    const fresh = (await server.call('revoke', held, {})) as Capability
    for (const old of [full, held]) assert.equal(server.refusalOf('info', old), 'capability-revoked')
    assert.equal(server.refusalOf('info', fresh), undefined)
    assert.equal(server.refusalOf('status', fresh), 'right-missing')
    assert.deepEqual([fresh.rights, fresh.expiresAtMs], [rightsOf(['admin', 'read']), 9e12])
  })

  it('of everything, and of a branch by its name, needs the right admin', async () => {
    const server = serverOf({})
    const weak = server.service.capabilityFor(1, ['read', 'modify', 'destroy'])
    await assert.rejects(server.call('revoke', weak, {}), { code: 'right-missing', executed: 'no' })
    await assert.rejects(server.call('revoke', weak, { branch: weak.branch }), { code: 'right-missing' })
    assert.equal(server.refusalOf('info', weak), undefined)
    assert.deepEqual(server.notes, [])
  })

  it('of a branch refuses it and all narrowed from it, and leaves what it was made of', async () => {
    const server = serverOf({})
    const full = server.service.capabilityFor(1)
    const given = full.restrict({ rights: ['read'] })
    const passedOn = given.restrict({ operations: ['std.info'] })
    await server.call('revoke', full, { branch: given.branch })
    for (const old of [given, passedOn]) assert.equal(server.refusalOf('info', old), 'capability-revoked')
    assert.equal(server.refusalOf('info', full), undefined)
    assert.deepEqual(
      server.notes.map(({ what, branch }) => [what, branch]),
      [['branch-revoked', given.branch]],
    )
  })

  it('of the branch that all others are of is refused, since nothing would open the object any more', async () => {
    const server = serverOf({})
    const full = server.service.capabilityFor(1)
    await assert.rejects(server.call('revoke', full, { branch: full.branch }), { code: 'option-invalid' })
    assert.equal(server.refusalOf('info', full), undefined)
    assert.deepEqual(server.notes, [])
  })

  it('by whoever made a narrower capability needs no right', async () => {
    const server = serverOf({})
    const held = server.service.capabilityFor(1, 'read')
    const given = held.restrict({ operations: ['std.info'] })
    await server.call('revoke', held, { capability: given })
    assert.equal(server.refusalOf('info', given), 'capability-revoked')
    assert.equal(server.refusalOf('info', held), undefined)
  })

  it('by those without admin takes half of the room at most, and leaves no note of what it refuses', async () => {
    const server = serverOf({})
    const owner = server.service.capabilityFor(1)
    const held = owner.restrict({ rights: 'read' })
    const drawn = (number: number): Capability => held.restrict({ expiresAt: 9e12 + number })
    for (let number = 0; number < 512; number++) await server.call('revoke', held, { capability: drawn(number) })
    await assert.rejects(server.call('revoke', held, { capability: drawn(512) }), { code: 'too-large', executed: 'no' })
    assert.equal(server.notes.length, 512)
    assert.equal(server.refusalOf('info', drawn(512)), undefined)
    await server.call('revoke', held, { capability: drawn(7) })
    await server.call('revoke', owner, { capability: held })
    assert.equal(server.refusalOf('info', held), 'capability-revoked')
  })

  it('refuses one that is the same, wider, of another branch, of another object or forged', async () => {
    const server = serverOf({})
    const full = server.service.capabilityFor(1)
    const held = full.restrict({ rights: ['read'] })
    const forged = Capability.toBytes(held.restrict({ operations: ['info'] }))
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const others = {
      same: held,
      wider: full,
      sideways: full.restrict({ rights: ['modify'] }).restrict({ rights: ['read'] }),
      'of another object': server.service
        .capabilityFor(2)
        .restrict({ rights: ['read'] })
        .restrict({ rights: 0 }),
      'of another server': serverOf({})
        .service.capabilityFor(1)
        .restrict({ rights: ['read'] })
        .restrict({ rights: 0 }),
      forged: Capability.fromBytes(forged) ?? held,
    }
    for (const [what, capability] of Object.entries(others))
      await assert.rejects(server.call('revoke', held, { capability }), { code: 'right-missing' }, what)
    assert.equal(server.refusalOf('info', full), undefined)
  })

  it('counts though the audit cannot be written, and says so', async () => {
    const server = serverOf({})
    const full = server.service.capabilityFor(1)
    server.breakAudit()
    await assert.rejects(server.call('revoke', full, {}), { code: 'disk-full', executed: 'yes' })
    assert.equal(server.refusalOf('info', full), 'capability-revoked')
  })

  it('tells the service before it is acknowledged', async () => {
    const told: [number, Capability][] = []
    const server = serverOf({ revoked: (object, fresh) => void told.push([object, fresh]) })
    await server.call('revoke', server.service.capabilityFor(1, 'admin'), {})
    const [[object, fresh] = [0, server.service.capabilityFor(0)]] = told
    assert.deepEqual([object, fresh.rights], [1, allRights])
    assert.equal(server.refusalOf('info', fresh), undefined)
  })
})

/** What a service asks of those who call it, in which order, and what it remembers of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { caller, GuardedService } from '../fixtures/guarded-service.ts'
import { allRights } from '../capabilities/rights.ts'
import { encodeBareSelector, encodeSelector } from './selector.ts'

const all = `object 0 rights ${allRights}`

describe('an operation', () => {
  it('is called with the rights that it needs, all of them, and told from the capability’s', () => {
    const guarded = new GuardedService()
    const both = guarded.service.capabilityFor(0, ['read', 'modify'])
    assert.equal(guarded.verdict(both, 'change'), 'object 0 rights 6')
    for (const rights of ['read', 'modify', 'admin'] as const)
      assert.equal(guarded.verdict(both.restrict({ rights }), 'change'), 'right-missing')
    assert.equal(guarded.verdict(both.restrict({ rights: 0 }), 'hello'), 'object 0 rights 0')
  })

  it('is refused with a text that says what it needs and what there was', () => {
    const { service } = new GuardedService()
    const told = (selector: Uint8Array): string => {
      try {
        service.admit(selector, caller, { publicKeyOf: () => undefined, mayVerify: () => true })
        return ''
      } catch (error) {
        assert.ok(error instanceof CardumenError)
        return error.message
      }
    }
    const narrow = service.capabilityFor(0).restrict({ rights: ['modify', 'group'] })
    assert.equal(
      told(encodeSelector(narrow, 'change')),
      'guarded.change needs read modify; the capability grants modify group.',
    )
    const other = service.capabilityFor(0).restrict({ operations: ['hello', 'look'] })
    assert.equal(
      told(encodeSelector(other, 'change')),
      'guarded.change was called with a capability for only hello, look.',
    )
  })

  it('that the capability is not for is refused, also where two lists leave none', () => {
    const guarded = new GuardedService()
    const some = guarded.service.capabilityFor(0).restrict({ operations: ['look', 'hello'] })
    assert.deepEqual(
      ['look', 'hello', 'change'].map((operation) => guarded.verdict(some, operation)),
      [all, all, 'right-missing'],
    )
    const none = some.restrict({ operations: ['change'] })
    for (const operation of ['look', 'hello', 'change']) {
      assert.equal(guarded.verdict(none, operation), 'right-missing')
    }
  })

  it('that does not exist is told to holders of a capability that is in force, and to nobody else', () => {
    const guarded = new GuardedService()
    const genuine = guarded.service.capabilityFor(0)
    assert.equal(guarded.verdict(genuine, 'nothing'), 'operation-unknown')
    assert.equal(guarded.verdict(genuine, ''), 'operation-unknown')
    assert.equal(guarded.verdict(genuine.restrict({ expiresAt: 1 }), 'nothing'), 'capability-expired')
    assert.equal(guarded.verdict(genuine.restrict({ holder: new Uint8Array(32) }), 'nothing'), 'capability-refused')
    const stranger = encodeSelector(new GuardedService().service.capabilityFor(0), 'nothing')
    assert.equal(guarded.verdictOfSelector(stranger), 'capability-refused')
  })

  it('that every service has is called by its own name, and clashes with none', () => {
    const guarded = new GuardedService()
    guarded.service.addOperations(
      new Map([['std.look', { definition: { right: 'destroy' }, handler: () => undefined }]]),
    )
    const capability = guarded.service.capabilityFor(0).restrict({ operations: ['look', 'std.look'] })
    assert.equal(guarded.verdict(capability.restrict({ rights: 'destroy' }), 'std.look'), 'object 0 rights 8')
    assert.equal(guarded.verdict(capability.restrict({ rights: 'destroy' }), 'look'), 'right-missing')
  })
})

describe('a request', () => {
  it('that shows no capability is served only where the service is bare', () => {
    assert.equal(new GuardedService().verdictOfSelector(encodeBareSelector('look')), 'capability-refused')
    const bare = new GuardedService({ isBare: true })
    assert.equal(bare.verdictOfSelector(encodeBareSelector('look')), all)
    assert.equal(bare.verdictOfSelector(encodeBareSelector('nothing')), 'operation-unknown')
  })

  it('whose selector says more bytes than it has, or is none, is refused', () => {
    const guarded = new GuardedService()
    const selector = encodeSelector(guarded.service.capabilityFor(0), 'look')
    for (const bytes of [new Uint8Array(0), new Uint8Array(1), Uint8Array.of(255, 255), selector.subarray(0, 60)])
      assert.equal(guarded.verdictOfSelector(bytes), 'capability-refused')
  })

  it('is verified once, and remembered until something of its object is revoked', () => {
    const guarded = new GuardedService()
    const [one, other] = [guarded.service.capabilityFor(1), guarded.service.capabilityFor(2)]
    const looksOf = (verdict: () => string): number => {
      const before = guarded.looks
      verdict()
      return guarded.looks - before
    }
    const useOne = (): string => guarded.verdict(one)
    const useOther = (): string => guarded.verdict(other)
    assert.deepEqual([useOne, useOther, useOne, useOther, useOne].map(looksOf), [1, 1, 0, 0, 0])
    void guarded.service.revokeBranch(1, other.branch)
    assert.deepEqual([useOne, useOther, useOne].map(looksOf), [1, 0, 0])
  })

  it('of a caller that is throttled is not looked at, unless it is known to be right', () => {
    const guarded = new GuardedService()
    const [known, unknown] = [guarded.service.capabilityFor(1), guarded.service.capabilityFor(2)]
    guarded.verdict(known)
    guarded.mayVerify = false
    assert.equal(guarded.verdict(known), `object 1 rights ${allRights}`)
    assert.equal(guarded.verdict(unknown), 'throttled')
  })

  it('is not believed for what was opened by other means than a call', () => {
    const guarded = new GuardedService()
    const capability = guarded.service.capabilityFor(1)
    assert.ok(guarded.service.opens(capability) !== undefined)
    assert.equal(guarded.verdictOfSelector(encodeSelector(capability, '')), 'operation-unknown')
  })
})

describe('a revocation', () => {
  const guarded = new GuardedService()
  const wide = guarded.service.capabilityFor(1)
  const [left, right] = [wide.restrict({ rights: 'read' }), wide.restrict({ rights: 'all', expiresAt: 9_999_999 })]
  const below = left.restrict({ operations: ['look'] })
  const works = (...all: readonly (typeof wide)[]): readonly boolean[] =>
    all.map((capability) => guarded.verdict(capability).startsWith('object'))

  it('of a branch refuses it and what descends from it, but no parent, no sibling and no other object', () => {
    assert.deepEqual(works(wide, left, right, below), [true, true, true, true])
    void guarded.service.revokeBranch(1, left.branch)
    assert.deepEqual(works(wide, left, right, below), [true, false, true, false])
    assert.equal(guarded.verdict(below), 'capability-revoked')
    assert.deepEqual(works(guarded.service.capabilityFor(2).restrict({ rights: 'read' })), [true])
    assert.deepEqual(works(left.restrict({ rights: 'read' }), wide.restrict({ rights: 3 })), [false, true])
  })

  it('of all refuses everything that was given out before, and nothing that is given out after', () => {
    const elsewhere = guarded.service.capabilityFor(2)
    void guarded.service.revokeAll(1)
    assert.deepEqual(works(wide, left, right, below, elsewhere), [false, false, false, false, true])
    const anew = guarded.service.capabilityFor(1)
    assert.deepEqual(works(anew, anew.restrict({ rights: 'read' })), [true, true])
    assert.equal(guarded.verdict(wide), 'capability-revoked')
  })
})

describe('what a server opens for itself', () => {
  const guarded = new GuardedService()
  const { service } = guarded
  const capability = service.capabilityFor(4).restrict({ rights: ['read', 'group'] })
  const ours = new Uint8Array(32).fill(1)

  it('is its own, with the rights that are left', () => {
    const { object, rights } = service.opens(capability) ?? {}
    assert.deepEqual([object, rights], [4, 0x202])
    assert.equal(new GuardedService().service.opens(capability), undefined)
    assert.equal(service.opens(new GuardedService().service.capabilityFor(4)), undefined)
  })

  it('is nothing that has expired or was revoked since it was opened first', () => {
    const [soon, branch] = [capability.restrict({ expiresAt: 2_000_000 }), capability.restrict({ rights: 'read' })]
    assert.ok(service.opens(soon) !== undefined && service.opens(branch) !== undefined)
    guarded.nowMs = 2_000_000
    assert.equal(service.opens(soon), undefined)
    void service.revokeBranch(4, branch.branch)
    assert.equal(service.opens(branch), undefined)
    assert.ok(service.opens(capability) !== undefined)
  })

  it('is, where it is narrowed to operations or a holder, only for a use that says so', () => {
    const [bound, some] = [capability.restrict({ holder: ours }), capability.restrict({ operations: ['look'] })]
    assert.equal(service.opens(bound), undefined)
    assert.ok(service.opens(bound, { publicKey: ours }) !== undefined)
    assert.equal(service.opens(bound), undefined)
    assert.equal(service.opens(bound, { publicKey: new Uint8Array(32) }), undefined)
    assert.equal(service.opens(some), undefined)
    assert.equal(service.opens(some, { operation: 'change' }), undefined)
    assert.ok(service.opens(some, { operation: 'look' }) !== undefined)
  })
})

/** What a server takes for its own capabilities, compared with the definition, and what nobody can make of one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hostCrypto } from '../../host/crypto.ts'
import { concatBytes } from '../../lib/bytes.ts'
import { Capability, caveatsIn, caveatsMax, headerBytes, type Restriction } from './capability.ts'
import { Guarded, GuardedService, neededBy } from '../fixtures/guarded-service.ts'
import { referenceVerdict } from '../fixtures/reference-verification.ts'
import { holders, restrictions } from '../fixtures/restrictions.ts'
import { drawnIdentity } from './identity.ts'
import { hasRights } from './rights.ts'

const operations = Object.keys(Guarded.operations) as (keyof typeof neededBy)[]

function chain(of: Capability, steps: readonly Restriction[]): readonly Capability[] {
  const links = [of]
  for (const step of steps) links.push((links.at(-1) ?? of).restrict(step))
  return links
}

/** With one caveat for each length up to the most. */
function ofEveryLength(guarded: GuardedService): readonly Capability[] {
  const kinds: readonly Restriction[] = [
    { rights: 0xff },
    { operations: ['hello', 'look'] },
    { expiresAt: 2_000_000 },
    { holder: holders[0] ?? new Uint8Array(32) },
  ]
  guarded.publicKey = holders[0]
  const steps = Array.from({ length: caveatsMax }, (_, at) => ({ ...kinds[at % kinds.length] }))
  return chain(guarded.service.capabilityFor(7, 0xfff), steps)
}

function assembled(of: Capability, caveats: readonly Uint8Array[]): Uint8Array {
  const bytes = Capability.toBytes(of)
  return concatBytes([bytes.subarray(0, headerBytes), Uint8Array.of(caveats.length), ...caveats, bytes.subarray(-32)])
}

function bytesOf(capability: Capability | undefined): Uint8Array {
  assert.ok(capability !== undefined)
  return Capability.toBytes(capability)
}

describe('a capability of every length', () => {
  const guarded = new GuardedService()
  const all = ofEveryLength(guarded)

  it('opens its object as it was made', () => {
    assert.equal(all.length, caveatsMax + 1)
    all.forEach((capability, length) => {
      assert.equal(guarded.verdict(capability), `object 7 rights ${length === 0 ? 0xfff : 0xff}`)
    })
  })

  it('is refused with any single bit changed', () => {
    for (const capability of all) {
      const bytes = Capability.toBytes(capability)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice()
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        assert.equal(guarded.verdictOfBytes(flipped), 'capability-refused', `bit ${bit} of ${bytes.length * 8}`)
      }
    }
  })

  it('is refused when it is cut off anywhere, at either end', () => {
    for (const capability of all) {
      const bytes = Capability.toBytes(capability)
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(guarded.verdictOfBytes(bytes.subarray(0, length)), 'capability-refused')
        assert.equal(guarded.verdictOfBytes(bytes.subarray(bytes.length - length)), 'capability-refused')
      }
    }
  })

  it('is refused when bytes are added to it', () => {
    for (const capability of all) {
      const bytes = Capability.toBytes(capability)
      for (const added of [1, 2, 6, 32])
        assert.equal(guarded.verdictOfBytes(concatBytes([bytes, new Uint8Array(added)])), 'capability-refused')
    }
  })

  it('is refused with a caveat left out, said twice, or any two in each other’s place', () => {
    for (const capability of all) {
      const caveats = [...caveatsIn(Capability.toBytes(capability))]
      const altered = caveats.flatMap((caveat, at) => [
        caveats.toSpliced(at, 1),
        caveats.toSpliced(at, 0, caveat),
        ...caveats.flatMap((other, from) =>
          Buffer.compare(other, caveat) === 0 ? [] : [caveats.with(at, other).with(from, caveat)],
        ),
      ])
      for (const each of altered)
        assert.equal(guarded.verdictOfBytes(assembled(capability, each)), 'capability-refused')
    }
  })

  it('is refused with the end of any other length', () => {
    for (const one of all) {
      for (const other of all) {
        if (one === other) continue
        const mixed = concatBytes([Capability.toBytes(one).subarray(0, -32), Capability.toBytes(other).subarray(-32)])
        assert.equal(guarded.verdictOfBytes(mixed), 'capability-refused')
      }
    }
  })
})

describe('a server', () => {
  it('refuses the capabilities of another server', () => {
    const [one, other] = [new GuardedService(), new GuardedService()]
    const bytes = bytesOf(other.service.capabilityFor(0))
    bytes.set(bytesOf(one.service.capabilityFor(0)).subarray(0, 17))
    assert.equal(one.verdictOfBytes(bytes), 'capability-refused')
  })

  it('refuses those of another system, also where its identity was copied there', () => {
    const identity = drawnIdentity(hostCrypto)
    const here = new GuardedService({ identity, systemId: 'here' })
    const there = new GuardedService({ identity, systemId: 'there' })
    const capability = there.service.capabilityFor(3)
    assert.equal(there.verdict(capability), `object 3 rights ${0xffff_ffff}`)
    assert.equal(here.verdict(capability), 'capability-refused')
  })

  it('refuses those of another key, whether its identifier is the same or not', () => {
    const identity = drawnIdentity(hostCrypto)
    const now = new GuardedService({ identity })
    const otherId = new GuardedService({ identity: { ...identity, keyId: (identity.keyId + 1) >>> 0 } })
    const otherKey = new GuardedService({ identity: { ...identity, key: new Uint8Array(32) } })
    for (const other of [otherId, otherKey])
      assert.equal(now.verdict(other.service.capabilityFor(0)), 'capability-refused')
  })

  it('lets a bound capability be used by its holder alone, and one bound to two by nobody', () => {
    const guarded = new GuardedService()
    const [ours = new Uint8Array(32), theirs = new Uint8Array(32)] = holders
    const bound = guarded.service.capabilityFor(1).restrict({ holder: ours })
    assert.equal(guarded.verdict(bound), 'capability-refused')
    guarded.publicKey = theirs
    assert.equal(guarded.verdict(bound), 'capability-refused')
    guarded.publicKey = ours
    assert.equal(guarded.verdict(bound), `object 1 rights ${0xffff_ffff}`)
    assert.equal(guarded.verdict(bound.restrict({ holder: ours })), `object 1 rights ${0xffff_ffff}`)
    for (const key of [ours, theirs, new Uint8Array(0), undefined]) {
      guarded.publicKey = key
      assert.equal(guarded.verdict(bound.restrict({ holder: theirs })), 'capability-refused')
    }
    guarded.publicKey = theirs
    assert.equal(guarded.verdict(bound), 'capability-refused', 'also when it was remembered for its holder')
  })

  it('refuses a capability from the moment on at which it expires, also when it was used before', () => {
    const guarded = new GuardedService()
    const capability = guarded.service.capabilityFor(1).restrict({ expiresAt: 1_000_500 }).restrict({ rights: 'read' })
    assert.equal(guarded.verdict(capability), 'object 1 rights 2')
    guarded.nowMs = 1_000_499
    assert.equal(guarded.verdict(capability), 'object 1 rights 2')
    guarded.nowMs = 1_000_500
    assert.equal(guarded.verdict(capability), 'capability-expired')
    assert.equal(guarded.verdict(capability.restrict({ expiresAt: 2_000_000 })), 'capability-expired')
  })

  it('agrees with the definition on every chain, for every use', () => {
    fc.assert(
      fc.property(
        restrictions,
        fc.record({
          rights: fc.nat(0xffff_ffff),
          operation: fc.constantFrom(...operations),
          holder: fc.constantFrom(undefined, ...holders),
          generation: fc.nat(1),
          revokedLink: fc.option(fc.nat(8), { nil: undefined }),
          mutation: fc.option(fc.tuple(fc.nat(300), fc.nat(255)), { nil: undefined }),
        }),
        (steps, { rights, operation, holder, generation, revokedLink, mutation }) => {
          const guarded = new GuardedService()
          guarded.publicKey = holder
          const links = chain(guarded.service.capabilityFor(5, rights), steps)
          const branch = revokedLink === undefined ? undefined : links[revokedLink]?.branch
          for (let count = 0; count < generation; count++) void guarded.service.revokeAll(5)
          if (branch !== undefined) void guarded.service.revokeBranch(5, branch)
          const bytes = bytesOf(links.at(-1))
          if (mutation !== undefined) bytes[mutation[0] % bytes.length] = mutation[1]
          const server = guarded.reference(new Map([[5, generation]]), new Set(branch === undefined ? [] : [branch]))
          const use = { nowMs: guarded.nowMs, publicKey: holder, operation, needed: neededBy[operation] }
          const expected = referenceVerdict(server, bytes, use)
          assert.equal(guarded.verdictOfBytes(bytes, operation), expected)
          assert.equal(guarded.verdictOfBytes(bytes, operation), expected, 'the second time')
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('never lets a derived capability do what the one that it was made from may not', () => {
    fc.assert(
      fc.property(
        restrictions,
        fc.constantFrom(undefined, ...holders),
        fc.nat(0xffff_ffff),
        fc.integer({ min: 999_985, max: 1_000_015 }),
        (steps, holder, rights, nowMs) => {
          const guarded = new GuardedService()
          guarded.publicKey = holder
          guarded.nowMs = nowMs
          const links = chain(guarded.service.capabilityFor(5, rights), steps)
          for (const operation of operations) {
            const allowed = links.map((link) => guarded.verdict(link, operation).startsWith('object'))
            assert.deepEqual(
              allowed,
              [...allowed].sort((left, right) => Number(right) - Number(left)),
              'once refused, refused for all narrower ones',
            )
          }
          links.reduce((wider, narrower) => {
            assert.ok(hasRights(wider.rights, narrower.rights))
            assert.ok((narrower.expiresAtMs ?? Infinity) <= (wider.expiresAtMs ?? Infinity))
            return narrower
          })
        },
      ),
      { numRuns: 500 },
    )
  })

  it('knows of two of its capabilities whether one was made from the other', () => {
    const { service } = new GuardedService()
    const wide = service.capabilityFor(1)
    const narrow = wide.restrict({ rights: 'read' })
    const narrower = narrow.restrict({ expiresAt: 5 })
    const sibling = wide.restrict({ rights: 'modify' })
    assert.ok(service.descends(narrow, wide) && service.descends(narrower, narrow) && service.descends(wide, wide))
    for (const [one, other] of [
      [wide, narrow],
      [sibling, narrow],
      [narrower, sibling],
      [service.capabilityFor(2), wide],
      [new GuardedService({ identity: service.identity, systemId: 'other' }).service.capabilityFor(1), wide],
    ] as const)
      assert.equal(service.descends(one, other), false)
  })
})

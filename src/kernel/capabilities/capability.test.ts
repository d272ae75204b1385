/** Capabilities in the hands of those who hold them: narrowing, texts, and what is shown of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { decode, encode } from '../../wire/codec.ts'
import { Capability, capabilityBytesMax, caveatsMax, type Restriction } from './capability.ts'
import { caller, GuardedService } from '../fixtures/guarded-service.ts'
import { restrictions } from '../fixtures/restrictions.ts'
import { encodeSelector } from '../calls/selector.ts'
import { summaryOf } from '../trace-summary.ts'

const { service } = new GuardedService()
const capability = service.capabilityFor(3)

function derived(steps: readonly Restriction[]): Capability {
  return steps.reduce((from, step) => from.restrict(step), capability)
}

describe('a capability', () => {
  it('stays as it is when it is narrowed, and is none but itself', () => {
    const before = Capability.toText(capability)
    const narrow = capability.restrict({ rights: 'read' })
    assert.equal(Capability.toText(capability), before)
    assert.deepEqual([narrow.rights, capability.rights], [2, 0xffff_ffff])
    assert.ok(capability.equals(service.capabilityFor(3)))
    assert.ok(!capability.equals(narrow) && !capability.equals(service.capabilityFor(4)))
  })

  it('is made of its bytes, which are its own then, and of no others', () => {
    const bytes = Capability.toBytes(capability)
    const made = new Capability(bytes)
    bytes.fill(0)
    assert.ok(made.equals(capability))
    assert.throws(() => new Capability(bytes), { code: 'capability-invalid' })
  })

  it('is itself where a restriction takes nothing away', () => {
    assert.equal(capability.restrict({}), capability)
    assert.equal(capability.restrict({ rights: 'all' }), capability)
  })

  it('tells what is left of it', () => {
    const left = capability.restrict({ rights: ['read', 'modify'], expiresAt: new Date(5_000) }).restrict({
      rights: ['modify', 'destroy'],
      expiresAt: 9_000,
      operations: ['b', 'a', 'b'],
    })
    assert.deepEqual([left.rights, left.expiresAtMs], [4, 5_000])
    assert.deepEqual(
      Capability.partsOf(left).caveats.map((caveat) => caveat.kind),
      ['rights', 'expiry', 'rights', 'operations', 'expiry'],
    )
  })

  it('names with its branch itself and nothing else', () => {
    const all = [capability, service.capabilityFor(4), capability.restrict({ rights: 1 })]
    assert.equal(new Set(all.map(({ branch }) => branch)).size, 3)
    assert.equal(service.capabilityFor(3).branch, capability.branch)
    assert.match(capability.branch, /^[0-9a-f]{32}$/)
  })

  const senseless: readonly Restriction[] = [
    { rights: -1 },
    { rights: 1.5 },
    { rights: 2 ** 32 },
    { rights: 'write' as 'read' },
    { operations: [] },
    { operations: ['two words'] },
    { operations: ['std.std.info'] },
    { expiresAt: Number.NaN },
    { expiresAt: -1 },
    { expiresAt: 2 ** 48 },
    { expiresAt: new Date('never') },
    { holder: new Uint8Array(31) },
    { holder: 'k'.repeat(32) as unknown as Uint8Array },
    { rights: null as unknown as 'read' },
    { rights: [7] as unknown as 'read' },
    { operations: 'look' as unknown as string[] },
    { operations: [1n] as unknown as string[] },
    { expiresAt: '2030-01-01' as unknown as Date },
    { right: 'read' } as Restriction,
    { rights: 'read', expires: 5 } as Restriction,
    undefined as unknown as Restriction,
  ]
  for (const restriction of senseless) {
    it(`is not narrowed by ${inspect(restriction, { breakLength: Infinity }).slice(0, 60)}`, () => {
      assert.throws(() => capability.restrict(restriction), { code: 'option-invalid' })
    })
  }

  it('has at most 16 restrictions and 1,024 bytes', () => {
    const full = derived(Array.from({ length: caveatsMax }, () => ({ rights: 1 })))
    assert.throws(() => full.restrict({ rights: 1 }), { code: 'too-large' })
    assert.throws(
      () =>
        derived(Array.from({ length: 5 }, () => ({ operations: ['x'.repeat(60), 'y'.repeat(64), 'z'.repeat(64)] }))),
      { code: 'too-large' },
    )
    assert.equal(Capability.fromBytes(new Uint8Array(capabilityBytesMax + 1).fill(1)), undefined)
  })

  it('is the same again as bytes, as text, and on the wire', () => {
    fc.assert(
      fc.property(restrictions, (steps) => {
        const given = derived(steps)
        assert.ok(Capability.fromBytes(Capability.toBytes(given))?.equals(given))
        assert.ok(Capability.parse(Capability.toText(given)).equals(given))
        assert.ok(Capability.parse(` ${Capability.toText(given)}\n`).equals(given))
        assert.ok((decode(encode({ given })) as { given: Capability }).given.equals(given))
      }),
      { numRuns: 50 },
    )
  })

  it('is refused as text with any character changed, left out, doubled or swapped', () => {
    const text = Capability.toText(capability.restrict({ rights: 'read' }))
    const mutations = Array.from(text).flatMap((character, at) => [
      text.slice(0, at) + text.slice(at + 1),
      text.slice(0, at) + character + text.slice(at),
      ...['A', 'B', '_', '9', '=', 'é'].map((other) => text.slice(0, at) + other + text.slice(at + 1)),
      text.slice(0, at) + (text[at + 1] ?? '') + character + text.slice(at + 2),
      text.slice(0, at),
      text.slice(at + 1),
    ])
    for (const mutation of mutations) {
      if (mutation === text) continue
      assert.throws(() => Capability.parse(mutation), { code: 'capability-invalid' }, mutation)
    }
    for (const other of ['', 'cap:', 'cap:A', text.slice(4), text.toUpperCase()])
      assert.throws(() => Capability.parse(other), { code: 'capability-invalid' })
  })
})

describe('the secret of a capability', () => {
  const secrets = (of: Capability): readonly string[] => {
    const tail = Buffer.from(Capability.toBytes(of)).subarray(-32)
    return [
      tail.toString('hex').slice(0, 12),
      tail.toString('base64url').slice(2, 14),
      tail.toString('base64').slice(2, 14),
    ]
  }
  const hides = (shown: string, of: Capability): void => {
    for (const secret of secrets(of)) assert.ok(!shown.includes(secret), shown)
    const list = [...Capability.toBytes(of).subarray(-4)].join(',')
    assert.ok(!shown.replaceAll(/\s/g, '').includes(list), shown)
  }

  it('is in no text but the one that is asked for', () => {
    fc.assert(
      fc.property(restrictions, (steps) => {
        const of = derived(steps)
        for (const shown of [
          String(of),
          JSON.stringify({ of }),
          inspect(of, { showHidden: true, depth: null }),
          inspect({ in: [of] }, { depth: null }),
          inspect(new Map([[of, new Error('about', { cause: of })]]), { depth: null }),
          JSON.stringify(Capability.partsOf(of)),
          Object.values(of).join(),
        ])
          hides(shown, of)
        assert.ok(Capability.toText(of).length > 100)
      }),
      { numRuns: 100 },
    )
  })

  it('is in no error of a capability that cannot be read', () => {
    const text = Capability.toText(capability)
    for (const bad of [text.slice(0, -1), `${text}A`, text.slice(4)]) {
      assert.throws(
        () => Capability.parse(bad),
        (error: unknown) => {
          hides(inspect(error, { showHidden: true, depth: null }), capability)
          return true
        },
      )
    }
  })

  it('is in no error of a call that was refused, nor in the trace of one', () => {
    const guarded = new GuardedService()
    const wide = guarded.service.capabilityFor(1)
    const changed = Capability.toBytes(wide)
    changed[30] = 1
    void guarded.service.revokeBranch(1, wide.restrict({ rights: 8 }).branch)
    const refused = [
      Capability.fromBytes(changed) ?? wide,
      wide.restrict({ rights: 'modify' }),
      wide.restrict({ operations: ['change'] }),
      wide.restrict({ expiresAt: 1 }),
      wide.restrict({ holder: new Uint8Array(32) }),
      wide.restrict({ rights: 8 }),
      wide.restrict({ rights: 8 }).restrict({ rights: 8 }),
    ]
    const callers = { publicKeyOf: () => undefined, mayVerify: () => true }
    for (const each of refused) {
      const selector = encodeSelector(each, 'look')
      assert.throws(
        () => guarded.service.admit(selector, caller, callers),
        (error: unknown) => {
          hides(inspect(error, { showHidden: true, depth: null }), each)
          return true
        },
      )
      hides(
        JSON.stringify(summaryOf({ kind: 'REQ', selector, ...{ body: encode({ each }) } } as { kind: string })),
        each,
      )
    }
  })
})

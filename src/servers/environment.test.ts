/** The variable that carries a process's capabilities. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Capability, encodeHeader } from '../kernel/capabilities/capability.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { port } from '../lib/identifiers.ts'
import { capabilitiesMax, capabilitiesText, capabilitySet, parseCapabilities } from './environment.ts'

const names = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/)

describe('the capabilities of a process', () => {
  it('are the same after they went through the variable', () => {
    const entries = fc.uniqueArray(fc.tuple(names, fc.nat()), { selector: ([name]) => name, maxLength: 20 })
    fc.assert(
      fc.property(entries, (given) => {
        const set = capabilitySet(Object.fromEntries(given.map(([name, object]) => [name, capabilityOf(object)])))
        const read = parseCapabilities(capabilitiesText(set))
        assert.deepEqual(Object.keys(read).sort(), Object.keys(set).sort())
        for (const name of Object.keys(set)) assert.ok(read[name]?.equals(set[name] ?? capabilityOf(0)))
      }),
    )
  })

  it('are none where the variable is empty', () => {
    assert.deepEqual(Object.keys(parseCapabilities('')), [])
    assert.equal(capabilitiesText(capabilitySet({})), '')
  })

  it('have no properties but the names that were given', () => {
    const set: Readonly<Record<string, unknown>> = parseCapabilities('')
    for (const name of ['constructor', 'toString', '__proto__']) assert.equal(set[name], undefined)
    const given = capabilitySet({ constructor: capabilityOf(1) } as unknown as Record<string, Capability>)
    assert.ok(given['constructor'] instanceof Capability)
  })

  it('cannot be changed', () => {
    const set = capabilitySet({ root: capabilityOf(1) }) as Record<string, Capability>
    assert.throws(() => {
      set['root'] = capabilityOf(2)
    }, TypeError)
  })

  it('are refused with a name that could not be read back', () => {
    for (const name of ['', '1st', 'a b', 'a=b', 'é', '__proto__', 'x'.repeat(65)]) {
      const given = Object.fromEntries([[name, capabilityOf(1)]])
      assert.throws(() => capabilitySet(given), { code: 'name-invalid' }, name)
    }
  })

  it('are not taken for left out, which means everything, where they are no set at all', () => {
    for (const given of [null, undefined, 5, 'cap:', [capabilityOf(1)]])
      assert.throws(() => capabilitySet(given as never), { code: 'option-invalid' })
  })

  it('are refused over their bounds', () => {
    const many = Array.from({ length: capabilitiesMax + 1 }, (_, index) => [`c${index}`, capabilityOf(index)] as const)
    assert.throws(() => capabilitySet(Object.fromEntries(many)), { code: 'too-large' })
    const operations = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(60))
    const long = capabilityOf(1).restrict({ operations }).restrict({ operations }).restrict({ operations })
    const wide = capabilitySet(Object.fromEntries(many.slice(0, capabilitiesMax).map(([name]) => [name, long])))
    assert.throws(() => capabilitiesText(wide), { code: 'too-large' })
  })

  it('that are damaged are refused with an error that repeats nothing of them', () => {
    const text = capabilitiesText(capabilitySet({ root: capabilityOf(1), other: capabilityOf(2) }))
    const positions = fc.nat({ max: text.length - 1 })
    fc.assert(
      fc.property(positions, fc.constantFrom('', ' ', '=', 'A', '!'), (at, change) => {
        const damaged = text.slice(0, at) + change + text.slice(at + 1)
        try {
          const read = Object.values(parseCapabilities(damaged))
          assert.ok(read.every((each) => each.equals(capabilityOf(1)) || each.equals(capabilityOf(2))))
        } catch (error) {
          assert.ok(isCardumenError(error, 'capability-invalid'))
          assert.doesNotMatch(inspect(error), /cap:[\w-]/)
          for (const word of text.split(/[ =]/))
            if (word.length > 20) assert.ok(!inspect(error).includes(word.slice(4, 24)))
        }
      }),
    )
  })
})

function capabilityOf(object: number): Capability {
  const header = encodeHeader({ port: port('00'.repeat(16)), object, generation: 0, rights: 0xff, keyId: 1 })
  return Capability.fromHeader(header, new Uint8Array(32).fill(object % 251))
}

/** What a fault script may say, and what is refused of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { allFaultKinds, checkScript } from './check-script.ts'
import { faultsMax } from './fault.ts'
import { swarmFaults } from './swarm.ts'

const names = ['m1', 'm2', 'm3']
const bounds = { names, kinds: allFaultKinds }

describe('a fault script', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /it is no object/],
    ['loss', /it is no object/],
    [{ atMs: 0 }, /there is no kind missing/],
    [{ kind: 'fire', atMs: 0 }, /there is no kind "fire"/],
    [{ kind: 'constructor', atMs: 0 }, /there is no kind "constructor"/],
    [{ kind: 'loss', atMs: 0, rate: 2 }, /rate 2, no chance/],
    [{ kind: 'loss', atMs: 0, rate: Number.NaN }, /no chance/],
    [{ kind: 'loss', atMs: -1, rate: 0.1 }, /atMs -1, no time/],
    [{ kind: 'loss', atMs: Number.POSITIVE_INFINITY, rate: 0.1 }, /no time/],
    [{ kind: 'loss', atMs: 5, untilMs: 5, rate: 0.1 }, /ends at 5 ms, and begins at 5 ms/],
    [{ kind: 'loss', atMs: 0, rate: 0.1, from: 'm9' }, /from "m9", no member/],
    [{ kind: 'pause', atMs: 0, member: 'm4' }, /member "m4", no member/],
    [{ kind: 'crash', atMs: 0, member: 'm1', how: 'softly' }, /none of process, machine/],
    [{ kind: 'partition', atMs: 0, shape: 'both-ways', sides: [['m1']] }, /not two lists of members/],
    [{ kind: 'delay', atMs: 0, delay: { kind: 'uniform', minMs: 5, maxMs: 1 } }, /no distribution/],
    [{ kind: 'clock-drift', atMs: 0, member: 'm1', rate: -1 }, /no drift/],
    [{ kind: 'bandwidth', atMs: 0, bytesPerMs: 0 }, /not above 0/],
  ]
  for (const [fault, text] of wrong) {
    it(`is refused with ${JSON.stringify(fault)}, by the number of the fault`, () => {
      const right = { kind: 'pause', atMs: 0, member: 'm1' }
      assert.throws(
        () => checkScript([right, fault], bounds),
        (error) =>
          isCardumenError(error, 'option-invalid') && error.message.startsWith('Fault 1 ') && text.test(error.message),
      )
    })
  }

  it('without an end is refused at its bound', () => {
    let given = 0
    const endless = {
      *[Symbol.iterator]() {
        for (;;) {
          given++
          yield { kind: 'pause', atMs: given, member: 'm1' }
        }
      },
    }
    assert.throws(() => checkScript(endless, bounds), /at most 10000 faults/)
    assert.equal(given, faultsMax + 1)
  })

  it('that asks for what its world cannot do is refused', () => {
    const script = [{ kind: 'engine-crash', atMs: 0 }]
    assert.throws(() => checkScript(script, { names, kinds: ['loss'] }), /none that this scenario can do/)
  })

  it('of any shape is either right or refused, and never crashes', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), (script) => {
        try {
          return checkScript(script, bounds).length === script.length
        } catch (error) {
          return isCardumenError(error, 'option-invalid')
        }
      }),
    )
  })
})

describe('a swarm', () => {
  const scripts = Array.from({ length: 300 }, (_, seed) =>
    swarmFaults({ seed, names, durationMs: 5_000, kinds: allFaultKinds }),
  )

  it('draws only scripts that are right, and that end within the duration', () => {
    for (const script of scripts) {
      checkScript(script, bounds)
      for (const { untilMs = Number.POSITIVE_INFINITY } of script) assert.ok(untilMs <= 5_000)
    }
  })

  it('draws every kind, leaves every kind out, and has quiet runs', () => {
    for (const kind of allFaultKinds) {
      const having = scripts.filter((script) => script.some((fault) => fault.kind === kind)).length
      assert.ok(having > 60 && having < 240, `${kind} is in ${having} of 300 scripts`)
    }
    assert.ok(scripts.some((script) => script.length === 0))
  })

  it('draws the same from the same seed, and leaves the rest as it was where a kind is taken out', () => {
    const options = { seed: 7, names, durationMs: 5_000 }
    assert.deepEqual(
      swarmFaults({ ...options, kinds: allFaultKinds }),
      swarmFaults({ ...options, kinds: allFaultKinds }),
    )
    for (const kind of allFaultKinds) {
      const less = swarmFaults({ ...options, kinds: allFaultKinds.filter((each) => each !== kind) })
      assert.deepEqual(
        less,
        scripts[7]?.filter((fault) => fault.kind !== kind),
      )
    }
  })
})

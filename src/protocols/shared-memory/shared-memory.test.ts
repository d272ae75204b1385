/** The register programs: which accesses they make, and that no order of them lets two in. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bakery, bakeryWithoutChoosing } from './bakery.ts'
import { dekker } from './dekker.ts'
import { Played } from './fixtures/played.ts'
import { peterson } from './peterson.ts'
import { afterDeath, inspect, type RegisterProgram } from './program.ts'
import { testAndSet } from './test-and-set.ts'
import { ticket } from './ticket.ts'

const programs: readonly RegisterProgram[] = [bakery, peterson, dekker, ticket, testAndSet]

describe('the bakery', () => {
  it('makes the accesses of the publication, in their order', () => {
    const played = new Played(bakery, 2)
    played.enter(2)
    assert.equal(played.run(2), 'inside')
    played.leave(2)
    assert.equal(played.run(2), 'outside')
    assert.deepEqual(played.lines, [
      '2: choosing[2] := 1',
      '2: number[1] is 0',
      '2: number[2] is 0',
      '2: number[2] := 1',
      '2: choosing[2] := 0',
      '2: choosing[1] is 0',
      '2: number[1] is 0',
      '2: choosing[2] is 0',
      '2: number[2] is 1',
      '2: number[2] := 0',
    ])
  })

  it('has one element of each array for each customer, written by that one only, and nothing that all share', () => {
    const registers = bakery.registersOf(3)
    assert.deepEqual(
      registers.map(({ name, owner }) => [name, owner]),
      [1, 2, 3]
        .map((owner) => [`choosing[${owner}]`, owner])
        .concat([1, 2, 3].map((owner) => [`number[${owner}]`, owner])),
    )
  })

  it('serves the smaller identifier first where two have drawn the same number', () => {
    const played = new Played(bakery, 2)
    for (const customer of [1, 2]) played.enter(customer)
    for (let access = 0; access < 5; access++) for (const customer of [1, 2]) played.step(customer)
    assert.deepEqual(played.values.slice(2), [1, 1])
    assert.equal(played.run(2), 'waiting')
    assert.equal(played.run(1), 'inside')
    assert.equal(played.run(2), 'waiting')
    played.leave(1)
    played.run(1)
    assert.equal(played.run(2), 'inside')
  })

  it('waits for a customer that is choosing, also where that one shows no number yet', () => {
    const played = new Played(bakery, 2)
    played.enter(1)
    for (let access = 0; access < 3; access++) played.step(1)
    played.enter(2)
    assert.equal(played.run(2), 'waiting')
    assert.equal(played.lines.at(-1), '2: choosing[1] is 1')
    assert.equal(bakery.blockedBy(played.state(2) as never), 1)
  })

  it('lets two in without "choosing", in an order of twelve accesses', () => {
    const played = new Played(bakeryWithoutChoosing, 2)
    for (const customer of [1, 2]) played.enter(customer)
    // Both look, and 2 draws and finds nobody before it; then 1 draws the same number.
    for (const customer of [1, 1, 2, 2]) played.step(customer)
    assert.equal(played.run(2), 'inside')
    assert.equal(played.run(1), 'inside')
    assert.deepEqual(played.inside, [1, 2])
  })

  it('leaves nothing behind when a customer gives up', () => {
    const played = new Played(bakery, 2)
    for (const customer of [1, 2]) {
      played.enter(customer)
      played.run(customer)
    }
    assert.equal(played.phaseOf(2), 'waiting')
    assert.equal(bakery.withdraw(played.state(2) as never), true)
    assert.equal(played.run(2), 'outside')
    assert.deepEqual(played.values, [0, 0, 1, 0])
  })
})

describe('the programs for two', () => {
  it('of Peterson lets in who came first, and the other one when it has left', () => {
    const played = new Played(peterson, 2)
    for (const customer of [1, 2]) played.enter(customer)
    for (const customer of [1, 2, 1, 2]) played.step(customer)
    assert.equal(played.run(2), 'waiting')
    assert.equal(played.run(1), 'inside')
    played.leave(1)
    played.run(1)
    while (played.phaseOf(2) === 'waiting') played.step(2)
    assert.deepEqual(played.inside, [2])
  })

  it('of Dekker has the one give way whose turn it is not', () => {
    const played = new Played(dekker, 2)
    for (const customer of [1, 2]) played.enter(customer)
    for (const customer of [1, 2, 1, 2]) played.step(customer)
    assert.equal(played.run(2), 'waiting')
    assert.deepEqual(played.lines.slice(-2), ['2: flag[2] := 0', '2: turn is 0'])
    while (played.phaseOf(1) === 'waiting') played.step(1)
    assert.deepEqual(played.inside, [1])
  })

  it('of Dekker passes the turn on when its holder dies', () => {
    const turn = dekker.registersOf(2)[2]
    assert.ok(turn)
    assert.deepEqual([afterDeath(turn, 0, 1), afterDeath(turn, 1, 2)], [1, 0])
  })
})

describe('the locks of one instruction', () => {
  it('give out tickets, each once, and serve them in that order', () => {
    const played = new Played(ticket, 3)
    for (const customer of [3, 1, 2]) {
      played.enter(customer)
      played.run(customer)
    }
    assert.deepEqual(played.inside, [3])
    for (const [customer, next] of [
      [3, 1],
      [1, 2],
    ] as const) {
      played.leave(customer)
      played.run(customer)
      assert.equal(played.run(next), 'inside')
    }
  })

  it('count tickets on through the largest number that a word holds', () => {
    const state = { ...ticket.initialState(1, 1), at: 'leaving', number: 2 ** 31 - 1 } as const
    assert.deepEqual(ticket.access(state), { kind: 'WRITE', register: 1, value: -(2 ** 31) })
    const next = { ...ticket.initialState(1, 2), at: 'serving', number: -(2 ** 31) } as const
    assert.equal(ticket.resume(next, 2 ** 31 - 1), false)
  })

  it('test and set until the word was free', () => {
    const played = new Played(testAndSet, 2)
    for (const customer of [1, 2]) {
      played.enter(customer)
      played.run(customer)
    }
    assert.deepEqual(played.lines, ['1: lock := 1, was 0', '2: lock := 1, was 1'])
    assert.deepEqual(played.inside, [1])
  })
})

describe('every program', () => {
  for (const program of programs) {
    const most = Math.min(program.customersMax, 4)

    it(`keeps all but one out, in whatever order accesses follow each other: ${program.name}`, () => {
      const order = fc.array(fc.integer({ min: 1, max: most }), { maxLength: 400 })
      fc.assert(fc.property(order, (customers) => assertExcludes(new Played(program, most), customers)))
    })

    it(`says in words where a customer is: ${program.name}`, () => {
      assert.match(inspect(program, program.initialState(1, most)), /^customer 1: outside, at outside of /)
    })
  }

  it('that is broken is found out by the same orders', () => {
    const order = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 100, maxLength: 400 })
    const found = fc.check(
      fc.property(order, (customers) => assertExcludes(new Played(bakeryWithoutChoosing, 2), customers)),
      { seed: 1, numRuns: 2_000 },
    )
    assert.equal(found.failed, true)
  })
})

/** Each step of a customer is one access, or the call that it is at: to enter, to leave. */
function assertExcludes(played: Played, order: readonly number[]): void {
  for (const customer of order) {
    const phase = played.phaseOf(customer)
    if (phase === 'outside') played.enter(customer)
    else if (phase === 'inside') played.leave(customer)
    else played.step(customer)
    assert.ok(played.inside.length <= 1, `${played.inside.join(' and ')} are inside:\n${played.lines.join('\n')}`)
  }
}

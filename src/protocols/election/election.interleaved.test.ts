/** Whatever is lost, repeated, late, unwritten or dies: what elections claim holds in every order that fast-check finds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Electorate, electorateOf } from './fixtures/electorate.ts'
import { brokenInvariants, brokenTogether } from './invariants.ts'

const names = ['a', 'b', 'c', 'd']
const choices = fc.array(fc.tuple(fc.nat(99), fc.nat(999)), { maxLength: 150, size: 'max' })
const numRuns = 300

function act(members: Electorate, kind: number, choice: number): void {
  const name = members.alive[choice % members.alive.length] ?? 'a'
  if (kind < 10) return members.submit(name, { kind: 'start' })
  if (kind < 90) return members.happen(choice)
  if (kind < 95 && members.alive.length > 1) return members.crash(name)
  const dead = members.dead[0]
  if (dead !== undefined) members.restart(dead)
}

function assertSound(members: Electorate): void {
  assert.deepEqual([...members.states.flatMap(brokenInvariants), ...brokenTogether(members.states)], [])
}

function electedEpochs(members: Electorate): number[] {
  return members.outcomes.flatMap(({ outcome }) => (outcome.kind === 'elected' ? [outcome.epoch] : []))
}

describe('in every order of events', () => {
  it('an epoch has at most one leader, over all lives', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const members = electorateOf(names)
        for (const [kind, choice] of list) {
          act(members, kind, choice)
          assertSound(members)
        }
        const epochs = electedEpochs(members)
        assert.equal(new Set(epochs).size, epochs.length)
      }),
      { numRuns },
    )
  })

  it('once nothing fails any more, all that are alive come to follow the highest of them', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const members = electorateOf(names)
        for (const [kind, choice] of list) act(members, kind, choice)
        for (const name of members.alive) members.submit(name, { kind: 'start' })
        members.settle(() => isAgreed(members))
        assertSound(members)
        assert.ok(isAgreed(members))
      }),
      { numRuns },
    )
  })
})

function isAgreed(members: Electorate): boolean {
  const highest = members.state(members.alive.at(-1) ?? 'a')
  return members.states.every(
    ({ leader, leaderEpoch }) => leader === highest.self && leaderEpoch === highest.leaderEpoch,
  )
}

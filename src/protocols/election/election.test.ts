/** What elections do, one fact a test: plain state in, effects out. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { election } from './election.ts'
import { type Electorate, electorateOf, life } from './fixtures/electorate.ts'
import type { Message, Timer } from './messages.ts'

const names = ['a', 'b', 'c']
const answer: Timer = { kind: 'answer' }
const coordinator: Timer = { kind: 'coordinator' }
const announce: Timer = { kind: 'announce' }

function ledBy(of: Electorate, name: string): string {
  const { leader, leaderEpoch } = of.state(name)
  return leader === undefined ? 'nobody' : `${leader} in ${leaderEpoch}`
}

function sent(of: Electorate): string[] {
  return of.sent.map(({ from, to, message }) => `${from} ${to} ${message.kind} ${message.epoch}`)
}

function kinds(of: Electorate): string[] {
  return of.outcomes.map(({ member, outcome }) => `${member} ${outcome.kind}`)
}

/** c leads in epoch 2, the first of rank 2 among three. */
function elected(): Electorate {
  const members = electorateOf(names)
  members.submit('c', { kind: 'start' })
  members.deliver()
  return members
}

describe('an election', () => {
  it('is won by the highest in rank at once, and nobody is asked', () => {
    const members = elected()
    assert.deepEqual(sent(members), ['c#1 a#1 COORDINATOR 2', 'c#1 b#1 COORDINATOR 2'])
    assert.deepEqual(kinds(members), ['c#1 elected', 'a#1 led', 'b#1 led'])
  })

  it('ends with the highest that is alive, whoever starts it', () => {
    const members = elected()
    members.crash('c', 'unseen')
    members.submit('a', { kind: 'start' })
    members.deliver()
    members.fire('b', answer)
    members.deliver()
    assert.deepEqual([ledBy(members, 'a'), ledBy(members, 'b')], ['b#1 in 4', 'b#1 in 4'])
  })

  it('is held again where somebody answered and nobody became leader', () => {
    const members = elected()
    members.crash('c', 'unseen')
    members.submit('a', { kind: 'start' })
    members.deliver()
    members.crash('b', 'unseen')
    members.fire('a', coordinator)
    members.fire('a', answer)
    members.deliver()
    assert.equal(ledBy(members, 'a'), 'a#1 in 3')
  })

  it('is held at once when the leader is known to be dead, and asks no dead member', () => {
    const members = elected()
    members.crash('c')
    members.deliver()
    assert.deepEqual([ledBy(members, 'a'), ledBy(members, 'b')], ['b#1 in 4', 'b#1 in 4'])
    assert.equal(sent(members).filter((text) => text.includes('ELECTION') && text.includes('c#1')).length, 0)
  })

  it('is held by a new life, which takes a greater epoch than its earlier one', () => {
    const members = elected()
    members.crash('c')
    members.restart('c')
    members.deliver()
    const leaders = names.map((name) => ledBy(members, name))
    assert.deepEqual(leaders, ['c#2 in 5', 'c#2 in 5', 'c#2 in 5'])
  })

  it('held again by a start while one is under way is the same election', () => {
    const members = electorateOf(names)
    for (let time = 0; time < 3; time++) members.submit('a', { kind: 'start' })
    assert.equal(members.sent.length, 2)
  })
})

describe('a winner', () => {
  it('says nothing before its epoch is on disk', () => {
    const members = electorateOf(names)
    members.submit('c', { kind: 'start' })
    assert.equal(members.state('c').role, 'claiming')
    assert.deepEqual([members.sent, members.outcomes], [[], []])
  })

  it('whose epoch could not be written does not lead, and tries again with another', () => {
    const members = electorateOf(names)
    members.submit('c', { kind: 'start' })
    members.happen(1)
    assert.deepEqual(kinds(members), ['c#1 claim-failed'])
    assert.equal(members.state('c').role, 'waiting')
    members.fire('c', coordinator)
    members.deliver()
    assert.equal(ledBy(members, 'c'), 'c#1 in 5')
  })

  it('that hears an answer while its epoch is being written gives way', () => {
    const members = electorateOf(names)
    members.submit('a', { kind: 'start' })
    members.fire('a', answer)
    members.inject(life('b'), 'a', { kind: 'ANSWER', epoch: 0 })
    members.lose()
    members.deliver()
    assert.equal(members.state('a').role, 'waiting')
    assert.deepEqual(members.outcomes, [])
  })

  it('that hears of a greater epoch while its own is being written takes a greater one', () => {
    const members = electorateOf(names)
    members.submit('c', { kind: 'start' })
    members.inject(life('a'), 'c', { kind: 'ELECTION', epoch: 7 })
    members.deliver()
    assert.equal(ledBy(members, 'c'), 'c#1 in 8')
  })
})

describe('a leader', () => {
  it('answers an election with its epoch, and holds no other', () => {
    const members = elected()
    members.submit('a', { kind: 'start' })
    members.lose()
    const before = members.sent.length
    members.inject(life('a'), 'c', { kind: 'ELECTION', epoch: 2 })
    assert.deepEqual(sent(members).slice(before), ['c#1 a#1 ANSWER 2', 'c#1 a#1 COORDINATOR 2'])
  })

  it('of a lower rank is bullied by whoever ranks above it and hears it', () => {
    const members = elected()
    members.inject(life('b'), 'c', { kind: 'COORDINATOR', epoch: 4 })
    members.deliver()
    assert.deepEqual(ledBy(members, 'a'), 'c#1 in 5')
    assert.ok(kinds(members).includes('c#1 deposed'))
  })

  it('of an older epoch is refused', () => {
    const members = elected()
    members.inject(life('b'), 'a', { kind: 'ELECTION', epoch: 0 })
    members.inject(life('c'), 'a', { kind: 'COORDINATOR', epoch: 5 })
    members.inject(life('c'), 'a', { kind: 'COORDINATOR', epoch: 2 })
    assert.equal(ledBy(members, 'a'), 'c#1 in 5')
  })

  it('that has heard of a greater epoch takes one that is greater still before it says again that it leads', () => {
    const members = elected()
    members.state('c').epoch = 7
    members.fire('c', announce)
    members.deliver()
    assert.equal(ledBy(members, 'a'), 'c#1 in 8')
  })

  it('that is known to be dead is not followed, whatever it said before', () => {
    const members = electorateOf(names)
    members.submit('c', { kind: 'start' })
    members.crash('c')
    members.inject(life('c'), 'a', { kind: 'COORDINATOR', epoch: 2 })
    assert.equal(ledBy(members, 'a'), 'nobody')
  })

  it('says again that it leads, also to those above it, and to a new life at once', () => {
    const members = elected()
    members.crash('c')
    members.deliver()
    members.restart('c')
    members.lose()
    assert.ok(sent(members).includes('b#1 c#2 COORDINATOR 4'))
    const before = members.sent.length
    members.fire('b', announce)
    assert.deepEqual(sent(members).slice(before), ['b#1 a#1 COORDINATOR 4', 'b#1 c#2 COORDINATOR 4'])
  })
})

describe('a spurious timer changes nothing', () => {
  for (const timer of [answer, coordinator]) {
    it(timer.kind, () => {
      const members = elected()
      const before = structuredClone(members.states)
      for (const name of names) members.fire(name, timer)
      assert.deepEqual(members.states, before)
    })
  }
})

describe('a malformed message is counted, changes nothing and is not answered', () => {
  const cases: readonly (readonly [string, string, Message])[] = [
    ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48].map(
      (epoch) => [`epoch ${epoch}`, 'a', { kind: 'ELECTION', epoch }] as const,
    ),
    ['an ELECTION from above', 'c', { kind: 'ELECTION', epoch: 1 }],
    ['an ANSWER from below', 'a', { kind: 'ANSWER', epoch: 1 }],
    ['a COORDINATOR of no epoch', 'a', { kind: 'COORDINATOR', epoch: 0 }],
    ['a COORDINATOR of an epoch of another', 'c', { kind: 'COORDINATOR', epoch: 4 }],
    ['from itself', 'b', { kind: 'ELECTION', epoch: 1 }],
    ['from no member', 'z', { kind: 'ELECTION', epoch: 1 }],
    ['of no kind', 'a', { kind: 'WHO', epoch: 1 } as unknown as Message],
  ]
  for (const [what, from, message] of cases) {
    it(what, () => {
      const members = electorateOf(names)
      const before = structuredClone(members.state('b'))
      members.inject(life(from), 'b', message)
      assert.deepEqual(members.state('b'), { ...before, malformed: 1 })
      assert.equal(members.sent.length, 0)
    })
  }
})

it('a member is inspected in a few lines', () => {
  assert.equal(
    election.inspect(elected().state('b')),
    'election of b#1: following, rank 1 of 3, epoch 2, led by c#1 in epoch 2\n  alive above: c#1; below: a#1',
  )
})

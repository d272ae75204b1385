/** What the token ring does, one fact a test: plain state in, effects out. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { life, type Ring, ringOf } from './fixtures/ring.ts'
import type { Message } from './messages.ts'
import { mutex } from './mutex.ts'

const names = ['a', 'b', 'c']

function started(): Ring {
  const ring = ringOf(names)
  ring.submit('a', { kind: 'regenerate', generation: 1 })
  return ring
}

function entries(ring: Ring): string[] {
  return ring.outcomes.flatMap(({ member, outcome }) =>
    outcome.kind === 'entered' ? [`${member} ${outcome.fencingToken.join('/')}`] : [],
  )
}

function kinds(ring: Ring): string[] {
  return ring.outcomes.map(({ member, outcome }) => `${member} ${outcome.kind}`)
}

describe('the token', () => {
  it('lets its holder enter without a message', () => {
    const ring = started()
    ring.submit('a', { kind: 'enter', request: 1 })
    assert.deepEqual(entries(ring), ['a#1 1/1'])
    assert.equal(ring.sent.length, 0)
  })

  it('walks on after an entry, and its entry number grows', () => {
    const ring = started()
    for (const name of names) ring.submit(name, { kind: 'enter', request: 1 })
    for (const name of names) {
      ring.submit(name, { kind: 'leave', request: 1 })
      ring.deliver()
    }
    assert.deepEqual(entries(ring), ['a#1 1/1', 'b#1 1/2', 'c#1 1/3'])
  })

  it('comes to everybody else before the same member enters again', () => {
    const ring = started()
    for (const request of [1, 2]) ring.submit('a', { kind: 'enter', request })
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.submit('a', { kind: 'leave', request: 1 })
    ring.deliver()
    assert.deepEqual(entries(ring), ['a#1 1/1', 'b#1 1/2'])
  })

  it('rests at a member that does not want it, so that an idle ring does not spin', () => {
    const ring = started()
    ring.deliver()
    assert.equal(ring.sent.length, 0)
    ring.fire('a', { kind: 'rest' })
    ring.deliver()
    assert.deepEqual(
      ring.sent.map(({ message }) => message.kind),
      ['TOKEN', 'ACK'],
    )
  })

  it('is sent again until it is acknowledged, and taken once', () => {
    const ring = started()
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.fire('a', { kind: 'rest' })
    ring.lose()
    ring.fire('a', { kind: 'resend' })
    ring.fire('a', { kind: 'resend' })
    ring.deliver()
    assert.deepEqual(entries(ring), ['b#1 1/1'])
    assert.equal(ring.state('a').passing, undefined)
  })

  it('of which a copy comes after it was passed on is not taken again', () => {
    const ring = started()
    ring.fire('a', { kind: 'rest' })
    ring.deliver()
    ring.fire('b', { kind: 'rest' })
    ring.inject(life('a'), 'b', { kind: 'TOKEN', generation: 1, hop: 1, entry: 0 })
    assert.equal(ring.state('b').token, undefined)
  })

  it('skips a member that is dead, and does not skip its next life', () => {
    const ring = started()
    ring.crash('b')
    ring.fire('a', { kind: 'rest' })
    assert.equal(ring.sent.at(-1)?.to, life('c'))
    ring.restart('b')
    ring.deliver()
    ring.fire('c', { kind: 'rest' })
    ring.deliver()
    ring.fire('a', { kind: 'rest' })
    assert.equal(ring.sent.at(-1)?.to, life('b', 2))
  })

  it('stays where it is while its holder is alone, and goes on when somebody joins', () => {
    const ring = started()
    ring.crash('b')
    ring.crash('c')
    ring.fire('a', { kind: 'rest' })
    assert.equal(ring.sent.length, 0)
    for (const request of [1, 2]) ring.submit('a', { kind: 'enter', request })
    ring.submit('a', { kind: 'leave', request: 1 })
    assert.deepEqual(entries(ring), ['a#1 1/1', 'a#1 1/2'])
    ring.submit('a', { kind: 'leave', request: 2 })
    ring.restart('c')
    ring.fire('a', { kind: 'rest' })
    assert.equal(ring.sent.at(-1)?.to, life('c', 2))
  })

  it('that was being handed to a dying member is reported lost, and is not handed to another', () => {
    const ring = started()
    ring.fire('a', { kind: 'rest' })
    ring.lose()
    ring.crash('b')
    assert.deepEqual(kinds(ring), ['a#1 lost'])
    ring.deliver()
    ring.fire('a', { kind: 'resend' })
    assert.equal(ring.sent.length, 1)
  })

  it('that was being handed to an earlier life of a member is reported lost as well', () => {
    const ring = started()
    ring.fire('a', { kind: 'rest' })
    ring.submit('a', { kind: 'joined', address: life('b', 2) })
    assert.deepEqual(kinds(ring), ['a#1 lost'])
  })

  it('whose taker dies with it is not reported lost where the acknowledgement comes before the news', () => {
    const ring = started()
    ring.fire('a', { kind: 'rest' })
    ring.inject(life('a'), 'b', { kind: 'TOKEN', generation: 1, hop: 1, entry: 0 })
    ring.crash('b', 'unseen')
    ring.deliver()
    ring.submit('a', { kind: 'parted', peer: life('b') })
    assert.deepEqual(kinds(ring), [])
    assert.deepEqual([ring.state('a').token, ring.state('a').passing], [undefined, undefined])
  })

  it('of an older generation is acknowledged and dropped', () => {
    const ring = started()
    ring.fire('a', { kind: 'rest' })
    ring.submit('b', { kind: 'regenerate', generation: 2 })
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.deliver()
    assert.deepEqual(entries(ring), ['b#1 2/1'])
    assert.deepEqual(ring.state('b').token, { generation: 2, hop: 0, entry: 1 })
    assert.equal(ring.state('a').passing, undefined)
  })

  it('of an older generation goes on where the newer one died with its holder, until a later one still is made', () => {
    const ring = started()
    ring.submit('a', { kind: 'enter', request: 1 })
    ring.submit('c', { kind: 'regenerate', generation: 2 })
    ring.submit('c', { kind: 'enter', request: 1 })
    ring.crash('c')
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.submit('a', { kind: 'leave', request: 1 })
    ring.deliver()
    // Nobody was told of generation 2, and a store that has met it refuses b.
    assert.deepEqual(kinds(ring), ['a#1 entered', 'c#1 entered', 'a#1 left', 'b#1 entered'])
    ring.submit('a', { kind: 'regenerate', generation: 3 })
    ring.submit('a', { kind: 'enter', request: 2 })
    assert.deepEqual(entries(ring), ['a#1 1/1', 'c#1 2/1', 'b#1 1/2', 'a#1 3/1'])
  })

  it('of a later generation overtakes an entry, and stays until that has left', () => {
    const ring = started()
    ring.submit('a', { kind: 'enter', request: 1 })
    ring.submit('c', { kind: 'regenerate', generation: 2 })
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.fire('c', { kind: 'rest' })
    ring.deliver()
    assert.deepEqual(kinds(ring), ['a#1 entered', 'a#1 overtaken'])
    ring.submit('a', { kind: 'leave', request: 1 })
    ring.deliver()
    assert.deepEqual(entries(ring), ['a#1 1/1', 'b#1 2/1'])
  })
})

describe('a request', () => {
  const refusals = [
    ['a leave of nothing', { kind: 'leave', request: 9 }, 'request-unknown'],
    ['a generation that is known', { kind: 'regenerate', generation: 1 }, 'generation-stale'],
    ['a generation that is no number', { kind: 'regenerate', generation: Number.NaN }, 'generation-stale'],
    ['a request that waits already', { kind: 'enter', request: 1 }, 'request-known'],
    ['one more than may wait', { kind: 'enter', request: 3 }, 'too-many-waiting'],
    ['a member that is not on the ring', { kind: 'joined', address: life('z') }, 'not-on-the-ring'],
  ] as const
  for (const [what, call, reason] of refusals) {
    it(`is refused as ${reason}: ${what}`, () => {
      const ring = ringOf(names, { waitingMax: 2 })
      ring.submit('b', { kind: 'regenerate', generation: 1 })
      ring.fire('b', { kind: 'rest' })
      for (const request of [1, 2]) ring.submit('b', { kind: 'enter', request })
      ring.submit('b', call)
      const last = ring.outcomes.at(-1)?.outcome
      assert.equal(last?.kind === 'refused' ? last.reason : undefined, reason)
    })
  }

  it('that waits is taken back by its leave', () => {
    const ring = started()
    ring.submit('b', { kind: 'enter', request: 1 })
    ring.submit('b', { kind: 'leave', request: 1 })
    ring.fire('a', { kind: 'rest' })
    ring.deliver()
    assert.deepEqual(kinds(ring), ['b#1 left'])
  })
})

describe('a malformed message is counted, changes nothing and is not answered', () => {
  const token = { kind: 'TOKEN', generation: 5, hop: 5, entry: 5 } as const
  const bad = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48]
  const cases: readonly (readonly [string, Message])[] = [
    ...[...bad, 0].map((generation) => [`generation ${generation}`, { ...token, generation }] as const),
    ...[...bad, 0].map((hop) => [`hop ${hop}`, { ...token, hop }] as const),
    ...bad.map((entry) => [`entry ${entry}`, { ...token, entry }] as const),
    ...bad.map((hop) => [`ACK of hop ${hop}`, { kind: 'ACK', generation: 1, hop }] as const),
    ['no kind', { ...token, kind: 'WHO' } as unknown as Message],
  ]
  const assertIgnored = (from: string, message: Message): void => {
    const ring = started()
    const before = structuredClone(ring.state('a'))
    ring.inject(life(from), 'a', message)
    assert.deepEqual(ring.state('a'), { ...before, malformed: 1 })
    assert.equal(ring.sent.length, 0)
  }
  for (const [what, message] of cases) it(what, () => assertIgnored('b', message))
  it('from a member that is not on the ring', () => assertIgnored('z', token))
  it('from itself', () => assertIgnored('a', token))
})

it('a member is inspected in a few lines', () => {
  const ring = started()
  ring.submit('a', { kind: 'enter', request: 7 })
  assert.equal(
    mutex.inspect(ring.state('a')),
    'mutex of a#1: generation 1, 0 waiting\n  token 1/1 is here since hop 0, request 7 is inside\n  next on the ring: b#1',
  )
})

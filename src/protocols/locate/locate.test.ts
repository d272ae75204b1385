/** What looking for a port does, one fact a test: plain state in, effects out. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Port } from '../../lib/identifiers.ts'
import { life, portOf, type Seekers, seekersOf } from './fixtures/seekers.ts'
import { locate } from './locate.ts'
import type { Message, Timer } from './messages.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const one = portOf(1)

function ends(of: Seekers): string[] {
  return of.outcomes.flatMap(({ member, outcome }) => {
    if (outcome.kind === 'located') return [`${member} ${outcome.request}: ${outcome.at}`]
    if (outcome.kind === 'refused') return [`${member} ${outcome.call}: ${outcome.reason}`]
    return [`${member} ${outcome.request}: ${outcome.kind === 'not-asked' ? outcome.reason : outcome.kind}`]
  })
}

function ask(of: Seekers, request: number, port: Port = one): void {
  of.submit('a', { kind: 'locate', request, port })
}

function round(number: number, search = 1): Timer {
  return { kind: 'round', port: one, search, round: number }
}

/** a knows that the port is at b. */
function found(): Seekers {
  const seekers = seekersOf(['a', 'b'])
  seekers.submit('b', { kind: 'serve', port: one })
  ask(seekers, 1)
  seekers.deliver()
  return seekers
}

describe('a search', () => {
  it('asks a few, then twice as many, until it has asked everybody twice', () => {
    const seekers = seekersOf(names, { firstRoundPeers: 2 })
    ask(seekers, 1)
    const asked = [0, 1, 2, 3].map((number) => {
      const before = seekers.sent.length
      seekers.fire('a', round(number))
      return seekers.sent.length - before
    })
    assert.deepEqual([asked, ends(seekers)], [[4, 7, 7, 0], ['a#1 1: not-found']])
  })

  it('ends with the first answer; the next one is answered from memory', () => {
    const seekers = found()
    const before = seekers.sent.length
    ask(seekers, 2)
    assert.deepEqual(ends(seekers), ['a#1 1: b#1', 'a#1 2: b#1'])
    assert.equal(seekers.sent.length, before)
  })

  it('is shared by all who look for the same port', () => {
    const seekers = seekersOf(['a', 'b'])
    seekers.submit('b', { kind: 'serve', port: one })
    for (const request of [1, 2, 2, 3]) ask(seekers, request)
    assert.equal(seekers.sent.length, 1)
    seekers.deliver()
    assert.deepEqual(ends(seekers), ['a#1 1: b#1', 'a#1 2: b#1', 'a#1 3: b#1'])
  })

  it('ends at once where the port is here, or comes to be', () => {
    const seekers = seekersOf(['a', 'b'])
    ask(seekers, 1)
    seekers.submit('a', { kind: 'serve', port: one })
    ask(seekers, 2)
    assert.deepEqual(ends(seekers), ['a#1 1: a#1', 'a#1 2: a#1'])
  })

  it('finds nothing at once where there is nobody to ask', () => {
    const seekers = seekersOf(['a'])
    ask(seekers, 1)
    assert.deepEqual(ends(seekers), ['a#1 1: not-found'])
  })

  it('also asks who joins while it goes on', () => {
    const seekers = seekersOf(['a', 'b'])
    seekers.crash('b')
    seekers.restart('b')
    ask(seekers, 1)
    seekers.crash('b')
    seekers.restart('b')
    seekers.submit('b', { kind: 'serve', port: one })
    seekers.lose()
    seekers.fire('a', round(0))
    seekers.deliver()
    assert.deepEqual(ends(seekers), ['a#1 1: b#3'])
  })

  it('that nobody waits for any more ends without a word', () => {
    const seekers = seekersOf(['a', 'b'])
    for (const request of [1, 2]) ask(seekers, request)
    for (const request of [1, 2, 3]) seekers.submit('a', { kind: 'cancel', request, port: one })
    assert.deepEqual([ends(seekers), seekers.state('a').searches.size], [[], 0])
  })

  it('is not ended by an answer to an earlier one', () => {
    const seekers = seekersOf(['a', 'b'])
    ask(seekers, 1)
    seekers.submit('a', { kind: 'cancel', request: 1, port: one })
    ask(seekers, 2)
    seekers.inject(life('b'), 'a', { kind: 'HEREIS', port: one, search: 1 })
    assert.deepEqual(ends(seekers), [])
  })

  it('is not moved on by the timer of another search or round', () => {
    const seekers = seekersOf(['a', 'b'])
    ask(seekers, 1)
    const before = structuredClone(seekers.state('a'))
    for (const timer of [round(1), round(0, 2)]) seekers.fire('a', timer)
    assert.deepEqual(seekers.state('a'), before)
  })
})

describe('a place that is remembered', () => {
  const causes: readonly (readonly [string, (seekers: Seekers) => void])[] = [
    ['its server withdraws it', (seekers) => seekers.submit('b', { kind: 'withdraw', port: one })],
    ['the driver finds that it is not there', (seekers) => notHere(seekers, 'b')],
    ['its member dies', (seekers) => seekers.crash('b')],
    ['its member lives anew', (seekers) => seekers.submit('a', { kind: 'joined', address: life('b', 2) })],
  ]
  const notHere = (seekers: Seekers, name: string): void =>
    seekers.submit('a', { kind: 'not-here', port: one, at: life(name) })
  for (const [cause, act] of causes) {
    it(`is forgotten when ${cause}`, () => {
      const seekers = found()
      act(seekers)
      seekers.deliver()
      assert.equal(seekers.state('a').cache.size, 0)
    })
  }

  it('is not forgotten for what is said of another place', () => {
    const seekers = found()
    notHere(seekers, 'c')
    seekers.inject(life('c'), 'a', { kind: 'NOTHERE', port: one })
    assert.equal(seekers.state('a').cache.get(one), life('b'))
  })

  it('makes room when it was not used for longest', () => {
    const seekers = seekersOf(['a', 'b'], { cacheMax: 2 })
    for (const number of [1, 2, 3]) seekers.submit('b', { kind: 'serve', port: portOf(number) })
    for (const number of [1, 2, 1, 3]) {
      ask(seekers, number, portOf(number))
      seekers.deliver()
    }
    assert.deepEqual([...seekers.state('a').cache.keys()], [portOf(1), portOf(3)])
  })

  it('is never one that was not asked for, nor at a member that is dead', () => {
    const seekers = seekersOf(['a', 'b', 'c'])
    seekers.inject(life('b'), 'a', { kind: 'HEREIS', port: one, search: 1 })
    ask(seekers, 1)
    seekers.crash('b')
    seekers.inject(life('b'), 'a', { kind: 'HEREIS', port: one, search: 1 })
    assert.deepEqual([ends(seekers), seekers.state('a').cache.size], [[], 0])
  })
})

describe('a port', () => {
  it('that was withdrawn is not here any more, for others nor for its member', () => {
    const seekers = seekersOf(['a', 'b'])
    seekers.submit('a', { kind: 'serve', port: one })
    seekers.submit('a', { kind: 'withdraw', port: one })
    seekers.inject(life('b'), 'a', { kind: 'LOCATE', port: one, search: 1 })
    assert.equal(seekers.sent.length, 0)
    ask(seekers, 1)
    assert.deepEqual(ends(seekers), [])
  })

  it('is announced to nobody who has not asked', () => {
    const seekers = seekersOf(['a', 'b'])
    for (const kind of ['serve', 'withdraw'] as const) seekers.submit('a', { kind, port: one })
    assert.equal(seekers.sent.length, 0)
  })
})

describe('a bound', () => {
  const bounds = [
    ['searches', { searchesMax: 1 }, 'a#1 2: too-many-searches'],
    ['who waits for one search', { waitingMax: 1 }, 'a#1 3: too-many-waiting'],
    ['ports served', { servedMax: 1 }, 'a#1 serve: too-many-served'],
    ['peers', { peersMax: 1 }, 'a#1 joined: too-many-peers'],
  ] as const
  for (const [what, limits, end] of bounds) {
    it(`refuses what is over it: ${what}`, () => {
      const seekers = seekersOf(['a', 'b'], limits)
      ask(seekers, 1)
      ask(seekers, 2, portOf(2))
      ask(seekers, 3)
      for (const number of [8, 9]) seekers.submit('a', { kind: 'serve', port: portOf(number) })
      seekers.submit('a', { kind: 'joined', address: life('z') })
      assert.deepEqual(ends(seekers), [end])
    })
  }

  it('of those who were told drops the one told first', () => {
    const seekers = seekersOf(['a', 'b', 'c'], { toldMax: 1 })
    seekers.submit('a', { kind: 'serve', port: one })
    for (const name of ['b', 'c']) seekers.inject(life(name), 'a', { kind: 'LOCATE', port: one, search: 1 })
    const before = seekers.sent.length
    seekers.submit('a', { kind: 'withdraw', port: one })
    assert.deepEqual(
      seekers.sent.slice(before).map(({ to, message }) => `${to} ${message.kind}`),
      ['c#1 NOTHERE'],
    )
  })
})

describe('a malformed message is counted, changes nothing and is not answered', () => {
  const bad = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48]
  const cases: readonly (readonly [string, Message])[] = [
    ...bad.map((search) => [`LOCATE of search ${search}`, { kind: 'LOCATE', port: one, search }] as const),
    ...bad.map((search) => [`HEREIS of search ${search}`, { kind: 'HEREIS', port: one, search }] as const),
    ['a port that is too short', { kind: 'NOTHERE', port: 'abc' as Port }],
    ['a port that is no text', { kind: 'NOTHERE', port: 7 as unknown as Port }],
    ['no kind', { kind: 'WHO', port: one, search: 1 } as unknown as Message],
  ]
  for (const [what, message] of cases) {
    it(what, () => {
      const seekers = found()
      const before = structuredClone(seekers.state('b'))
      const sent = seekers.sent.length
      seekers.inject(life('a'), 'b', message)
      assert.deepEqual(seekers.state('b'), { ...before, malformed: 1 })
      assert.equal(seekers.sent.length, sent)
    })
  }
})

it('a member is inspected in a few lines', () => {
  const seekers = found()
  ask(seekers, 2, portOf(2))
  assert.equal(
    locate.inspect(seekers.state('a')),
    'locate of a#1: 1 peers, 1 places known, 0 ports here\n  looks for 000000…: round 0, 1 asked, 1 waiting',
  )
})

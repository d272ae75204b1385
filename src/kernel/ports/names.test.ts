/** Which servers a name leads to: set aside and found again, moved, and those whose row proves nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Engine, Entry, Listing } from '../../edges/engine.ts'
import { hostCrypto } from '../../host/crypto.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { revision } from '../../lib/identifiers.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { namedServer, testMemberKey, testSystemId } from '../fixtures/named-server.ts'
import { Names } from './names.ts'

function entryOf(digit: number): Entry {
  const { nameKey, nameValue } = namedServer('beast', `m${digit}#1`, { digit })
  const at = revision(5)
  return { key: nameKey, value: nameValue, revision: at, createdRevision: at, lease: undefined }
}

interface Started {
  readonly names: Names
  readonly clock: HandClock
  readonly refused: () => number
}

/** Two servers of one name; what the next listings come to is the test's affair. */
async function started(listings: (Listing | CardumenError)[]): Promise<Started> {
  const entries = [entryOf(1), entryOf(2)]
  const whole: Listing = { entries, revision: revision(5), more: false }
  const waitsForEver = { next: () => new Promise<never>(() => undefined) }
  const engine = {
    systemId: testSystemId,
    list: async () => {
      const next = listings.shift() ?? whole
      if (next instanceof CardumenError) throw next
      return next
    },
    watch: () => ({ [Symbol.asyncIterator]: () => waitsForEver }),
  } as unknown as Engine
  const clock = new HandClock()
  let refused = 0
  const identified: string[] = []
  const names = new Names({
    ...{ engine, clock, crypto: hostCrypto },
    publicKeyOf: (of) => (of.startsWith('late') && !identified.includes(of) ? undefined : testMemberKey),
    identify: async (of) => void identified.push(of),
    onUnproven: () => void refused++,
  })
  listings.unshift(whole)
  await names.start()
  return { names, clock, refused: () => refused }
}

describe('a server that was set aside, of a name that has another', () => {
  const old: Listing = { entries: [entryOf(1)], revision: revision(4), more: false }
  const away = new CardumenError('engine-failed', 'away')
  for (const [what, listings] of [
    ['the engine is away', [away, away]],
    ['the engine answers with what was once', [old, old]],
  ] as const)
    it(`is looked for until it is found, though ${what} meanwhile`, async () => {
      const { names, clock } = await started([...listings])
      const [first] = names.servers('beast')
      assert(first !== undefined)
      names.forgetServer('beast', first)
      await clock.advance(2_500)
      assert.equal(names.servers('beast').length, 1)
      await clock.advance(1_000)
      assert.equal(names.servers('beast').length, 2)
    })
})

describe('a name', () => {
  const listingOf = (...servers: ReturnType<typeof namedServer>[]): Listing => ({
    entries: servers.map(({ nameKey, nameValue }) => ({
      ...{ key: nameKey, value: nameValue, lease: undefined },
      ...{ revision: revision(9), createdRevision: revision(9) },
    })),
    revision: revision(9),
    more: false,
  })

  it('leads to a server whose proof was looked at once', async () => {
    const { names } = await started([listingOf(namedServer('beast', 'm1#1'))])
    await names.refresh('beast')
    const entry = names.servers('beast').find(({ port }) => port === namedServer('beast', 'm1#1').port)
    assert(entry !== undefined)
    assert.deepEqual([entry.isProven, names.prove('beast', entry), entry.isProven], [false, true, true])
  })

  it('does not lead to a server whose proof is of another address, and counts it', async () => {
    const { names, refused } = await started([listingOf(namedServer('fish', 'impostor#2', { provenAt: 'm1#1' }))])
    await names.refresh('fish')
    const [entry] = names.servers('fish')
    assert(entry !== undefined)
    assert.equal(names.prove('fish', entry), false)
    assert.deepEqual([names.servers('fish').length, refused()], [0, 1])
  })

  it('does not lead to a member with another key than its server says that it is at, and counts it', async () => {
    const memberKey = new Uint8Array(32).fill(6)
    const { names, refused } = await started([listingOf(namedServer('fish', 'm1#1', { memberKey }))])
    const [entry] = await names.refresh('fish')
    assert(entry !== undefined)
    assert.equal(names.prove('fish', entry), false)
    assert.deepEqual([names.servers('fish').length, refused()], [0, 1])
  })

  it('leads to a member that joined a moment ago once that is known, and never counts it as unproven', async () => {
    const late = listingOf(namedServer('beast', 'late#1', { digit: 9 }))
    const { names, refused } = await started([late])
    const isLate = (): ReturnType<Names['servers']>[number] | undefined =>
      names.servers('beast').find(({ address }) => address === 'late#1')
    await names.refresh('beast')
    const entry = isLate()
    assert(entry !== undefined)
    assert.deepEqual([names.prove('beast', entry), refused()], [true, 0])
  })

  it('follows a kept server to its new address, and is worth waiting for while that has none', async () => {
    const kept = (at: string): ReturnType<typeof namedServer> => namedServer('fish', at, { isKept: true })
    const { names, clock } = await started([listingOf(kept('m1#1')), listingOf(kept('m2#1'))])
    const [entry] = await names.refresh('fish')
    assert(entry !== undefined && names.prove('fish', entry))
    names.forgetServer('fish', entry)
    assert.equal(names.isAwaited('fish'), true)
    assert.equal((await names.refresh('fish'))[0]?.address, 'm2#1')
    assert.equal(names.isAwaited('fish'), false)
    await clock.advance(2_000)
  })

  it('whose drawn server is gone is worth no wait', async () => {
    const { names } = await started([listingOf(namedServer('fish', 'm1#1'))])
    const [entry] = await names.refresh('fish')
    assert(entry !== undefined && names.prove('fish', entry))
    names.forgetServer('fish', entry)
    assert.equal(names.isAwaited('fish'), false)
  })
})

/** The banker grants what is safe, lets the rest wait, and refuses what cannot be. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type Amounts,
  type Bank,
  bankLimits,
  claim,
  isSafe,
  leave,
  openBank,
  release,
  request,
  withdraw,
} from './banker.ts'
import { canAllEnd } from './fixtures/endings.ts'

function bankOf(total: Amounts, limits = bankLimits): Bank {
  const bank = openBank(total, limits)
  assert.ok(!('kind' in bank))
  return bank
}

/** Ten units, and three clients that claim so many and hold so many, as in Dijkstra's example. */
function borrowers(): Bank {
  const bank = bankOf({ florin: 10 })
  const [a, b, c] = [1, 2, 3]
  for (const [client, most] of [
    [a, 8],
    [b, 3],
    [c, 9],
  ] as const) {
    claim(bank, client, `client ${client}`, { florin: most })
  }
  request(bank, 11, a, { florin: 4 })
  request(bank, 12, b, { florin: 2 })
  request(bank, 13, c, { florin: 1 })
  return bank
}

describe('the banker', () => {
  it('grants what leaves everybody a way to the end', () => {
    assert.deepEqual(request(borrowers(), 20, 2, { florin: 1 }), { kind: 'granted' })
  })

  it('lets a request wait that would leave no such way, though the units are there', () => {
    const bank = borrowers()
    assert.deepEqual(bank.free, [3])
    assert.deepEqual(request(bank, 20, 3, { florin: 3 }), { kind: 'waits' })
    assert.deepEqual(bank.free, [3])
  })

  it('grants what waited once it is safe', () => {
    const bank = borrowers()
    request(bank, 20, 3, { florin: 3 })
    assert.deepEqual(leave(bank, 1), { kind: 'changed', granted: [20] })
  })

  it('does not grant what was withdrawn', () => {
    const bank = borrowers()
    request(bank, 20, 3, { florin: 3 })
    withdraw(bank, 20)
    assert.deepEqual(leave(bank, 1), { kind: 'changed', granted: [] })
  })

  it('forgets what a client waited for when it leaves, and takes back what it held', () => {
    const bank = borrowers()
    request(bank, 20, 3, { florin: 3 })
    leave(bank, 3)
    assert.deepEqual(bank.waiting, [])
    assert.deepEqual(bank.free, [4])
  })

  it('keeps new clients waiting once the oldest request was passed as often as may be', () => {
    const bank = bankOf({ florin: 4 }, { ...bankLimits, overtakesMax: 2 })
    for (const client of [1, 2, 3]) claim(bank, client, `client ${client}`, { florin: 4 - (client % 2) })
    request(bank, 1, 1, { florin: 1 })
    assert.equal(request(bank, 2, 2, { florin: 4 }).kind, 'waits')
    for (const id of [3, 4]) {
      assert.equal(request(bank, id, 3, { florin: 1 }).kind, 'granted')
      release(bank, 3, { florin: 1 })
    }
    assert.equal(request(bank, 5, 3, { florin: 1 }).kind, 'waits')
    assert.equal(request(bank, 6, 1, { florin: 1 }).kind, 'granted')
    assert.deepEqual(leave(bank, 1), { kind: 'changed', granted: [2] })
    assert.deepEqual(leave(bank, 2), { kind: 'changed', granted: [5] })
  })
})

describe('the banker refuses', () => {
  const full = { ...bankLimits, clientsMax: 1, waitingMax: 1 }
  const busy = (): Bank => {
    const bank = bankOf({ printer: 2, scanner: 1 }, full)
    claim(bank, 1, 'A', { printer: 2 })
    return bank
  }
  const cases: readonly (readonly [what: string, code: string, act: (bank: Bank) => unknown])[] = [
    ['a claim over what there is', 'claim-exceeded', (bank) => (leave(bank, 1), claim(bank, 2, 'B', { scanner: 2 }))],
    ['a request over the claim', 'claim-exceeded', (bank) => request(bank, 1, 1, { scanner: 1 })],
    [
      'a request that is over the claim together with what is held',
      'claim-exceeded',
      (bank) => (request(bank, 1, 1, { printer: 1 }), request(bank, 2, 1, { printer: 2 })),
    ],
    ['a request of a stranger', 'claim-exceeded', (bank) => request(bank, 1, 9, { printer: 1 })],
    ['the release of what is not held', 'not-held', (bank) => release(bank, 1, { printer: 1 })],
    ['the release of a stranger', 'not-held', (bank) => release(bank, 9, { printer: 1 })],
    ['a kind that there is not', 'option-invalid', (bank) => request(bank, 1, 1, { plotter: 1 })],
    ['a negative amount', 'option-invalid', (bank) => request(bank, 1, 1, { printer: -1 })],
    ['a second claim', 'option-invalid', (bank) => claim({ ...bank, limits: bankLimits }, 1, 'A', { printer: 1 })],
    ['more clients than its bound', 'capacity-reached', (bank) => claim(bank, 2, 'B', { printer: 1 })],
  ]
  for (const [what, code, act] of cases) {
    it(`${what}, as ${code}`, () => {
      assert.partialDeepStrictEqual(act(busy()), { kind: 'refused', code })
    })
  }

  it('a bank with half a unit, as option-invalid', () => {
    assert.partialDeepStrictEqual(openBank({ printer: 0.5 }), { kind: 'refused', code: 'option-invalid' })
  })
})

describe('in every run', () => {
  const amounts = fc.record({ x: fc.nat(2), y: fc.nat(2) })
  const acts = fc.array(
    fc.tuple(fc.constantFrom('request', 'release', 'leave', 'withdraw'), fc.nat(2), amounts, fc.nat(9)),
    {
      maxLength: 30,
    },
  )
  const claims = fc.array(fc.record({ x: fc.nat(3), y: fc.nat(3) }), { minLength: 3, maxLength: 3 })

  function play(bank: Bank, list: readonly (readonly [string, number, Amounts, number])[]): void {
    let id = 0
    for (const [kind, client, units, choice] of list) {
      if (kind === 'request') request(bank, ++id, client, units)
      if (kind === 'release') release(bank, client, units)
      if (kind === 'leave') leave(bank, client)
      if (kind === 'withdraw') withdraw(bank, choice)
      assert.ok(canAllEnd(bank))
      assert.ok(bank.free.every((units, at) => units >= 0 && units <= (bank.total[at] ?? 0)))
    }
  }

  function claimed(list: readonly Amounts[]): Bank {
    const bank = bankOf({ x: 3, y: 3 }, { ...bankLimits, overtakesMax: 2 })
    for (const [client, most] of list.entries()) claim(bank, client, `client ${client}`, most)
    return bank
  }

  it('all clients can end in some order, after whatever was granted', () => {
    fc.assert(
      fc.property(claims, acts, (list, done) => play(claimed(list), done)),
      { numRuns: 500 },
    )
  })

  it('nothing waits any more once all others have left', () => {
    fc.assert(
      fc.property(claims, acts, (list, done) => {
        const bank = claimed(list)
        play(bank, done)
        leave(bank, 0)
        leave(bank, 1)
        assert.deepEqual(bank.waiting, [])
      }),
      { numRuns: 500 },
    )
  })

  it('a state counts as safe exactly if some order of the clients brings all to their ends', () => {
    const state = fc.tuple(amounts, fc.array(fc.tuple(amounts, amounts), { maxLength: 4 }))
    fc.assert(
      fc.property(state, ([free, list]) => {
        const bank = bankOf({ x: 99, y: 99 })
        bank.free.splice(0, 2, free.x, free.y)
        for (const [id, [most, held]] of list.entries())
          bank.clients.set(id, { name: `${id}`, claim: [most.x + held.x, most.y + held.y], held: [held.x, held.y] })
        assert.equal(isSafe(bank), canAllEnd(bank))
      }),
      { numRuns: 1_000 },
    )
  })
})

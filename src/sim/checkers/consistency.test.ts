/** Sequential, causal and PRAM consistency and convergence: histories by hand, trying every order, and mutations. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isPram, isSequential } from './fixtures/brute-force.ts'
import { historyOf, modelOf } from './fixtures/histories.ts'
import { randomHistory } from './fixtures/random-history.ts'
import { checkCausal } from './causal.ts'
import { type ConsistencyName, checkConsistency } from './check-consistency.ts'
import { checkEventual } from './eventual.ts'
import { type HistoryEvent, pairEvents } from './history.ts'
import { modelNames } from './models/model-named.ts'
import { checkPram } from './pram.ts'
import { checkSequential } from './sequential.ts'

const write = (process: number, key: string, value: number): string[] => [
  `${process} invoke write:${key} ${value}`,
  `${process} ok write:${key} ${value}`,
]
const read = (process: number, key: string, value: number | null): string[] => [
  `${process} invoke read:${key}`,
  `${process} ok read:${key} ${value}`,
]

type Row = readonly [fact: string, lines: readonly string[], holds: Readonly<Partial<Record<ConsistencyName, boolean>>>]

const rows: readonly Row[] = [
  [
    'a stale read of another process',
    [...write(0, 'x', 1), ...read(1, 'x', null)],
    { linearizable: false, sequential: true, causal: true, pram: true },
  ],
  [
    'a stale read of its own write',
    [...write(0, 'x', 1), ...read(0, 'x', null)],
    { sequential: false, causal: false, pram: false },
  ],
  [
    'both miss the other’s write (Dekker)',
    [...write(0, 'x', 1), ...write(1, 'y', 1), ...read(0, 'y', null), ...read(1, 'x', null)],
    { sequential: false, causal: true, pram: true },
  ],
  [
    'two see two writes in different orders',
    [
      ...write(0, 'x', 1),
      ...write(1, 'x', 2),
      ...read(2, 'x', 1),
      ...read(2, 'x', 2),
      ...read(3, 'x', 2),
      ...read(3, 'x', 1),
    ],
    { sequential: false, causal: true, pram: true },
  ],
  [
    'an answer is seen without its question',
    [...write(0, 'x', 1), ...read(1, 'x', 1), ...write(1, 'y', 2), ...read(2, 'y', 2), ...read(2, 'x', null)],
    { sequential: false, causal: false, pram: true },
  ],
  [
    'a replaced value is seen after its successor’s effect',
    [...write(0, 'x', 1), ...write(0, 'x', 2), ...write(0, 'y', 3), ...read(1, 'y', 3), ...read(1, 'x', 1)],
    { sequential: false, causal: false, pram: false },
  ],
  [
    'one process’s writes are seen backwards',
    [...write(0, 'x', 1), ...write(0, 'x', 2), ...read(1, 'x', 2), ...read(1, 'x', 1)],
    { sequential: false, causal: false, pram: false },
  ],
  ['a value out of thin air', read(0, 'x', 5), { sequential: false, causal: false, pram: false }],
  [
    'values that cause each other',
    [...read(0, 'x', 1), ...write(0, 'y', 1), ...read(1, 'y', 1), ...write(1, 'x', 1)],
    { sequential: false, causal: false, pram: true },
  ],
  [
    'a value read before it is written by another',
    [...read(0, 'x', 1), ...write(1, 'x', 1)],
    { linearizable: false, sequential: true, causal: true, pram: true },
  ],
  [
    'final reads that agree',
    [...write(0, 'x', 1), ...write(1, 'x', 2), ...read(0, 'x', 1), ...read(1, 'x', 1)],
    { eventual: true },
  ],
  [
    'final reads that differ',
    [...write(0, 'x', 1), ...write(1, 'x', 2), ...read(0, 'x', 1), ...read(1, 'x', 2)],
    { eventual: false },
  ],
  [
    'final reads of what nobody wrote',
    [...write(0, 'x', 1), ...read(0, 'x', 3), ...read(1, 'x', 3)],
    { eventual: false },
  ],
  ['a final read that sees no acknowledged write', [...write(0, 'x', 1), ...read(0, 'x', null)], { eventual: false }],
]

describe('what each consistency allows', () => {
  for (const [fact, lines, holds] of rows) {
    for (const [name, expected] of Object.entries(holds)) {
      it(`${fact}: ${expected ? 'holds' : 'is broken'} under ${name}`, () => {
        const verdict = checkConsistency(name as ConsistencyName, historyOf('register', lines), modelOf('register'))
        assert.equal(verdict.holds, expected, verdict.holds === true ? '' : verdict.text)
      })
    }
  }
})

function mutated(events: readonly HistoryEvent[], places: readonly (readonly [number, number])[]): HistoryEvent[] {
  const copy = [...events]
  const results = copy.flatMap((each, place) =>
    each.type === 'ok' && ['read', 'get', 'dequeue'].includes(each.f) ? [place] : [],
  )
  for (const [one, other] of places) {
    const [left, right] = [results[one % Math.max(1, results.length)], results[other % Math.max(1, results.length)]]
    if (left === undefined || right === undefined) continue
    const [first, second] = [copy[left], copy[right]] as [HistoryEvent, HistoryEvent]
    copy[left] = { ...first, value: second.value ?? null }
    copy[right] = { ...second, value: first.value ?? null }
  }
  return copy
}

const drawn = fc.record({
  model: fc.constantFrom(...modelNames),
  seed: fc.nat(1_000_000),
  swaps: fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 4 }),
})

describe('sequential and PRAM consistency', () => {
  it('agree with trying every order', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(drawn, ({ model: name, seed, swaps }) => {
        const model = modelOf(name)
        const history = pairEvents(
          mutated(randomHistory(name, { seed, operations: 7, processes: 3, keys: 2, unknown: 0.15, values: 3 }), swaps),
          model,
        )
        const expected = [isSequential(history, model), isPram(history, model)]
        assert.deepEqual([checkSequential(history, model).holds, checkPram(history, model).holds], expected)
        seen.set(String(expected), (seen.get(String(expected)) ?? 0) + 1)
      }),
      { numRuns: 1_000, seed: 11 },
    )
    assert.ok((seen.get('true,true') ?? 0) > 100 && (seen.get('false,false') ?? 0) > 80, JSON.stringify([...seen]))
  })
})

describe('causal consistency', () => {
  it('holds wherever sequential consistency does, and is broken by some mutations', () => {
    let broken = 0
    fc.assert(
      fc.property(drawn, ({ seed, swaps }) => {
        const register = modelOf('register')
        const history = pairEvents(
          mutated(randomHistory('register', { seed, operations: 9, processes: 3, keys: 2, unknown: 0.15 }), swaps),
          register,
        )
        const verdict = checkCausal(history, register)
        if (checkSequential(history, register).holds === true) assert.equal(verdict.holds, true)
        if (!verdict.holds) {
          broken++
          assert.equal(checkCausal(verdict.part ?? [], register).holds, false)
        }
      }),
      { numRuns: 500, seed: 12 },
    )
    assert.ok(broken > 20, String(broken))
  })

  it('cannot be judged where a value is written twice, or appended', () => {
    assert.throws(
      () => checkCausal(historyOf('register', [...write(0, 'x', 1), ...write(1, 'x', 1)]), modelOf('register')),
      /written twice/,
    )
    assert.throws(() => checkCausal(historyOf('kv', ['0 invoke append:x "a"']), modelOf('kv')), /no append/)
  })

  it('of 10,000 operations is decided without a search', () => {
    const history = pairEvents(
      randomHistory('register', { seed: 2, operations: 10_000, processes: 10, keys: 50, unknown: 0.05 }),
      modelOf('register'),
    )
    assert.equal(checkCausal(history, modelOf('register')).holds, true)
  })
})

describe('convergence', () => {
  it('cannot be judged where nobody read after the last change', () => {
    assert.equal(
      checkEventual(historyOf('register', [...read(0, 'x', null), ...write(0, 'x', 1)]), modelOf('register')).holds,
      undefined,
    )
  })

  it('does not judge reads within the quiet time', () => {
    const history = historyOf('register', [
      ...write(0, 'x', 1),
      ...read(0, 'x', null),
      ...read(0, 'x', 1),
      ...read(1, 'x', 1),
    ])
    assert.equal(checkEventual(history, modelOf('register')).holds, true)
    const early = historyOf('register', [...write(0, 'x', 1), ...read(2, 'x', null), ...read(0, 'x', 1)])
    assert.equal(checkEventual(early, modelOf('register')).holds, false)
    assert.equal(checkEventual(early, modelOf('register'), 30).holds, true)
  })
})

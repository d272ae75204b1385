/** Linearizability: histories by hand, histories that are right by construction, and mutations judged by trying every order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isLinearizable } from './fixtures/brute-force.ts'
import { historyOf, modelOf } from './fixtures/histories.ts'
import { randomHistory } from './fixtures/random-history.ts'
import { type HistoryEvent, pairEvents } from './history.ts'
import type { Json } from './json-value.ts'
import { checkLinearizable } from './linearizable.ts'
import type { ModelName } from './models/model.ts'
import { modelNames } from './models/model-named.ts'

type Case = readonly [fact: string, model: ModelName, lines: readonly string[]]

const good: readonly Case[] = [
  ['a register begins as null', 'register', ['0 invoke read', '0 ok read null']],
  [
    'a read beside a write may see the old value',
    'register',
    ['0 invoke write 1', '1 invoke read', '1 ok read null', '0 ok write 1'],
  ],
  [
    'an unknown write may take effect long after',
    'register',
    ['0 invoke write 1', '0 info write 1', '1 invoke read', '1 ok read null', '1 invoke read', '1 ok read 1'],
  ],
  [
    'an unknown write may never take effect',
    'register',
    ['0 invoke write 1', '0 info write 1', '1 invoke read', '1 ok read null'],
  ],
  [
    'a failed write did not happen',
    'register',
    ['0 invoke write 1', '0 fail write 1', '1 invoke read', '1 ok read null'],
  ],
  [
    'a failed cas says nothing else',
    'register',
    ['0 invoke cas [null,1]', '0 fail cas [null,1]', '1 invoke read', '1 ok read null'],
  ],
  [
    'an absent key reads as the empty string too',
    'kv',
    ['0 invoke get:x', '0 ok get:x ""', '0 invoke get:x', '0 ok get:x null'],
  ],
  [
    'append concatenates',
    'kv',
    [
      '0 invoke append:x "a"',
      '0 ok append:x "a"',
      '0 invoke append:x "b"',
      '0 ok append:x "b"',
      '0 invoke get:x',
      '0 ok get:x "ab"',
    ],
  ],
  [
    'a key named __proto__ is a key',
    'kv',
    ['0 invoke put:__proto__ "a"', '0 ok put:__proto__ "a"', '0 invoke get:constructor', '0 ok get:constructor null'],
  ],
  [
    'a queue gives any element',
    'queue',
    [
      '0 invoke enqueue 1',
      '0 ok enqueue 1',
      '0 invoke enqueue 2',
      '0 ok enqueue 2',
      '0 invoke dequeue',
      '0 ok dequeue 2',
    ],
  ],
  [
    'an unknown dequeue may have taken it',
    'fifo',
    [
      '0 invoke enqueue 1',
      '0 ok enqueue 1',
      '1 invoke dequeue',
      '1 info dequeue',
      '0 invoke dequeue',
      '0 ok dequeue null',
    ],
  ],
  [
    'an unknown release may free the lock',
    'lock',
    ['0 invoke acquire', '0 ok acquire 1', '0 invoke release', '0 info release', '1 invoke acquire', '1 ok acquire 2'],
  ],
  [
    'a counter adds what is unknown or not',
    'counter',
    ['0 invoke add 2', '0 info add 2', '1 invoke read', '1 ok read 0', '1 invoke read', '1 ok read 2'],
  ],
  [
    'an unknown addition is seen before something is taken away again',
    'counter',
    [
      '0 invoke add 5',
      '0 info add 5',
      '1 invoke read',
      '2 invoke read',
      '3 invoke add -3',
      '2 ok read 2',
      '1 ok read 5',
      '3 ok add -3',
    ],
  ],
]

const bad: readonly Case[] = [
  ['a stale read', 'register', ['0 invoke write 1', '0 ok write 1', '1 invoke read', '1 ok read null']],
  [
    'two reads that see an unknown write come and go',
    'register',
    ['0 invoke write 1', '0 info write 1', '1 invoke read', '1 ok read 1', '1 invoke read', '1 ok read null'],
  ],
  ['a read of what failed', 'register', ['0 invoke write 1', '0 fail write 1', '1 invoke read', '1 ok read 1']],
  [
    'two cas from one value',
    'register',
    ['0 invoke cas [null,1]', '1 invoke cas [null,2]', '0 ok cas [null,1]', '1 ok cas [null,2]'],
  ],
  [
    'an unknown write seen before it was invoked',
    'register',
    ['1 invoke read', '1 ok read 1', '0 invoke write 1', '0 info write 1'],
  ],
  [
    'an append that is lost',
    'kv',
    [
      '0 invoke append:x "a"',
      '0 ok append:x "a"',
      '0 invoke append:x "b"',
      '0 ok append:x "b"',
      '0 invoke get:x',
      '0 ok get:x "b"',
    ],
  ],
  [
    'a deleted key that is read',
    'kv',
    ['0 invoke put:x 1', '0 ok put:x 1', '0 invoke delete:x', '0 ok delete:x', '0 invoke get:x', '0 ok get:x 1'],
  ],
  [
    'fifo out of order',
    'fifo',
    [
      '0 invoke enqueue 1',
      '0 ok enqueue 1',
      '0 invoke enqueue 2',
      '0 ok enqueue 2',
      '0 invoke dequeue',
      '0 ok dequeue 2',
    ],
  ],
  [
    'an element given twice',
    'queue',
    [
      '0 invoke enqueue 1',
      '0 ok enqueue 1',
      '0 invoke dequeue',
      '1 invoke dequeue',
      '0 ok dequeue 1',
      '1 ok dequeue 1',
    ],
  ],
  [
    'an empty queue that is not',
    'queue',
    ['0 invoke enqueue 1', '0 ok enqueue 1', '0 invoke dequeue', '0 ok dequeue null'],
  ],
  ['two holders', 'lock', ['0 invoke acquire', '0 ok acquire 1', '1 invoke acquire', '1 ok acquire 2']],
  [
    'a token that does not grow',
    'lock',
    ['0 invoke acquire', '0 ok acquire 2', '0 invoke release', '0 ok release', '1 invoke acquire', '1 ok acquire 2'],
  ],
  ['a release by another', 'lock', ['0 invoke acquire', '0 ok acquire 1', '1 invoke release', '1 ok release']],
  [
    'a lost increment',
    'counter',
    ['0 invoke add 1', '0 ok add 1', '1 invoke add 1', '1 ok add 1', '0 invoke read', '0 ok read 1'],
  ],
]

describe('a linearizable history holds', () => {
  for (const [fact, model, lines] of good) {
    it(fact, () => assert.equal(checkLinearizable(historyOf(model, lines), modelOf(model)).holds, true))
  }
})

describe('a history that is not linearizable is reported', () => {
  for (const [fact, model, lines] of bad) {
    it(fact, () => assert.equal(checkLinearizable(historyOf(model, lines), modelOf(model)).holds, false))
  }
})

const draw = {
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  mutations: fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 3 }),
}
const small = fc.record({ ...draw, model: fc.constantFrom(...modelNames) })

/** Changes what completed reads, dequeues and acquisitions gave: swapped with another's, or another value. */
function mutated(events: readonly HistoryEvent[], mutations: readonly (readonly [number, number])[]): HistoryEvent[] {
  const copy = [...events]
  const results = copy.flatMap((each, place) =>
    each.type === 'ok' && ['read', 'get', 'dequeue', 'acquire'].includes(each.f) ? [place] : [],
  )
  for (const [one, other] of mutations) {
    const left = results[one % Math.max(1, results.length)]
    const right = results[other % Math.max(1, results.length)]
    if (left === undefined || right === undefined) continue
    const [first, second] = [copy[left], copy[right]] as [HistoryEvent, HistoryEvent]
    const changed: Json = typeof first.value === 'number' ? (first.value + 1) % 3 : first.f === 'read' ? 0 : null
    copy[left] = { ...first, value: left === right ? changed : (second.value ?? null) }
    if (left !== right) copy[right] = { ...second, value: first.value ?? null }
  }
  return copy
}

describe('the search', () => {
  it('agrees with trying every order, on right histories and on mutated ones', () => {
    const seen = { held: 0, broken: 0 }
    fc.assert(
      fc.property(small, ({ model, seed, mutations }) => {
        const right = randomHistory(model, { seed, operations: 7, processes: 3, keys: 1, unknown: 0.25, values: 3 })
        const history = pairEvents(mutated(right, mutations), modelOf(model))
        const expected = isLinearizable(history, modelOf(model))
        if (mutations.length === 0) assert.equal(expected, true)
        assert.equal(checkLinearizable(history, modelOf(model)).holds, expected)
        seen[expected ? 'held' : 'broken']++
      }),
      { numRuns: 1_500, seed: 3 },
    )
    assert.ok(seen.held > 200 && seen.broken > 200, JSON.stringify(seen))
  })

  it('shows a part that is broken by itself, with no operation of which it could be rid', () => {
    fc.assert(
      fc.property(small, ({ model, seed, mutations }) => {
        const right = randomHistory(model, { seed, operations: 12, processes: 3, keys: 2, unknown: 0.1, values: 4 })
        const history = pairEvents(mutated(right, mutations), modelOf(model))
        const verdict = checkLinearizable(history, modelOf(model))
        if (verdict.holds !== false) return
        const part = verdict.part ?? []
        assert.ok(part.length > 0 && part.length <= history.length)
        assert.equal(isLinearizable(part, modelOf(model)), false)
        for (const group of modelOf(model).droppable(part)) {
          assert.equal(
            isLinearizable(
              part.filter((each) => !group.includes(each)),
              modelOf(model),
            ),
            true,
          )
        }
      }),
      { numRuns: 300, seed: 5 },
    )
  })

  it('holds for 10,000 operations over many keys, with unknown ones, of each model', () => {
    for (const model of modelNames) {
      const events = randomHistory(model, { seed: 7, operations: 10_000, processes: 10, keys: 50, unknown: 0.05 })
      assert.equal(checkLinearizable(pairEvents(events, modelOf(model)), modelOf(model)).holds, true, model)
    }
  })

  it('agrees with trying every order where most outcomes are unknown', () => {
    const seen = { held: 0, broken: 0 }
    const drawn = fc.record({ ...draw, model: fc.constantFrom<ModelName>('register', 'kv', 'counter') })
    fc.assert(
      fc.property(drawn, ({ model, seed, mutations }) => {
        const right = randomHistory(model, { seed, operations: 8, processes: 4, keys: 1, unknown: 0.6, values: 3 })
        const history = pairEvents(mutated(right, mutations), modelOf(model))
        const expected = isLinearizable(history, modelOf(model))
        assert.equal(checkLinearizable(history, modelOf(model)).holds, expected)
        seen[expected ? 'held' : 'broken']++
      }),
      { numRuns: 2_500, seed: 4 },
    )
    assert.ok(seen.held > 200 && seen.broken > 200, JSON.stringify(seen))
  })

  it('decides 10,000 operations of which a fifth is unknown, over many keys, whether their values differ or not', () => {
    for (const model of ['register', 'kv', 'counter', 'queue', 'lock'] as const) {
      for (const values of [4, 1_000_000]) {
        const shape = { seed: 7, operations: 10_000, processes: 10, keys: 50, unknown: 0.2, values }
        const history = pairEvents(randomHistory(model, shape), modelOf(model))
        assert.equal(checkLinearizable(history, modelOf(model)).holds, true, `${model} of ${values} values`)
      }
    }
  })

  it('agrees with trying every order of a fifo and of a counter, with equal values, many unknown outcomes and negative sums', () => {
    const seen = { held: 0, broken: 0 }
    const drawn = fc.record({
      ...draw,
      model: fc.constantFrom<ModelName>('fifo', 'counter'),
      unknown: fc.constantFrom(0, 0.2, 0.5),
      processes: fc.integer({ min: 2, max: 5 }),
      values: fc.integer({ min: 1, max: 6 }),
      takesAway: fc.boolean(),
    })
    fc.assert(
      fc.property(drawn, ({ model, seed, mutations, takesAway, ...shape }) => {
        const right = randomHistory(model, { seed, operations: 7, keys: 1, ...shape })
        const signed = right.map((each) =>
          each.f === 'add' && takesAway ? { ...each, value: 2 - Number(each.value) } : each,
        )
        const history = pairEvents(mutated(signed, mutations), modelOf(model))
        const expected = isLinearizable(history, modelOf(model))
        assert.equal(checkLinearizable(history, modelOf(model)).holds, expected)
        seen[expected ? 'held' : 'broken']++
      }),
      { numRuns: 2_500, seed: 6 },
    )
    assert.ok(seen.held > 200 && seen.broken > 200, JSON.stringify(seen))
  })

  const hardCases = [
    { model: 'fifo', keys: 5, unknown: 0.2, values: 1_000_000 },
    { model: 'fifo', keys: 1, unknown: 0, values: 1_000_000 },
    { model: 'fifo', keys: 50, unknown: 0.05, values: 4 },
    { model: 'fifo', keys: 50, unknown: 0.2, values: 4 },
    { model: 'counter', keys: 1, unknown: 0.05, values: 1_000_000 },
    { model: 'counter', keys: 1, unknown: 0.2, values: 1_000_000 },
  ] as const
  for (const { model, ...shape } of hardCases) {
    it(`decides 10,000 operations of a ${model} within its bound: ${JSON.stringify(shape)}`, () => {
      const events = randomHistory(model, { seed: 7, operations: 10_000, processes: 10, ...shape })
      assert.equal(checkLinearizable(pairEvents(events, modelOf(model)), modelOf(model)).holds, true)
    })
  }

  it('finds one stale read among 10,000 operations, and shows it with little beside', () => {
    const events = randomHistory('register', { seed: 9, operations: 10_000, processes: 10, keys: 50, unknown: 0.05 })
    const stale = events.findLastIndex((each) => each.type === 'ok' && each.f === 'read')
    const planted = events.with(stale, { ...(events[stale] as HistoryEvent), value: null })
    const verdict = checkLinearizable(pairEvents(planted, modelOf('register')), modelOf('register'))
    assert.equal(verdict.holds, false)
    assert.ok((verdict.holds === false ? (verdict.part?.length ?? 0) : 0) <= 12)
  })

  it('says that it has not decided where its bound is too small, and never that it holds', () => {
    const events = randomHistory('register', { seed: 1, operations: 200, processes: 5, keys: 1, unknown: 0 })
    const verdict = checkLinearizable(pairEvents(events, modelOf('register')), modelOf('register'), {
      configurationsMax: 50,
    })
    assert.equal(verdict.holds, undefined)
  })
})

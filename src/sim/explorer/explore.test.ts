/** The search on toys whose states can be counted by hand: what is reached, what is found, what is cut off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyModel, ExplorationResult } from './exploration.ts'
import { explore } from './explore.ts'
import { counters, greetings, smallBounds } from './fixtures/counters.ts'
import { storeModel } from './fixtures/store.ts'
import { lockModel } from './models/lock.ts'

function explored(model: AnyModel, isExact = false): ExplorationResult {
  return explore(model, { nowMs: () => 0, isExact })
}

test('every combination of three counters that each count to four is seen once', () => {
  const { verdict, states, edges, depth } = explored(counters(3, 4))
  // 5^3 states; from each, one step of every counter that has not come to its end: 3 * 4 * 5^2.
  assert.deepEqual({ verdict, states, edges, depth }, { verdict: 'holds', states: 125, edges: 300, depth: 12 })
})

test('interchangeable members make of n! states one', () => {
  const model = counters(3, 4)
  const { verdict, states } = explored({ ...model, symmetric: model.members } as AnyModel)
  // Multisets of three numbers out of five: 7 over 3.
  assert.deepEqual({ verdict, states }, { verdict: 'holds', states: 35 })
})

test('symmetry sees fewer states of a lock, in hashes and in exact mode, and comes to the same verdict', () => {
  for (const isNumbered of [true, false]) {
    const model = lockModel('lock', isNumbered, 3, { ...smallBounds, duplicatesMax: 1 }) as AnyModel
    const plain = explored({ ...model, symmetric: [] })
    const hashed = explored(model)
    const exact = explored(model, true)
    assert.equal(plain.verdict, isNumbered ? 'holds' : 'violated')
    assert.ok(hashed.states < plain.states * 0.6, `${hashed.states} of ${plain.states} states`)
    for (const other of [hashed, exact]) {
      assert.equal(other.verdict, plain.verdict)
      assert.equal(other.depth, plain.depth)
    }
    assert.equal(exact.states, hashed.states)
  }
})

test('hashes and whole states tell the same states apart', () => {
  const model = lockModel('lock', true, 3, { ...smallBounds, duplicatesMax: 1, lossesMax: 1 }) as AnyModel
  const hashed = explored(model)
  const exact = explored(model, true)
  assert.deepEqual(exact, hashed)
})

test('a bug that needs seven steps is found by a run of seven steps, whatever else may happen', () => {
  const { verdict, depth, counterexample } = explored(counters(3, 8, 7) as AnyModel)
  assert.equal(verdict, 'violated')
  assert.equal(depth, 7)
  assert.equal(counterexample?.violation, 'm1 has come to 7')
  assert.deepEqual(
    counterexample?.choices.map((choice) => choice.kind === 'call' && choice.member),
    Array.from({ length: 7 }, () => 'm1'),
  )
})

test('two messages arrive in both orders on a link without order, and in one where it keeps order', () => {
  // Before the call; both under way; a or b has come; both have come, in two orders.
  assert.equal(explored(greetings(['a', 'b'])).states, 6)
  assert.equal(explored(greetings(['a', 'b'], { links: 'ordered' })).states, 4)
})

test('each message is lost once and no more than the bound says', () => {
  const losing = (lossesMax: number) => greetings(['a', 'b'], { bounds: { ...smallBounds, lossesMax } })
  // Nothing lost: 6. One lost: the other is under way or has come, for each of the two.
  assert.equal(explored(losing(1)).states, 10)
  // Both lost: one more.
  assert.equal(explored(losing(2)).states, 11)
})

test('a message that is delivered twice is heard twice', () => {
  const twice = greetings(['a'], {
    bounds: { ...smallBounds, duplicatesMax: 1 },
    invariant: ({ members }) => (members[1]?.state?.heard.length === 2 ? 'heard twice' : undefined),
  })
  assert.deepEqual(
    explored(twice).counterexample?.choices.map((choice) => choice.kind),
    ['call', 'duplicate', 'deliver'],
  )
  assert.equal(explored({ ...twice, bounds: smallBounds } as AnyModel).verdict, 'holds')
})

test('what is left undone when nothing can happen any more is a violation', () => {
  const model = greetings(['a'], {
    bounds: { ...smallBounds, lossesMax: 1 },
    atRest: ({ members }) => (members[1]?.state?.heard.length === 0 ? 'm2 was never greeted' : undefined),
  })
  const { counterexample } = explored(model)
  assert.equal(counterexample?.violation, 'm2 was never greeted')
  assert.deepEqual(
    counterexample?.choices.map((choice) => choice.kind),
    ['call', 'lose'],
  )
})

test('a step that throws is a violation with the run that leads to it', () => {
  const model = greetings(['a'])
  const throwing: AnyModel = {
    ...(model as AnyModel),
    machine: {
      ...(model.machine as AnyModel['machine']),
      step: (state, input, context, effects) => {
        if (input.kind === 'message') throw new Error('no greetings here')
        model.machine.step(state as never, input as never, context, effects as never)
      },
    },
  }
  const { verdict, counterexample } = explored(throwing)
  assert.equal(verdict, 'violated')
  assert.equal(counterexample?.violation, 'm2#1 threw: no greetings here')
  assert.equal(counterexample?.choices.length, 2)
})

test('what was sent after a record leaves when that is on disk, through crashes and failed writes', () => {
  assert.equal(explored(storeModel(false)).verdict, 'holds')
})

test('a store that answers before it writes is caught in three steps', () => {
  const { verdict, counterexample } = explored(storeModel(true))
  assert.equal(verdict, 'violated')
  assert.deepEqual(
    counterexample?.choices.map((choice) => choice.kind),
    ['call', 'deliver', 'deliver'],
  )
})

test('a search that is cut off says by what, and never that everything holds', () => {
  const bounded = (more: object): AnyModel => ({
    ...(greetings(['a', 'b']) as AnyModel),
    bounds: { ...smallBounds, ...more },
  })
  for (const [bound, value] of [
    ['statesMax', 3],
    ['depthMax', 1],
    ['messagesInFlightMax', 1],
  ] as const) {
    const { verdict, cutBy } = explored(bounded({ [bound]: value }))
    assert.deepEqual({ verdict, cutBy }, { verdict: 'bounded', cutBy: [bound] })
  }
})

test('a state that holds what is no plain data is refused with a code', () => {
  const model = { ...counters(1, 1), initialState: () => ({ ticks: 0, when: new Date(0) }) } as AnyModel
  assert.throws(() => explored(model), { code: 'cannot-travel' })
})

/** m2 keeps a timer armed that counts how often it fires; m1 greets it once. */
function ringing(more: Partial<ReturnType<typeof greetings>>): AnyModel {
  const model = greetings(['a'], more) as AnyModel
  const machine: AnyModel['machine'] = {
    ...model.machine,
    step: (state, input, context, effects) => {
      if (input.kind === 'timer') (state as { heard: string[] }).heard.push(`at ${context.now}`)
      if (input.kind === 'message') effects.setTimer('again', 10)
      model.machine.step(state, input, context, effects)
    },
  }
  return { ...model, machine }
}

test('a timer that nobody lets fire is never fired, and time moves only where one fires', () => {
  const heardAfter = (timerFiringsMax: number, time: 'still' | 'by-timers'): unknown[] => {
    const seen = new Set<string>()
    explored(
      ringing({
        bounds: { ...smallBounds, timerFiringsMax },
        time,
        invariant: ({ members }) => void seen.add(members[1]?.state?.heard.join() ?? ''),
      }),
    )
    return [...seen]
  }
  assert.deepEqual(heardAfter(0, 'still'), ['', 'a'])
  assert.deepEqual(heardAfter(1, 'still'), ['', 'a', 'a,at 0'])
  assert.deepEqual(heardAfter(1, 'by-timers'), ['', 'a', 'a,at 10'])
})

test('a member that crashed comes back with what was on its disk, as a later life, unless it may not', () => {
  const lives = (restarts: boolean): unknown[] => {
    const seen = new Set<string>()
    const model = storeModel(false)
    const watched: typeof model = {
      ...model,
      restarts,
      invariant: ({ members }) => {
        const [, store] = members
        const kept = store?.state === undefined ? 'dead' : store.state.kept.join()
        return void seen.add(`${store?.address} ${kept}`)
      },
    }
    explored(watched)
    return [...seen].sort()
  }
  assert.deepEqual(lives(false), ['store#1 ', 'store#1 dead', 'store#1 value'])
  assert.deepEqual(lives(true), ['store#1 ', 'store#1 dead', 'store#1 value', 'store#2 ', 'store#2 value'])
})

/** The locks over shared memory, in all orders of single reads and writes: what holds, and what each weakening breaks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bakery } from '../../../protocols/shared-memory/bakery.ts'
import { dekker } from '../../../protocols/shared-memory/dekker.ts'
import { peterson } from '../../../protocols/shared-memory/peterson.ts'
import type { RegisterProgram } from '../../../protocols/shared-memory/program.ts'
import { testAndSet } from '../../../protocols/shared-memory/test-and-set.ts'
import { choiceText } from '../choices.ts'
import type { AnyModel, Bounds, ExplorationResult } from '../exploration.ts'
import { explore } from '../explore.ts'
import { replay } from '../replay.ts'
import { builtInModel } from './built-in-models.ts'
import { sharedMemoryModel } from './shared-memory.ts'

function explored(name: string, customers: number, more: Partial<Bounds> = {}): ExplorationResult {
  const { make, bounds } = builtInModel(name)
  return explore(make(customers, { ...bounds, ...more }), { nowMs: () => 0 })
}

function variantOf(program: RegisterProgram, changes: Partial<RegisterProgram>, crashesMax = 0): ExplorationResult {
  const options = { name: 'variant', about: '', program: { ...program, ...changes }, customers: 2, entries: 2 }
  const bounds = { ...builtInModel('bakery').bounds, crashesMax }
  return explore(sharedMemoryModel({ ...options, registers: 'atomic' }, bounds) as AnyModel, { nowMs: () => 0 })
}

test('the bakery holds for three customers in all orders of single reads and writes', () => {
  const { verdict, states } = explored('bakery', 3, { crashesMax: 0 })
  assert.deepEqual([verdict, states], ['holds', 22_818])
})

test('the bakery holds for two customers of which one dies anywhere, also while its registers give anything', () => {
  assert.equal(explored('bakery', 2, { crashesMax: 1 }).verdict, 'holds')
  assert.equal(explored('bakery-overlapping', 2, { crashesMax: 1 }).verdict, 'holds')
})

test('the bakery holds for three customers where a read that overlaps a write gives anything', () => {
  const { verdict, states } = explored('bakery-overlapping', 3)
  assert.deepEqual([verdict, states], ['holds', 112_666])
})

test('whole states instead of hashes give the same numbers, and the same ways to rest', () => {
  for (const name of ['peterson', 'dekker-overlapping']) {
    const { make, bounds } = builtInModel(name)
    const [hashed, exact] = [false, true].map((isExact) => explore(make(2, bounds), { nowMs: () => 0, isExact }))
    assert.deepEqual(hashed, exact)
  }
})

test('the bakery without "choosing" lets two customers in, in twelve steps at least', () => {
  const { verdict, counterexample } = explored('bakery-without-choosing', 2)
  assert.equal(verdict, 'violated')
  assert.equal(counterexample?.violation, 'm1 and m2 are inside at the same time')
  assert.deepEqual(counterexample.choices.map(choiceText), [
    'm1 is called: enter',
    'm2 is called: enter',
    'READ number[1] from m1#1 reaches memory#1',
    'READ number[1] from m2#1 reaches memory#1',
    'READ number[2] from m1#1 reaches memory#1',
    'READ number[2] from m2#1 reaches memory#1',
    'WRITE number[2] := 1 from m2#1 reaches memory#1',
    'READ number[1] from m2#1 reaches memory#1',
    'WRITE number[1] := 1 from m1#1 reaches memory#1',
    'READ number[2] from m2#1 reaches memory#1',
    'READ number[1] from m1#1 reaches memory#1',
    'READ number[2] from m1#1 reaches memory#1',
  ])
})

test('a counterexample with draws can be gone through again', () => {
  const { make, members, bounds } = builtInModel('peterson-overlapping')
  const model = make(members.usual, bounds)
  const { counterexample } = explore(model, { nowMs: () => 0 })
  assert.ok(counterexample)
  assert.ok(counterexample.choices.some(({ drawn }) => drawn !== undefined))
  const steps = [...replay(model, structuredClone(counterexample.choices))]
  assert.equal(steps.at(-1)?.violation, counterexample.violation)
})

test('a path after which somebody waits for ever is told as that when it is gone through again', () => {
  const { make, members, bounds } = builtInModel('dekker-overlapping')
  const model = make(members.usual, bounds)
  const { counterexample } = explore(model, { nowMs: () => 0 })
  const told = [...replay(model, counterexample?.choices ?? [])].map(({ violation }) => violation)
  assert.equal(told.at(-1), counterexample?.violation)
  assert.deepEqual(new Set(told.slice(0, -1)), new Set([undefined]))
})

test('a saved draw that cannot be is refused', () => {
  const { make, members, bounds } = builtInModel('peterson-overlapping')
  const model = make(members.usual, bounds)
  const { counterexample } = explore(model, { nowMs: () => 0 })
  const edited = counterexample?.choices.map((choice) =>
    choice.drawn === undefined ? choice : { ...choice, drawn: [2] },
  )
  assert.throws(() => [...replay(model, edited ?? [])], { code: 'option-invalid' })
})

test('Peterson lets two in, and Dekker lets one wait for ever, where a read that overlaps a write gives anything', () => {
  const found = ['peterson-overlapping', 'dekker-overlapping'].map(
    (name) => explored(name, 2).counterexample?.violation,
  )
  assert.deepEqual(found, [
    'm1 and m2 are inside at the same time',
    'from here on everything that can happen goes round in circles, and nothing leads to rest',
  ])
})

test('a bakery that compares numbers only, and no identifiers, lets two wait for each other for ever', () => {
  const { verdict, counterexample } = variantOf(bakery, {
    resume: (state, value) =>
      state.at === 'L3' && value !== 0 && value === state.number && state.other !== state.self
        ? false
        : bakery.resume(state as never, value),
  })
  assert.equal(verdict, 'violated')
  assert.match(counterexample?.violation ?? '', /goes round in circles/)
})

test('a bakery whose customers all draw the number 1 does not serve them as they come', () => {
  const { counterexample } = variantOf(bakery, {
    resume: (state, value) => bakery.resume(state as never, state.at === 'looking' ? 0 : value),
  })
  assert.equal(counterexample?.violation, 'm1 is served before m2, which was waiting when it came')
})

test('a turn of Dekker that does not pass on with a death leaves the other one standing by for ever', () => {
  const registers = dekker.registersOf(2).map(({ name, owner, valueMax }) => ({ name, owner, valueMax }))
  assert.equal(variantOf(dekker, {}, 1).verdict, 'holds')
  const { counterexample } = variantOf(dekker, { registersOf: () => registers }, 1)
  assert.match(counterexample?.violation ?? '', /goes round in circles/)
})

for (const program of [bakery, peterson, dekker, testAndSet] as readonly RegisterProgram[])
  test(`a customer of ${program.name} that gives up wherever it is to look again keeps nobody waiting for ever`, () => {
    const { verdict } = variantOf(program, {
      resume: (state, value) => program.resume(state, value) || (state.self === 1 && program.withdraw(state)),
    })
    assert.equal(verdict, 'holds')
  })

test('a customer of Dekker that gives up without passing its turn on leaves the other one standing by for ever', () => {
  const withdraw = (state: { at: string }): boolean => {
    state.at = 'leaving'
    return true
  }
  const { counterexample } = variantOf(dekker, {
    resume: (state, value) => dekker.resume(state as never, value) || (state.self === 1 && withdraw(state)),
  })
  assert.match(counterexample?.violation ?? '', /goes round in circles/)
})

/** How long the outcome of a thread is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptOutcomes, outcomesMax } from './kept-outcomes.ts'

function kept(): { outcomes: KeptOutcomes; forgotten: number[] } {
  const forgotten: number[] = []
  return { outcomes: new KeptOutcomes((thread) => forgotten.push(thread)), forgotten }
}

test('an outcome is forgotten once the object of whoever started the thread is gone, and not before the end', () => {
  const { outcomes, forgotten } = kept()
  for (const thread of [1, 2]) outcomes.onStart(thread)
  outcomes.release(1)
  assert.deepEqual(forgotten, [])
  outcomes.onEnd(1)
  assert.deepEqual(forgotten, [1])
  outcomes.onEnd(2)
  assert.deepEqual(forgotten, [1])
  outcomes.release(2)
  assert.deepEqual(forgotten, [1, 2])
})

test('an outcome that others may ask for stays when the object of whoever started the thread is gone', () => {
  const { outcomes, forgotten } = kept()
  outcomes.onStart(1)
  outcomes.keep(1)
  outcomes.onEnd(1)
  outcomes.release(1)
  assert.deepEqual(forgotten, [])
})

test('beyond the bound the outcome of the thread that ended first is forgotten', () => {
  const { outcomes, forgotten } = kept()
  for (let thread = 1; thread <= outcomesMax + 2; thread++) outcomes.onStart(thread)
  // The last that was started ends first.
  for (let thread = outcomesMax + 2; thread >= 1; thread--) outcomes.onEnd(thread)
  assert.deepEqual(forgotten, [outcomesMax + 2, outcomesMax + 1])
})

test('what is said of a thread that nobody knows changes nothing', () => {
  const { outcomes, forgotten } = kept()
  outcomes.keep(1)
  outcomes.release(1)
  outcomes.onEnd(1)
  assert.deepEqual(forgotten, [])
})

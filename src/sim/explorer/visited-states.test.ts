/** The table of the states that were seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash64 } from './hash64.ts'
import { VisitedStates } from './visited-states.ts'

test('a hundred thousand states are known again after the table has grown, each with its origin', () => {
  for (const isExact of [false, true]) {
    const visited = new VisitedStates(isExact)
    const formOf = (number: number) => ({ ...hash64(`state ${number}`), text: isExact ? `state ${number}` : '' })
    for (let number = 0; number < 100_000; number++) {
      assert.equal(visited.add(formOf(number), number - 1, number % 7), number)
    }
    for (let number = 0; number < 100_000; number += 997) {
      assert.equal(visited.add(formOf(number), 0, 0), undefined)
      assert.deepEqual(visited.originOf(number), { parent: number - 1, choice: number % 7 })
    }
    assert.equal(visited.size, 100_000)
  }
})

test('states with one half of their hashes in common are told apart', () => {
  const visited = new VisitedStates(false)
  assert.equal(visited.add({ low: 1, high: 1, text: '' }, -1, 0), 0)
  assert.equal(visited.add({ low: 1, high: 2, text: '' }, 0, 0), 1)
  assert.equal(visited.add({ low: 2, high: 1, text: '' }, 0, 0), 2)
  assert.equal(visited.add({ low: 1, high: 2, text: '' }, 0, 0), undefined)
})

/** What steps draw while exploring. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Draws } from './draws.ts'

function allPaths(draws: Draws, step: () => void): (readonly number[])[] {
  const paths: (readonly number[])[] = []
  for (let wanted: readonly number[] | undefined = []; wanted !== undefined; wanted = draws.others()) {
    draws.begin(wanted)
    step()
    paths.push(draws.drawn)
  }
  return paths
}

test('each number is drawn once, also where what is drawn next depends on it', () => {
  const draws = new Draws(true)
  const paths = allPaths(draws, () => {
    if (draws.below(3) === 1) draws.below(2)
  })
  assert.deepEqual(paths, [[0], [1, 0], [1, 1], [2]])
})

test('a step that draws nothing goes one way', () => {
  assert.deepEqual(
    allPaths(new Draws(true), () => undefined),
    [[]],
  )
})

test('unless each draw is explored, every step draws the same numbers, one way', () => {
  const draws = new Draws(false)
  const drawn: number[] = []
  for (let step = 0; step < 2; step++) {
    draws.begin()
    draws.beginStep()
    drawn.push(draws.below(1_000_000))
  }
  assert.equal(drawn[0], drawn[1])
  assert.equal(draws.others(), undefined)
})

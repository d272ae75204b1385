/** From where rest can be reached, on small graphs and against a plain search on drawn ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RestReachable } from './rest-reachable.ts'

type Edge = readonly [from: number, to: number]

function firstWithout(states: number, edges: readonly Edge[], rest: readonly number[]): number | undefined {
  const reachable = new RestReachable()
  for (const [from, to] of edges) reachable.addEdge(from, to)
  for (const state of rest) reachable.addRest(state)
  return reachable.firstWithout(states)
}

test('where every state has a way to rest, none is told', () => {
  const edges: Edge[] = [
    [0, 1],
    [1, 0],
    [1, 2],
  ]
  assert.equal(firstWithout(3, edges, [2]), undefined)
})

test('of states that go round in circles the first is told', () => {
  const edges: Edge[] = [
    [0, 1],
    [0, 2],
    [2, 3],
    [3, 2],
  ]
  assert.equal(firstWithout(4, edges, [1]), 2)
})

test('it agrees with a search from each state on graphs of any shape', () => {
  const states = 12
  const state = fc.integer({ min: 0, max: states - 1 })
  const graphs = fc.tuple(fc.array(fc.tuple(state, state), { maxLength: 40 }), fc.array(state, { maxLength: 3 }))
  fc.assert(
    fc.property(graphs, ([edges, rest]) => {
      const expected = Array.from({ length: states }, (_, from) => from).find((from) => !reaches(from, edges, rest))
      assert.equal(firstWithout(states, edges, rest), expected)
    }),
  )
})

function reaches(from: number, edges: readonly Edge[], rest: readonly number[]): boolean {
  const seen = new Set([from])
  for (const state of seen) for (const [source, target] of edges) if (source === state) seen.add(target)
  return rest.some((state) => seen.has(state))
}

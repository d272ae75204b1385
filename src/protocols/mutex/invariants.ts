/**
 * What must hold of the ring between two steps: of one member's state, and of the states of all that are alive.
 *
 * Simulation and search hold every state against it. A sentence for each thing that does not hold.
 */
import type { State } from './state.ts'

export function brokenInvariants(state: State): string[] {
  const { token, inside, passing, waiting, limits } = state
  const broken: string[] = []
  const expect = (holds: boolean, text: string): void => {
    if (!holds) broken.push(`${state.self}: ${text}`)
  }
  expect(waiting.length <= limits.waitingMax, 'more requests wait than its bound')
  expect(new Set(waiting).size === waiting.length, 'a request waits twice')
  expect(inside === undefined || !waiting.includes(inside), 'a request waits and is inside')
  expect(inside === undefined || token !== undefined, 'a request is inside without a token')
  expect(inside !== undefined || token === undefined || waiting.length === 0, 'a request waits at a resting token')
  expect(token === undefined || passing === undefined, 'the token is here and passed on')
  expect(token === undefined || token.generation === state.generation, 'the token here is not of the known generation')
  expect(token === undefined || token.hop === state.hopSeen, 'the token here has a hop that was not noted')
  expect(state.alive.size <= state.ring.length, 'more members are alive than the ring has')
  return broken
}

/** Of all members that are alive. Two holders of different generations are allowed: fencing tokens tell them apart. */
export function brokenTogether(states: readonly State[]): string[] {
  const holders = new Map<number, string>()
  const broken: string[] = []
  for (const { self, token } of states) {
    if (token === undefined) continue
    const other = holders.get(token.generation)
    if (other !== undefined) broken.push(`${other} and ${self} both hold the token of generation ${token.generation}`)
    holders.set(token.generation, self)
  }
  return broken
}

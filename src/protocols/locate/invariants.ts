/**
 * What must hold of one member's knowledge of places between two steps. A sentence for each thing that does not hold.
 *
 * Nothing is claimed of several members together: what one remembers of another may be out of date, and says so.
 */
import { isPeer, type State } from './state.ts'

export function brokenInvariants(state: State): string[] {
  const { limits, cache, searches, served, peers } = state
  const broken: string[] = []
  const expect = (holds: boolean, text: string): void => {
    if (!holds) broken.push(`${state.self}: ${text}`)
  }
  expect(cache.size <= limits.cacheMax, 'it remembers more places than its bound')
  expect(searches.size <= limits.searchesMax, 'it searches more ports at once than its bound')
  expect(served.size <= limits.servedMax, 'it serves more ports than its bound')
  expect(peers.size <= limits.peersMax, 'it knows more peers than its bound')
  for (const [port, at] of cache) {
    expect(isPeer(state, at), 'it remembers a place at a member that is not alive')
    expect(!searches.has(port) && !served.has(port), 'it remembers elsewhere what it searches or serves')
  }
  for (const search of searches.values()) {
    expect(search.waiting.size > 0, 'a search goes on for nobody')
    expect(search.waiting.size <= limits.waitingMax, 'more wait for a search than its bound')
    expect(!served.has(search.port), 'it searches what it serves itself')
    expect(
      search.order.every((peer) => isPeer(state, peer)),
      'a search asks a member that is not alive',
    )
    expect(search.fullRounds <= limits.fullRounds, 'a search asks everybody more often than its bound')
  }
  for (const told of served.values()) {
    expect(told.size <= limits.toldMax, 'it remembers more askers than its bound')
    expect(
      [...told].every((peer) => isPeer(state, peer)),
      'it would tell a member that is not alive',
    )
  }
  return broken
}

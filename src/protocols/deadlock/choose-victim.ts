/**
 * Whose wait is made to fail, so that the others of a cycle can go on.
 *
 * `youngest`: who began to wait last, and so closed the cycle; it has lost least time. `least-held`: who holds the fewest
 * units, and so probably has least to undo. Ties fall to the later link, so that all who look choose alike.
 * One victim opens one cycle. Where more are tied up in the knot, look again once the victim has given back what it holds.
 */
import type { Link } from './find-deadlocks.ts'
import type { Resource } from './wait-graph.ts'

export type VictimRule = 'youngest' | 'least-held'

/** The link whose wait is to fail. `resources` are those of the graph in which the cycle was found. */
export function chooseVictim(
  cycle: readonly Link[],
  rule: VictimRule,
  resources: readonly Resource[],
): Link | undefined {
  const costOf = rule === 'youngest' ? (link: Link): number => -link.wait.since : unitsHeld(cycle, resources)
  let victim: Link | undefined
  let leastCost = Number.POSITIVE_INFINITY
  for (const link of cycle) {
    const cost = costOf(link)
    if (cost > leastCost) continue
    victim = link
    leastCost = cost
  }
  return victim
}

function unitsHeld(cycle: readonly Link[], resources: readonly Resource[]): (link: Link) => number {
  const units = new Map(cycle.map(({ party }) => [party.id, 0]))
  for (const { holders } of resources) {
    for (const { party, count } of holders) {
      const held = units.get(party)
      if (held !== undefined) units.set(party, held + count)
    }
  }
  return ({ party }) => units.get(party.id) ?? 0
}

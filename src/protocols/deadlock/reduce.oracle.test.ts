/** The reduction and the naming of cycles, held against a search through all schedules of small graphs. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findDeadlocks, type Link } from './find-deadlocks.ts'
import { stuckInEverySchedule } from './fixtures/schedules.ts'
import { indexed } from './indexed-graph.ts'
import { type Certainty, reduce } from './reduce.ts'
import type { Resource, Wait, WaitGraph } from './wait-graph.ts'

const numRuns = 1_500
const partiesMax = 4
const resourcesMax = 3

const parties = fc
  .array(fc.boolean(), { minLength: 1, maxLength: partiesMax })
  .map((mostlyEnded) =>
    mostlyEnded.map((isAlive, id) => ({ id, name: `P${id}`, kind: 'thread' as const, isAlive: isAlive || id === 0 })),
  )

const providers = fc.oneof(
  { weight: 4, arbitrary: fc.constant('holders' as const) },
  { weight: 1, arbitrary: fc.constantFrom('usually-holders' as const, 'anyone' as const) },
)

function resource(id: number, partyCount: number): fc.Arbitrary<Resource> {
  const holder = fc.record({ party: fc.nat(partyCount - 1), count: fc.integer({ min: 1, max: 2 }) })
  return fc.record({
    id: fc.constant(id),
    name: fc.constant(`R${id}`),
    kind: fc.constant('other' as const),
    holders: fc.array(holder, { maxLength: 3 }),
    available: fc.nat(1),
    providers,
    isFair: fc.boolean(),
  })
}

function waits(partyCount: number, resourceCount: number): fc.Arbitrary<readonly Wait[]> {
  const rarely = fc.nat(4).map((number) => number === 0)
  const wait = fc.record({
    party: fc.nat(partyCount - 1),
    resource: fc.nat(resourceCount - 1),
    count: fc.integer({ min: 1, max: 2 }),
    isAsync: rarely,
    hasDeadline: rarely,
  })
  return fc.array(wait, { maxLength: 5 }).map((list) => list.map((each, id) => ({ ...each, id, since: id })))
}

const graphs: fc.Arbitrary<WaitGraph> = fc
  .tuple(parties, fc.integer({ min: 1, max: resourcesMax }))
  .chain(([all, resourceCount]) => {
    const ids = Array.from({ length: resourceCount }, (_, id) => id)
    return fc.record({
      parties: fc.constant(all),
      resources: fc.tuple(...ids.map((id) => resource(id, all.length))),
      waits: waits(all.length, resourceCount),
    })
  })

function stuckIn(graph: WaitGraph, certainty: Certainty): readonly number[] {
  const { isStuck } = reduce(indexed(graph), certainty)
  return graph.parties.map(({ id }) => id).filter((id) => isStuck[id] === 1)
}

/** What must hold between a link and the party of the next one. */
function leadsOn({ wait, resource: of, next }: Link, to: Link, graph: WaitGraph): boolean {
  const isHolder = of.holders.some(({ party }) => party === to.party.id)
  const others = graph.waits.filter(({ resource: id, party }) => id === of.id && party === to.party.id)
  if (next === 'holds') return isHolder
  if (next === 'ahead') return of.isFair && others.some(({ since }) => since < wait.since)
  return of.providers !== 'holders'
}

describe('in every small graph', () => {
  for (const certainty of ['certain', 'suspected'] as const) {
    it(`a party is stuck (${certainty}) exactly if no schedule brings it to its end`, () => {
      fc.assert(
        fc.property(graphs, (graph) => {
          assert.deepEqual(stuckIn(graph, certainty), stuckInEverySchedule(graph, certainty))
        }),
        { numRuns },
      )
    })
  }

  it('a cycle that is named leads from each of its parties to the next, and back to the first', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        for (const { cycle } of findDeadlocks(graph).deadlocks) {
          assert.ok(cycle.length > 0)
          for (const [at, link] of cycle.entries()) {
            const next = cycle[(at + 1) % cycle.length] ?? link
            assert.equal(link.wait.party, link.party.id)
            assert.equal(link.wait.resource, link.resource.id)
            assert.ok(leadsOn(link, next, graph), JSON.stringify(link))
          }
          assert.equal(new Set(cycle.map(({ party }) => party.id)).size, cycle.length)
        }
      }),
      { numRuns },
    )
  })

  it('whoever is stuck for certain is in a deadlock, or is said to be stopped', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { deadlocks, stopped } = findDeadlocks(graph)
        const certain = deadlocks.filter((each) => each.certainty === 'certain')
        const told = [...certain.flatMap((each) => each.parties.map(({ id }) => id)), ...stopped.map((w) => w.party)]
        assert.deepEqual(
          [...new Set(told)].sort((one, other) => one - other),
          stuckInEverySchedule(graph, 'certain'),
        )
      }),
      { numRuns },
    )
  })
})

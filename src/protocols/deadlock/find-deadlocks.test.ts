/** What is a deadlock and what is not, case by case. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseVictim } from './choose-victim.ts'
import { describeCycle, describeDeadlock, describeFindings } from './describe.ts'
import { findDeadlocks, stillStanding } from './find-deadlocks.ts'
import { graphOf, ringsOf } from './fixtures/graphs.ts'
import type { WaitGraph } from './wait-graph.ts'

const locksOfTwo = { L1: { holders: { A: 1 } }, L2: { holders: { B: 1 } } }
const crossed = graphOf(['A', 'B'], locksOfTwo, [
  { party: 'A', resource: 'L2', stack: 'at takeBoth (a.ts:1)' },
  { party: 'B', resource: 'L1' },
])

/** The cycles as text, each with its certainty. */
function found(graph: WaitGraph): readonly string[] {
  return findDeadlocks(graph).deadlocks.map(({ certainty, cycle }) => `${certainty}: ${describeCycle(cycle)}`)
}

describe('a deadlock', () => {
  it('of two threads and two locks is named as a cycle', () => {
    assert.deepEqual(found(crossed), ['certain: A holds L1, waits for L2; B holds L2, waits for L1'])
  })

  it('is told with the stacks of its waits', () => {
    const text = findDeadlocks(crossed).deadlocks.map(describeDeadlock).join('\n')
    assert.match(text, /^Deadlock: A holds L1.*\n {2}A waits for L2:\n {4}at takeBoth \(a\.ts:1\)$/)
  })

  it('of a thread with itself is a cycle of one', () => {
    const graph = graphOf(['A'], { L1: { holders: { A: 1 } } }, [{ party: 'A', resource: 'L1' }])
    assert.deepEqual(found(graph), ['certain: A holds L1, waits for L1'])
  })

  it('of a lock and a join is named', () => {
    const graph = graphOf(['A', 'B'], { L1: { holders: { A: 1 } }, B: { kind: 'join', holders: { B: 1 } } }, [
      { party: 'A', resource: 'B' },
      { party: 'B', resource: 'L1' },
    ])
    assert.deepEqual(found(graph), ['certain: A holds L1, waits for the end of B; B has not ended, waits for L1'])
  })

  it('of messages is named where only those who wait could send', () => {
    const channels = { C1: { kind: 'channel', holders: { B: 1 } }, C2: { kind: 'channel', holders: { A: 1 } } } as const
    const graph = graphOf(['A', 'B'], channels, [
      { party: 'A', resource: 'C1' },
      { party: 'B', resource: 'C2' },
    ])
    assert.deepEqual(found(graph), ['certain: A is to send to C2, waits for C1; B is to send to C1, waits for C2'])
  })

  it('of a reader that asks again behind a waiting writer is named', () => {
    const resources = { data: { kind: 'reader-writer-lock', holders: { A: 1 }, available: 9, isFair: true } } as const
    const graph = graphOf(['A', 'B'], resources, [
      { party: 'B', resource: 'data', count: 10 },
      { party: 'A', resource: 'data' },
    ])
    assert.deepEqual(found(graph), [
      'certain: A holds data, waits for data; B is before it in the queue of data, waits for data',
    ])
  })

  it('has those apart who wait behind it', () => {
    const graph = graphOf(['A', 'B', 'C'], locksOfTwo, [
      { party: 'A', resource: 'L2' },
      { party: 'B', resource: 'L1' },
      { party: 'C', resource: 'L1' },
    ])
    const { deadlocks, stopped } = findDeadlocks(graph)
    assert.deepEqual(
      deadlocks.map(({ parties }) => parties.map(({ name }) => name)),
      [['A', 'B']],
    )
    assert.deepEqual(
      stopped.map(({ party }) => party),
      [2],
    )
    assert.match(
      describeFindings({ deadlocks, stopped }, (id) => graph.parties[id]?.name ?? ''),
      /\nStopped for ever without being in a cycle: C\.$/,
    )
  })

  it('is found once for each ring of many', () => {
    assert.equal(findDeadlocks(ringsOf(1_000, 4)).deadlocks.length, 250)
  })

  it('of ten thousand threads in one ring is found and told in short', () => {
    const [deadlock] = findDeadlocks(ringsOf(10_000, 10_000)).deadlocks
    assert.equal(deadlock?.cycle.length, 10_000)
    assert.match(describeCycle(deadlock?.cycle ?? []), /and 9968 more$/)
  })

  it('counts as standing where two looks have seen the same waits', () => {
    const [first, second] = [findDeadlocks(crossed), findDeadlocks(crossed)]
    const later = findDeadlocks({ ...crossed, waits: crossed.waits.map((wait) => ({ ...wait, id: wait.id + 10 })) })
    assert.equal(stillStanding(first, second).length, 1)
    assert.deepEqual(stillStanding(first, later), [])
  })
})

describe('no deadlock', () => {
  const waitsOfTwo = [
    { party: 'A', resource: 'L2' },
    { party: 'B', resource: 'L1' },
  ]

  it('is a chain at whose end somebody can go on', () => {
    assert.deepEqual(found(ringsOf(100, 10, true)), [])
    assert.equal(describeFindings(findDeadlocks(ringsOf(100, 10, true)), String), 'No deadlock.')
  })

  it('is a cycle of which one party has ended, for what it holds is recovered', () => {
    assert.deepEqual(found(graphOf(['A', 'B'], locksOfTwo, waitsOfTwo, ['A'])), [])
  })

  it('is a cycle through a semaphore of which somebody else holds a unit', () => {
    const resources = { L1: { holders: { A: 1 } }, S: { holders: { B: 1, C: 1 }, kind: 'semaphore' } } as const
    const waits = [
      { party: 'A', resource: 'S' },
      { party: 'B', resource: 'L1' },
    ]
    assert.deepEqual(found(graphOf(['A', 'B', 'C'], resources, waits)), [])
  })

  it('is a wait for an event while anybody goes on', () => {
    const event = { E: { kind: 'event', providers: 'anyone' } } as const
    assert.deepEqual(found(graphOf(['A', 'B'], event, [{ party: 'A', resource: 'E' }])), [])
  })

  it('is a task that awaits what another task of its own process holds', () => {
    const graph = graphOf(['main'], { L1: { holders: { main: 1 } } }, [
      { party: 'main', resource: 'L1', isAsync: true },
    ])
    assert.deepEqual(found(graph), [])
  })

  it('is made out of what refers to parties and resources that are not there', () => {
    const gone = { ...crossed, parties: crossed.parties.slice(0, 1) }
    assert.deepEqual(found(gone), [])
    assert.deepEqual(found({ ...crossed, resources: crossed.resources.slice(1) }), [])
  })
})

describe('a suspected deadlock', () => {
  it('is a cycle through one who awaits, for it may have other work', () => {
    const graph = graphOf(['main', 'B'], { L1: { holders: { main: 1 } }, L2: { holders: { B: 1 } } }, [
      { party: 'main', resource: 'L2', isAsync: true },
      { party: 'B', resource: 'L1' },
    ])
    assert.deepEqual(found(graph), ['suspected: main holds L1, awaits L2; B holds L2, waits for L1'])
    assert.match(
      findDeadlocks(graph).deadlocks.map(describeDeadlock).join(),
      /would end if one who awaits has other work/,
    )
  })

  it('is a cycle in which a wait has a deadline', () => {
    const graph = graphOf(['A', 'B'], locksOfTwo, [
      { party: 'A', resource: 'L2', hasDeadline: true },
      { party: 'B', resource: 'L1' },
    ])
    assert.match(found(graph).join(), /^suspected: /)
  })

  it('is a cycle of semaphores, for somebody else may release them', () => {
    const resources = {
      S1: { holders: { A: 1 }, kind: 'semaphore', providers: 'usually-holders' },
      S2: { holders: { B: 1 }, kind: 'semaphore', providers: 'usually-holders' },
    } as const
    const waits = [
      { party: 'A', resource: 'S2' },
      { party: 'B', resource: 'S1' },
    ]
    assert.deepEqual(found(graphOf(['A', 'B', 'C'], resources, waits)), [
      'suspected: A holds S1, waits for S2; B holds S2, waits for S1',
    ])
    assert.match(found(graphOf(['A', 'B'], resources, waits)).join(), /^certain: /)
  })

  it('is not reported beside a certain one that it is part of', () => {
    const graph = graphOf(['A', 'B', 'C'], { ...locksOfTwo, L3: { holders: { C: 1 } } }, [
      { party: 'A', resource: 'L2' },
      { party: 'B', resource: 'L1' },
      { party: 'C', resource: 'L1', isAsync: true },
    ])
    assert.equal(found(graph).length, 1)
  })
})

describe('the victim', () => {
  const resources = { L1: { holders: { A: 1 } }, L2: { holders: { B: 1 } }, L3: { holders: { B: 1 } } }
  const graph = graphOf(['A', 'B'], resources, [
    { party: 'A', resource: 'L2', since: 5 },
    { party: 'B', resource: 'L1', since: 9 },
  ])
  const cycle = findDeadlocks(graph).deadlocks[0]?.cycle ?? []

  it('is whoever began to wait last', () => {
    assert.equal(chooseVictim(cycle, 'youngest', graph.resources)?.party.name, 'B')
  })

  it('is whoever holds least, where that is the rule', () => {
    assert.equal(chooseVictim(cycle, 'least-held', graph.resources)?.party.name, 'A')
  })
})

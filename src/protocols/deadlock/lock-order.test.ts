/** Inversions of an order that was told, and of one that was learned. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addLock, emptyLockOrder, type LockOrder, lockOrderLimits, noteAcquire } from './lock-order.ts'

function orderOf(ranks: Readonly<Record<string, number | undefined>>, limits = lockOrderLimits): LockOrder {
  const order = emptyLockOrder(limits)
  for (const [key, rank] of Object.entries(ranks)) assert.ok(addLock(order, key, rank))
  return order
}

const unranked = { A: undefined, B: undefined, C: undefined }

describe('an order that was told', () => {
  const order = orderOf({ A: 1, B: 2, C: 2 })

  it('allows to go upwards', () => assert.equal(noteAcquire(order, ['A'], 'B'), undefined))

  it('is inverted by going downwards', () => {
    assert.deepEqual(noteAcquire(order, ['B'], 'A'), { held: 'B', wanted: 'A', way: ['A', 'B'] })
  })

  it('is inverted by two of one rank', () => assert.equal(noteAcquire(order, ['B'], 'C')?.held, 'B'))

  it('allows to acquire again what is held', () => assert.equal(noteAcquire(order, ['A', 'B'], 'A'), undefined))
})

describe('an order that is learned', () => {
  it('is inverted by the other way round, though nobody waits', () => {
    const order = orderOf(unranked)
    assert.equal(noteAcquire(order, ['A'], 'B'), undefined)
    assert.deepEqual(noteAcquire(order, ['B'], 'A'), { held: 'B', wanted: 'A', way: ['A', 'B'] })
  })

  it('is inverted by a circle of three', () => {
    const order = orderOf(unranked)
    noteAcquire(order, ['A'], 'B')
    noteAcquire(order, ['B'], 'C')
    assert.deepEqual(noteAcquire(order, ['C'], 'A')?.way, ['A', 'B', 'C'])
  })

  it('goes on over ranks that were told', () => {
    const order = orderOf({ A: 1, B: 2, C: undefined })
    noteAcquire(order, ['B'], 'C')
    assert.deepEqual(noteAcquire(order, ['C'], 'A')?.way, ['A', 'B', 'C'])
  })

  it('does not learn an acquire that it refused', () => {
    const order = orderOf(unranked)
    noteAcquire(order, ['A'], 'B')
    noteAcquire(order, ['B'], 'A')
    assert.equal(noteAcquire(order, ['A'], 'B'), undefined)
  })

  it('has a bound on its locks and on what it learns', () => {
    const order = orderOf(unranked, { locksMax: 3, pairsMax: 1 })
    assert.equal(addLock(order, 'D'), false)
    noteAcquire(order, ['A'], 'B')
    noteAcquire(order, ['B'], 'C')
    assert.equal(order.learned, 1)
  })
})

describe('in every run', () => {
  const pairs = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 30 })

  it('the pairs that were allowed never close a circle', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(fc.option(fc.nat(3), { nil: undefined }), { minLength: 5, maxLength: 5 }),
        (list, ranks) => {
          const order = orderOf(Object.fromEntries(ranks.map((rank, key) => [`${key}`, rank])))
          const allowed = list.filter(
            ([held, wanted]) => held !== wanted && noteAcquire(order, [`${held}`], `${wanted}`) === undefined,
          )
          assert.ok(isWithoutCircle(allowed))
        },
      ),
    )
  })
})

/** Takes away what nothing points to, until nothing is left or only circles are. */
function isWithoutCircle(pairs: readonly (readonly [number, number])[]): boolean {
  const rest = pairs.filter(([from]) => pairs.some(([, to]) => to === from))
  return rest.length === 0 || (rest.length < pairs.length && isWithoutCircle(rest))
}

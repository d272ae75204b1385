/** The records of a queue or map: each is one thread's at a time, and none is lost. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RecordPool, spareRecordsMax } from './record-pool.ts'

const recordBytes = 16

function poolOf(capacity: number): RecordPool {
  return new RecordPool(new SharedArrayBuffer(RecordPool.bytesNeeded(capacity, recordBytes)), 0, capacity, recordBytes)
}

describe('a pool of records', () => {
  for (const capacity of [1, 31, 32, 33, 500]) {
    it(`of ${capacity} gives each record and each spare one once, all inside its memory`, () => {
      const pool = poolOf(capacity)
      const taken = new Set<number>()
      for (let record = pool.take(); record !== undefined; record = pool.take()) taken.add(record)
      assert.equal(taken.size, capacity + spareRecordsMax)
      assert.equal(Math.max(...taken) + recordBytes, pool.bytes.length)
    })
  }

  it('never gives a record that is taken, and always gives one that is free', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 400 }), (actions) => {
        const pool = poolOf(3)
        const held: number[] = []
        for (const action of actions) {
          if (action % 3 === 0 && held.length > 0) {
            pool.giveBack(held.splice(action % held.length, 1)[0] as number)
          } else {
            const record = pool.take()
            assert.equal(record === undefined, held.length === 3 + spareRecordsMax)
            if (record === undefined) continue
            assert.ok(!held.includes(record))
            held.push(record)
          }
        }
      }),
    )
  })

  it('is not harmed by giving back what never was a record', () => {
    const pool = poolOf(1)
    const first = pool.take()
    for (const wrong of [-16, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) pool.giveBack(wrong)
    assert.notEqual(pool.take(), first)
  })
})

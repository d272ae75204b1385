/**
 * Real threads hammer what they share: nothing is lost, doubled, out of order or torn, and no dead thread stops the
 * rest.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BoundedQueue } from './bounded-queue.ts'
import { inThread, startThread } from './fixtures/in-thread.ts'
import { Ring } from './ring.ts'
import { SharedArray } from './shared-array.ts'
import { SharedMap } from './shared-map.ts'
import { struct } from './struct.ts'
import { arena } from '../memory/arena.ts'
import { self } from '../memory/parties.ts'
import { primitiveName } from '../memory/primitives.ts'
import { interruptParty } from '../waiting/interrupt.ts'
import { openWaits, stackOf, wait, waitRow } from '../waiting/waits.ts'

const deadlineMs = 20_000

describe('a ring between two threads', () => {
  it('brings all messages, whole and in order, through a memory that is much smaller, and ends when it is closed', async () => {
    const ring = new Ring({ capacityBytes: 1_024 })
    const [read] = await Promise.all([inThread('readRing', ring, 120), inThread('writeRing', ring, 50_000, 120)])
    assert.equal(read, 50_000)
  })

  it('brings messages of whole words from one buffer to one buffer', async () => {
    const ring = new Ring({ capacityBytes: 4_096 })
    const [read] = await Promise.all([inThread('readWords', ring, 200_000), inThread('writeWords', ring, 200_000)])
    assert.equal(read, 'right')
  })

  it('is read by promises while a thread writes', async () => {
    const ring = new Ring({ capacityBytes: 1_024 })
    const writing = inThread('writeRing', ring, 2_000, 60)
    const into = new Uint8Array(60)
    for (let number = 0; number < 2_000; number++) {
      await ring.readAsync(into, { timeoutMs: deadlineMs })
      assert.equal(new DataView(into.buffer).getUint32(0), number)
    }
    await writing
    await assert.rejects(ring.readAsync(into, { timeoutMs: deadlineMs }), { code: 'closed' })
  })
})

describe('a queue between threads', () => {
  it('gives every item to one taker, and those of one putter in their order', async () => {
    const queue = BoundedQueue.ofNumbers({ capacity: 16 })
    const takers = [0, 1].map(() => inThread('takeNumbers', queue))
    await Promise.all([0, 1, 2].map((producer) => inThread('putNumbers', queue, producer, 10_000)))
    queue.close()
    const taken = (await Promise.all(takers)) as number[][]
    const expected = [0, 1, 2].flatMap((producer) =>
      Array.from({ length: 10_000 }, (_, number) => producer * 1e6 + number),
    )
    assert.deepEqual(
      taken.flat().sort((one, other) => one - other),
      expected,
    )
    for (const each of taken) {
      for (const producer of [0, 1, 2]) {
        const own = each.filter((item) => Math.floor(item / 1e6) === producer)
        assert.ok(own.every((item, at) => at === 0 || item > (own[at - 1] ?? Number.NaN)))
      }
    }
  })

  it('goes on when threads that put into it are terminated at any moment', async () => {
    const queue = BoundedQueue.ofNumbers({ capacity: 8 })
    for (let round = 0; round < 8; round++) {
      const { worker, result } = startThread('putForEver', queue)
      result.catch(() => undefined)
      for (let taken = 0; taken < 300 + round * 17; taken++) await queue.takeAsync({ timeoutMs: deadlineMs })
      await worker.terminate()
      while (queue.tryTake() !== undefined);
      assert.equal(queue.tryPut(round), true)
      assert.equal(queue.tryTake(), round)
    }
  })
})

describe('a queue of bytes between threads', () => {
  for (const role of ['putBytesForEver', 'takeBytesForEver'] as const) {
    it(`goes on with whole items when threads that ${role.slice(0, 4)} are terminated at any moment`, async () => {
      const queue = BoundedQueue.ofBytes(40, { capacity: 8 })
      for (let round = 0; round < 6; round++) {
        const { worker, result } = startThread(role, queue)
        result.catch(() => undefined)
        for (let each = 0; each < 200 + round * 17; each++) {
          if (role === 'takeBytesForEver') await queue.putAsync(new Uint8Array(9).fill(each), { timeoutMs: deadlineMs })
          else assert.ok(isOfOneByte(await queue.takeAsync({ timeoutMs: deadlineMs })))
        }
        await worker.terminate()
        for (let left = queue.tryTake(); left !== undefined; left = queue.tryTake()) assert.ok(isOfOneByte(left))
        for (let byte = 0; byte < 8; byte++) assert.equal(queue.tryPut(Uint8Array.of(byte)), true)
        for (let byte = 0; byte < 8; byte++) assert.deepEqual(queue.tryTake(), Uint8Array.of(byte))
      }
    })
  }
})

function isOfOneByte(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === bytes[0])
}

describe('a map between threads', () => {
  it('loses no update and no key', async () => {
    const map = new SharedMap({ capacity: 64, keys: 'numbers', values: 'numbers' })
    const rounds = 3_000
    const results = await Promise.all([0, 1, 2].map((own) => inThread('countInMap', map, rounds, 8, 1_000 + own)))
    assert.deepEqual(results, ['right', 'right', 'right'])
    assert.deepEqual(
      [...map].sort(([one], [other]) => one - other),
      Array.from({ length: 8 }, (_, key) => [key, 3 * rounds]),
    )
    assert.equal(map.size, 8)
  })

  it('never shows half a value', async () => {
    const map = new SharedMap({ capacity: 16, keys: { textBytesMax: 16 }, values: { bytesMax: 48 } })
    assert.deepEqual(await Promise.all([0, 1].map((writer) => inThread('tearMap', map, 20_000, writer))), [
      'whole',
      'whole',
    ])
  })

  it('can be used when threads that write are terminated at any moment', async () => {
    const map = new SharedMap({ capacity: 64, keys: 'numbers', values: 'numbers' })
    for (let round = 0; round < 8; round++) {
      const { worker, result } = startThread('setForEver', map)
      result.catch(() => undefined)
      const end = performance.now() + deadlineMs
      map.set(49, -1)
      while (map.get(49) === -1 && performance.now() < end) await new Promise(setImmediate)
      await worker.terminate()
      for (let key = 0; key < 50; key++) assert.equal(map.set(key, round).get(key), round)
      assert.equal(map.size, 50)
    }
  })
})

describe('atomic operations between threads', () => {
  it('lose no addition to an array', async () => {
    const array = new SharedArray('int32', 1)
    await Promise.all([inThread('addToArray', array, 100_000), inThread('addToArray', array, 100_000)])
    assert.equal(array.get(0), 200_000)
  })

  it('lose no addition to a field, and rows are the same rows in every thread', async () => {
    const rows = struct({ count: 'uint32', name: ['utf8', 16] }).array(2)
    rows.at(1).name = 'señora'
    const names = await Promise.all([inThread('addToRow', rows, 50_000), inThread('addToRow', rows, 50_000)])
    assert.deepEqual(names, ['señora', 'señora'])
    assert.equal(rows.at(1).count, 100_000)
    assert.equal(rows.at(0).count, 0)
  })
})

describe('a blocking wait', () => {
  for (const [what, item] of [
    ['a message of a ring', new Ring()],
    ['an item of a queue', BoundedQueue.ofNumbers()],
  ] as const) {
    it(`for ${what} tells what it waits for and where, and ends when its thread is interrupted, once`, async () => {
      self()
      const before = openWaits()
      const waiting = inThread('waitInVain', item)
      const row = await longWait(before)
      const { words } = arena()
      assert.equal(primitiveName(words[waitRow(row) + wait.primitive] ?? 0), what)
      assert.match(stackOf(row), /waitInVain/)
      interruptParty(words[waitRow(row) + wait.party] ?? 0)
      assert.deepEqual(await waiting, ['interrupted', 'timed-out'])
      assert.deepEqual(openWaits(), before)
    })
  }

  for (const [what, item] of [
    ['ring', new Ring()],
    ['queue', BoundedQueue.ofNumbers()],
  ] as const) {
    it(`for a ${what} ends at its timeout`, async () => {
      const { code, waitedMs } = (await inThread('timeOut', item, 50)) as { code: string; waitedMs: number }
      assert.equal(code, 'timed-out')
      assert.ok(waitedMs >= 49 && waitedMs < 5_000, `waited ${waitedMs} ms`)
    })

    it(`for a ${what} with a negative timeout is refused`, async () => {
      const outcome = (await inThread('timeOut', item, -1)) as { code: string }
      assert.equal(outcome.code, 'option-invalid')
    })
  }
})

/** The row of the one wait that there was not before, once it lasts long enough to have its stack written down. */
async function longWait(before: readonly number[]): Promise<number> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const row = openWaits().find((each) => !before.includes(each) && stackOf(each) !== '')
    if (row !== undefined) return row
    assert.ok(performance.now() < end, 'nobody waits')
    await new Promise(setImmediate)
  }
}

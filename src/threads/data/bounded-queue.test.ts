/** A queue within one thread: order, bounds, awaiting, and what is refused. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { pack } from '../travel/shareable.ts'
import { openWaits } from '../waiting/waits.ts'
import { BoundedQueue, unpackBoundedQueue } from './bounded-queue.ts'
import { spareRecordsMax } from './record-pool.ts'
import { SharedArray } from './shared-array.ts'

const code = (name: string) => ({ name: 'CardumenError', code: name })
const timeoutMs = 10_000

describe('a bounded queue', () => {
  it('gives what a plain queue gives, and is full at its capacity', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double()), { maxLength: 100 }), (actions) => {
        const queue = BoundedQueue.ofNumbers({ capacity: 4 })
        const model: number[] = []
        for (const item of actions) {
          if (item === null) assert.equal(queue.tryTake(), model.shift())
          else {
            assert.equal(queue.tryPut(item), model.length < 4)
            if (model.length < 4) model.push(item)
          }
          assert.equal(queue.size, model.length)
        }
      }),
    )
  })

  it('carries values with all that is in them, and refuses those that are too large or cannot travel', () => {
    const queue = BoundedQueue.ofValues<unknown>(256, { capacity: 2 })
    const value = { list: [1, 'zwei', 3n], when: new Date(0), bytes: Uint8Array.of(1, 2), map: new Map([[1, 2]]) }
    queue.tryPut(value)
    assert.deepEqual(queue.tryTake(), value)
    assert.throws(() => queue.tryPut('x'.repeat(300)), code('too-large'))
    assert.throws(() => queue.tryPut(() => 1), code('cannot-travel'))
    assert.throws(() => BoundedQueue.ofBytes(2).tryPut(new Uint8Array(3)), code('too-large'))
  })

  for (const start of [2 ** 31 - 8, 2 ** 32 - 8]) {
    it(`goes on when its positions pass ${start + 8}`, () => {
      const memory = new SharedArrayBuffer(BoundedQueue.bytesNeeded(4))
      const queue = BoundedQueue.ofNumbers({ capacity: 4, memory })
      const words = new Int32Array(memory)
      // After the header and three lines: puts, takes, and the turn of each slot, as after so many items.
      for (const word of [64, 80, 96, 100, 104, 108]) words[word] = start
      for (let item = 0; item < 50; item += 4) {
        for (let each = 0; each < 4; each++) assert.equal(queue.tryPut(item + each), true)
        assert.deepEqual([queue.size, queue.tryPut(0)], [4, false])
        for (let each = 0; each < 4; each++) assert.equal(queue.tryTake(), item + each)
        assert.deepEqual([queue.size, queue.tryTake()], [0, undefined])
      }
    })
  }

  it('refuses what it does not carry, and then goes on', () => {
    const bytes = BoundedQueue.ofBytes(4, { capacity: 2 })
    for (const wrong of [5, null, 'abc', [1], new Int8Array(1)]) {
      assert.throws(() => bytes.tryPut(wrong as never), code('option-invalid'))
    }
    assert.throws(() => BoundedQueue.ofNumbers().tryPut('5' as never), code('option-invalid'))
    const values = BoundedQueue.ofValues<unknown>(64, { capacity: 2 })
    assert.throws(() => values.tryPut(new SharedArray('int8', 1)), code('cannot-travel'))
    assert.throws(() => values.tryPut(new SharedArrayBuffer(8)), code('cannot-travel'))
    assert.deepEqual([bytes.size, values.size], [0, 0])
    assert.deepEqual([bytes.tryPut(Uint8Array.of(1)), bytes.tryTake()], [true, Uint8Array.of(1)])
  })

  it('gives no bytes of another item, whatever length a foreign write claims', () => {
    const memory = new SharedArrayBuffer(BoundedQueue.bytesNeeded(2, 8))
    const queue = BoundedQueue.ofBytes(8, { capacity: 2, memory })
    for (const byte of [1, 2]) queue.tryPut(new Uint8Array(8).fill(byte))
    const words = new Int32Array(memory)
    const record = words.indexOf(0x01010101) - 2
    assert.equal(words[record], 8)
    words[record] = 1_000
    assert.deepEqual(queue.tryTake(), new Uint8Array(8).fill(1))
  })

  it('ends each call, whatever a foreign write has put into its memory', () => {
    const sizeBytes = BoundedQueue.bytesNeeded(4, 8)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(sizeBytes / 4 - 1), fc.integer())), (writes) => {
        const memory = new SharedArrayBuffer(sizeBytes)
        const queue = BoundedQueue.ofBytes(8, { capacity: 4, memory })
        for (const [word, value] of writes) if (word >= 16) new Int32Array(memory)[word] = value
        for (let time = 0; time < 6 && !queue.isClosed; time++) {
          assert.equal(typeof queue.tryPut(Uint8Array.of(time)), 'boolean')
          assert.ok((queue.tryTake()?.length ?? 0) <= 8)
        }
      }),
    )
  })

  it('gives records back, however often it is filled and emptied', () => {
    const queue = BoundedQueue.ofBytes(8, { capacity: 2 })
    for (let round = 0; round < 3 * spareRecordsMax; round++) {
      assert.deepEqual(
        [1, 2, 3].map((byte) => queue.tryPut(Uint8Array.of(byte, round & 255))),
        [true, true, false],
      )
      assert.deepEqual(
        [queue.tryTake(), queue.tryTake()],
        [Uint8Array.of(1, round & 255), Uint8Array.of(2, round & 255)],
      )
    }
  })

  it('is taken to its end after it was closed, and then refuses both sides', async () => {
    const queue = BoundedQueue.ofNumbers()
    const other = unpackBoundedQueue(structuredClone(queue[pack]().state) as never)
    queue.tryPut(1)
    other.close()
    assert.throws(() => queue.tryPut(2), code('closed'))
    assert.equal(await queue.takeAsync({ timeoutMs }), 1)
    await assert.rejects(queue.takeAsync({ timeoutMs }), code('closed'))
  })

  it('wakes those who await an item when it is closed', async () => {
    const queue = BoundedQueue.ofNumbers()
    const taking = assert.rejects(queue.takeAsync({ timeoutMs }), code('closed'))
    queue.close()
    await taking
  })

  it('lets an awaited put wait for room', async () => {
    const queue = BoundedQueue.ofNumbers({ capacity: 2 })
    const putting = [1, 2, 3].map((item) => queue.putAsync(item, { timeoutMs }))
    assert.equal(await queue.takeAsync({ timeoutMs }), 1)
    await Promise.all(putting)
    assert.deepEqual([queue.tryTake(), queue.tryTake(), queue.tryTake()], [2, 3, undefined])
  })

  it('ends an awaited take at its timeout or by its signal', async () => {
    const queue = BoundedQueue.ofNumbers()
    await assert.rejects(queue.takeAsync({ timeoutMs: 20 }), code('timed-out'))
    await assert.rejects(queue.takeAsync({ timeoutMs: -1 }), code('option-invalid'))
    const reason = new Error('enough')
    const aborted = queue.takeAsync({ signal: AbortSignal.abort(reason) })
    await assert.rejects(aborted, { code: 'cancelled', cause: reason })
  })

  it('gives the next item to who still waits, after another gave up', async () => {
    const queue = BoundedQueue.ofNumbers()
    const giver = new AbortController()
    const given = assert.rejects(queue.takeAsync({ signal: giver.signal, timeoutMs }), code('cancelled'))
    const taking = queue.takeAsync({ timeoutMs })
    giver.abort()
    await given
    queue.tryPut(5)
    assert.equal(await taking, 5)
  })

  it('leaves nothing behind of awaited takes that gave up', async () => {
    const memory = new SharedArrayBuffer(BoundedQueue.bytesNeeded(4))
    const queue = BoundedQueue.ofNumbers({ capacity: 4, memory })
    const giver = new AbortController()
    const takes = [1, 2, 3].map(() =>
      assert.rejects(queue.takeAsync({ signal: giver.signal, timeoutMs }), code('cancelled')),
    )
    giver.abort()
    await Promise.all(takes)
    // The word that the bell for items counts rings in.
    assert.equal(Atomics.notify(new Int32Array(memory), 17), 0)
    assert.deepEqual(openWaits(), [])
  })

  it('keeps the process alive while it is awaited, and no longer', async () => {
    const program = fileURLToPath(new URL('./fixtures/awaits-alone.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: timeoutMs })
    assert.equal(stdout, 'timed-out after a take that was awaited alone\n')
  })

  it('does not block the main thread, and says what to call there', () => {
    const queue = BoundedQueue.ofNumbers()
    assert.throws(() => queue.take(), { code: 'would-block', hint: /takeAsync/ })
    assert.throws(() => queue.put(1), { code: 'would-block', hint: /putAsync/ })
  })

  it('refuses memory that holds another queue, and a capacity that makes no sense', () => {
    const memory = new SharedArrayBuffer(BoundedQueue.bytesNeeded(8, 16))
    BoundedQueue.ofBytes(16, { capacity: 8, memory })
    assert.throws(() => BoundedQueue.ofNumbers({ capacity: 8, memory }), code('memory-too-small'))
    assert.throws(() => BoundedQueue.ofBytes(16, { capacity: 16, memory }), code('memory-too-small'))
    assert.throws(() => BoundedQueue.ofNumbers({ capacity: 0 }), code('option-invalid'))
  })
})

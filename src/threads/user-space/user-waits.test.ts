/** What threads in user space wait for: locks, semaphores, channels, and each other for ever. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { coded, notesOf } from './fixtures/notes.ts'
import { UserThreads } from './user-threads.ts'
import type { ThreadBody } from './user-thread.ts'

describe('a lock between threads in user space', { timeout: 10_000 }, () => {
  it('lets in one at a time, in the order in which they asked', async () => {
    const notes = await notesOf((threads, note) => {
      const lock = threads.lock()
      for (const name of ['a', 'b', 'c'])
        threads.start(name, function* () {
          yield* lock.acquire()
          note(`${name} in`)
          yield
          note('out')
          lock.release()
        })
    })
    assert.equal(notes, 'a in out b in out c in out')
  })

  it('is released by its owner only', async () => {
    const threads = new UserThreads()
    const lock = threads.lock('L')
    threads.start('owner', function* () {
      yield* lock.acquire()
      yield
      lock.release()
    })
    threads.start('stranger', function* () {
      yield
      lock.release()
    })
    await assert.rejects(threads.run(), (error) => isCardumenError(error) && coded('not-owner')(error.cause))
    assert.equal(lock.isHeld, false)
  })

  it('whose holder ends is free again, and who waited for it is told', async () => {
    const threads = new UserThreads()
    const lock = threads.lock('L')
    const told: string[] = []
    threads.start('holder', function* () {
      yield* lock.acquire()
      yield
    })
    for (const name of ['waiting', 'next'])
      threads.start(name, function* () {
        try {
          yield* lock.acquire()
        } catch (error) {
          told.push(`${name}: ${(error as CardumenError).code}`)
          yield* lock.acquire()
        }
        lock.release()
      })
    await threads.run()
    assert.deepEqual(told, ['waiting: holder-died', 'next: holder-died'])
  })

  it('whose holder ended while nobody waited tells the next one, once', async () => {
    const threads = new UserThreads()
    const lock = threads.lock('L')
    const holder = threads.start('holder', () => lock.acquire())
    const after = threads.start('after', function* () {
      yield* holder.join()
      try {
        yield* lock.acquire()
      } catch (error) {
        yield* lock.acquire()
        lock.release()
        return (error as CardumenError).code
      }
      return 'nothing'
    })
    await threads.run()
    assert.equal(after.result(), 'holder-died')
  })

  it('in a cycle of waits is a deadlock that names who waits for what', async () => {
    const threads = new UserThreads()
    const [one, two] = [threads.lock('L1'), threads.lock('L2')]
    const cleaned: string[] = []
    const taking = (name: string, first: typeof one, second: typeof one) =>
      threads.start(name, function* () {
        yield* first.acquire()
        try {
          yield
          yield* second.acquire()
        } finally {
          cleaned.push(name)
        }
      })
    const a = taking('A', one, two)
    taking('B', two, one)
    await assert.rejects(
      threads.run(),
      coded('deadlock', /"A" waits for the lock "L2", which "B" holds; "B" waits for the lock "L1", which "A" holds/),
    )
    assert.deepEqual(cleaned, ['A', 'B'])
    assert.equal(a.isAlive, false)
    assert.equal(threads.size, 0)
  })
})

describe('semaphores and channels between threads in user space', { timeout: 10_000 }, () => {
  it('what threads that a deadlock ended had or waited for serves the next ones', async () => {
    const threads = new UserThreads()
    const [one, two, permits] = [threads.lock('one'), threads.lock('two'), threads.semaphore(0)]
    const letters = threads.channel<string>()
    const take = (first: typeof one, second: typeof one): ThreadBody<void> =>
      function* () {
        yield* first.acquire()
        try {
          yield
          yield* second.acquire()
        } finally {
          first.release()
        }
      }
    threads.start('A', take(one, two))
    threads.start('B', take(two, one))
    threads.start('C', () => permits.acquire())
    threads.start('D', () => letters.receive())
    await assert.rejects(threads.run(), coded('deadlock'))
    const next = threads.start('E', function* () {
      for (const lock of [one, two])
        try {
          yield* lock.acquire()
        } catch (error) {
          assert.ok(coded('holder-died')(error))
          yield* lock.acquire()
        }
      permits.release()
      yield* permits.acquire()
      const reader = threads.start('F', () => letters.receive())
      yield* letters.send('letter')
      return yield* reader.join()
    })
    await threads.run()
    assert.equal(next.result(), 'letter')
  })

  it('a semaphore lets in as many as it counts', async () => {
    const threads = new UserThreads()
    const places = threads.semaphore(2)
    let inside = 0
    let most = 0
    for (let index = 0; index < 6; index++)
      threads.start(`t${index}`, function* () {
        yield* places.acquire()
        most = Math.max(most, ++inside)
        yield
        inside--
        places.release()
      })
    await threads.run()
    assert.deepEqual([most, places.count], [2, 2])
  })

  it('a channel keeps the order of its messages, whatever it has room for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 0, max: 4 }), async (messages, capacity) => {
        const threads = new UserThreads()
        const channel = threads.channel<number>(capacity)
        const received: number[] = []
        threads.start('sender', function* () {
          for (const message of messages) yield* channel.send(message)
          channel.close()
        })
        const receiver = threads.start('receiver', function* () {
          try {
            for (;;) received.push(yield* channel.receive())
          } catch (error) {
            return (error as CardumenError).code
          }
        })
        await threads.run()
        assert.deepEqual(received, messages)
        assert.equal(receiver.result(), 'closed')
      }),
      { numRuns: 60 },
    )
  })

  it('a receiver to whom nobody sends is deadlocked', async () => {
    const threads = new UserThreads()
    const channel = threads.channel(0, 'orders')
    threads.start('cook', () => channel.receive())
    await assert.rejects(threads.run(), coded('deadlock', /"cook" waits for a message of the channel "orders"/))
  })
})

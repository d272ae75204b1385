/** A pool of threads: what its tasks get and give, in which order, and what ends them early. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setEnvironmentData } from 'node:worker_threads'
import fc from 'fast-check'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { SharedArray } from '../data/shared-array.ts'
import { gate, openGate, until, untilBegun } from './fixtures/until.ts'
import { Pool } from './pool.ts'

const work = new URL('./fixtures/work.ts', import.meta.url)
type Work = typeof import('./fixtures/work.ts')

function refusedWith(code: string, executed: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CardumenError, String(error))
    assert.deepEqual([error.code, error.executed], [code, executed], error.message)
    return true
  }
}

describe('a pool', () => {
  it('runs exported functions in its threads, and not on the main thread', async () => {
    await using pool = new Pool(work, { threads: 2 })
    const ids = await Promise.all(Array.from({ length: 50 }, () => pool.run('threadOf') as Promise<number>))
    assert.ok(ids.every((id) => id > 0))
  })

  it('gives back what structured clone would, whatever the size', async () => {
    await using pool = new Pool(work, { threads: 2 })
    const values = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true, withBigInt: true }),
    )
    const property = fc.asyncProperty(fc.array(values, { minLength: 2, maxLength: 6 }), async (args) => {
      assert.deepEqual(structuredClone(await pool.run('same', ...args)), structuredClone(args))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it('answers each of 10,000 tasks with its own result', async () => {
    await using pool = new Pool(work, { threads: 3 })
    const { same } = pool.functions<Work>()
    const results = await Promise.all(Array.from({ length: 10_000 }, (_, index) => same(index)))
    assert.deepEqual(
      results,
      Array.from({ length: 10_000 }, (_, index) => index),
    )
    assert.equal(pool.statistics().succeeded, 10_000)
  })

  it('of one thread begins the tasks in the order in which they came', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const counter = gate()
    const results = await Promise.all(Array.from({ length: 1_000 }, () => pool.run('count', counter)))
    assert.deepEqual(
      results,
      Array.from({ length: 1_000 }, (_, index) => index),
    )
  })

  it('does not let a task wait behind a long one while another thread is idle', async () => {
    await using pool = new Pool(work, { threads: 2 })
    const words = gate()
    const long = pool.run('spinUntil', words)
    await untilBegun(words)
    for (let index = 0; index < 100; index++) assert.equal(await pool.run('same', index), index)
    openGate(words)
    assert.equal(await long, 1)
  })

  it('runs asynchronous functions, and their timers', async () => {
    await using pool = new Pool(work, { threads: 1 })
    assert.deepEqual(await Promise.all([pool.run('afterTurns', 5), pool.run('afterTurns', 3)]), [5, 3])
  })

  it('lets as many asynchronous functions of a thread overlap as it was told', async () => {
    await using pool = new Pool(work, { threads: 1, concurrency: 3 })
    const words = gate()
    const three = [1, 2, 3].map(() => pool.run('awaitUntil', words))
    await untilBegun(words, 3)
    const fourth = pool.run('awaitUntil', words)
    assert.equal(pool.statistics().running, 3)
    openGate(words, 9)
    assert.deepEqual(await Promise.all([...three, fourth]), [9, 9, 9, 9])
  })

  it('shares shared memory, moves what is transferred, and copies the rest', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const { write, length } = pool.functions<Work>()
    const [shared, copied] = [gate(), new Int32Array(1)]
    await write(shared, 5)
    await write(copied, 5)
    assert.deepEqual([shared[0], copied[0]], [5, 0])
    const moved = new ArrayBuffer(1_048_576)
    assert.equal(await length.with({ transfer: [moved] })(moved), 1_048_576)
    assert.equal(moved.byteLength, 0)
  })

  it('hands shared things on as what they are, in both directions', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const numbers = new SharedArray('int32', 4)
    const [back, { held }] = (await pool.run('same', numbers, { held: numbers })) as [
      typeof numbers,
      { held: typeof numbers },
    ]
    numbers.set(2, 7)
    assert.ok(back instanceof SharedArray)
    assert.deepEqual([back.get(2), held.get(2)], [7, 7])
  })

  it('begins tasks in as many threads as there are, even while the main thread does nothing but compute', async () => {
    const words = gate()
    setEnvironmentData('meeting', words)
    await using pool = new Pool(work, { threads: 3 })
    await Promise.all([1, 2, 3].map((value) => pool.run('afterTurns', value)))
    const all = [1, 2, 3].map(() => pool.run('meet', 3))
    const endMs = performance.now() + 10_000
    while (Atomics.load(words, 0) < 3) assert.ok(performance.now() < endMs, `${words[0]} of 3 began`)
    assert.deepEqual(await Promise.all(all), [3, 3, 3])
  })

  it('brings large results, and moves those that the function hands over', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const { newBuffer, handOverBuffer } = pool.functions<Work>()
    assert.deepEqual(await newBuffer(100_000), new Uint8Array(100_000).fill(7))
    assert.deepEqual(await handOverBuffer(100_000), new Uint8Array(100_000).fill(7))
  })
})

describe('an error in a task', () => {
  it('reaches the caller with its name, its text, its stack and its cause', async () => {
    await using pool = new Pool(work, { threads: 1 })
    await assert.rejects(pool.run('throwRecipe'), (error: Error) => {
      assert.deepEqual([error.name, error.message], ['RecipeError', 'too much salt'])
      assert.match(error.stack ?? '', /throwRecipe.*work\.ts/s)
      assert.equal((error.cause as Error).name, 'TypeError')
      return true
    })
  })

  it('keeps the code of one of ours', async () => {
    await using pool = new Pool(work, { threads: 1 })
    await assert.rejects(pool.run('throwCode'), refusedWith('too-large', 'unknown'))
  })

  it('takes no other task with it', async () => {
    await using pool = new Pool(work, { threads: 2 })
    const all = Array.from({ length: 100 }, (_, index) =>
      index % 3 === 0 ? pool.run('throwRecipe') : pool.run('same', index),
    )
    const settled = await Promise.allSettled(all)
    assert.deepEqual(
      settled.map(({ status }) => status),
      all.map((_, index) => (index % 3 === 0 ? 'rejected' : 'fulfilled')),
    )
  })
})

describe('a pool refuses', () => {
  const refusals: readonly [string, string, readonly unknown[], string, string][] = [
    ['a function that the module does not export', 'missing', [], 'function-unknown', 'no'],
    ['an export that is no function', 'notAFunction', [], 'function-unknown', 'no'],
    ['an argument that cannot travel', 'same', [() => 1], 'cannot-travel', 'no'],
    [
      'an instance of a class, which would arrive as a plain object',
      'same',
      [new (class Point {})()],
      'cannot-travel',
      'no',
    ],
    ['a symbol', 'same', [Symbol('no')], 'cannot-travel', 'no'],
    ['a result that cannot travel', 'giveFunction', [], 'cannot-travel', 'yes'],
  ]
  for (const [what, name, args, code, executed] of refusals) {
    it(`${what}, and goes on`, async () => {
      await using pool = new Pool(work, { threads: 1 })
      await assert.rejects(pool.run(name, ...args), refusedWith(code, executed))
      assert.equal(await pool.run('same', 1), 1)
    })
  }

  it('a task for which the queue has no room', async () => {
    await using pool = new Pool(work, { threads: 1, queueMax: 2 })
    const words = gate()
    const long = pool.run('spinUntil', words)
    const waiting = [pool.run('same', 1), pool.run('same', 2)]
    await assert.rejects(pool.run('same', 3), refusedWith('try-again', 'no'))
    openGate(words)
    assert.deepEqual(await Promise.all([long, ...waiting]), [1, 1, 2])
  })

  for (const options of [
    { threads: 0 },
    { threads: 1.5 },
    { threads: 2, threadsMax: 3 },
    { threadsMin: 3, threadsMax: 2 },
    { idleMs: Number.NaN },
    { queueMax: 0 },
    { concurrency: -1 },
    { memoryMegabytesMax: 1 },
  ]) {
    it(`options that make no sense: ${JSON.stringify(options)}`, () => {
      assert.throws(() => new Pool(work, options), refusedWith('option-invalid', 'no'))
    })
  }

  for (const timeoutMs of [-1, Number.NaN]) {
    it(`a timeout of ${timeoutMs}`, async () => {
      await using pool = new Pool(work, { threads: 1 })
      await assert.rejects(pool.with({ timeoutMs }).run('same', 1), refusedWith('option-invalid', 'no'))
    })
  }
})

describe('a task that is given up', () => {
  it('before it began does not run', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const [words, counter, controller] = [gate(), gate(), new AbortController()]
    const long = pool.run('spinUntil', words)
    await untilBegun(words)
    const given = pool.with({ signal: controller.signal }).run('count', counter)
    controller.abort()
    await assert.rejects(given, refusedWith('cancelled', 'no'))
    openGate(words)
    await long
    await pool.run('same', 1)
    assert.equal(counter[0], 0)
  })

  it('while it runs may have run; its thread is replaced where it does not end', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const [words, controller] = [gate(), new AbortController()]
    const given = pool.with({ signal: controller.signal }).run('spinUntil', words)
    await untilBegun(words)
    controller.abort()
    await assert.rejects(given, refusedWith('cancelled', 'unknown'))
    assert.equal(await pool.run('same', 1), 1)
    assert.equal(pool.statistics().threadsLost, 1)
  })

  it('with a signal that was aborted before is refused', async () => {
    await using pool = new Pool(work, { threads: 1 })
    await assert.rejects(pool.with({ signal: AbortSignal.abort() }).run('same', 1), refusedWith('cancelled', 'no'))
  })

  it('fails by its deadline while it waits, and while it runs', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const words = gate()
    await pool.run('same', 0)
    const running = assert.rejects(
      pool.with({ timeoutMs: 500 }).run('spinUntil', words),
      refusedWith('timed-out', 'unknown'),
    )
    await untilBegun(words)
    const waiting = pool.with({ timeoutMs: 1 }).run('same', 1)
    await assert.rejects(waiting, refusedWith('timed-out', 'no'))
    await running
    openGate(words)
    assert.equal(await pool.run('same', 2), 2)
    assert.equal(pool.statistics().threadsLost, 0)
  })

  it('leaves no room taken behind, however many there are', async () => {
    await using pool = new Pool(work, { threads: 1, queueMax: 600 })
    const words = gate()
    const long = pool.run('spinUntil', words)
    await untilBegun(words)
    for (let round = 0; round < 5; round++) {
      const controller = new AbortController()
      const all = Array.from({ length: 600 }, () => pool.with({ signal: controller.signal }).run('same', 1))
      controller.abort()
      for (const { status } of await Promise.allSettled(all)) assert.equal(status, 'rejected')
    }
    openGate(words)
    await long
    assert.deepEqual(
      await Promise.all(Array.from({ length: 500 }, (_, index) => pool.run('same', index))).then((all) => all.length),
      500,
    )
  })
})

describe('a thread that dies', () => {
  it('fails the task that it ran, and others move on', async () => {
    await using pool = new Pool(work, { threads: 1 })
    const dying = pool.run('exit', 5)
    const after = Array.from({ length: 500 }, (_, index) => pool.run('same', index))
    await assert.rejects(dying, refusedWith('thread-exited', 'unknown'))
    assert.deepEqual(
      await Promise.all(after),
      Array.from({ length: 500 }, (_, index) => index),
    )
    assert.deepEqual([pool.statistics().threadsLost, pool.statistics().threads], [1, 1])
  })

  it('of memory does not take the process with it', async () => {
    await using pool = new Pool(work, { threads: 1, memoryMegabytesMax: 32 })
    await assert.rejects(pool.run('fillMemory'), (error) => {
      assert.ok(isCardumenError(error, 'thread-exited'))
      assert.match(error.message, /memory/)
      return true
    })
    assert.equal(await pool.run('same', 1), 1)
  })

  it('of an error that nobody waited for is replaced', async () => {
    await using pool = new Pool(work, { threads: 1 })
    await pool.run('strayError')
    await until(() => pool.statistics().threadsLost === 1, 'the thread to end')
    assert.equal(await pool.run('same', 1), 1)
  })

  it('at every task fails every task, and no more', async () => {
    await using pool = new Pool(work, { threads: 2 })
    const settled = await Promise.allSettled(Array.from({ length: 6 }, () => pool.run('exit', 1)))
    assert.ok(settled.every(({ status }) => status === 'rejected'))
    assert.equal(await pool.run('same', 1), 1)
  })
})

describe('a module', () => {
  const missing = new URL('./fixtures/nowhere.ts', import.meta.url)
  it('that is not there fails each task, also later ones', async () => {
    await using pool = new Pool(missing, { threads: 2 })
    for (let round = 0; round < 2; round++) await assert.rejects(pool.run('same'), refusedWith('module-failed', 'no'))
  })

  it('that throws where it is loaded fails each task, with what it threw', async () => {
    await using pool = new Pool(new URL('./fixtures/throws-at-load.ts', import.meta.url), { threads: 1 })
    await assert.rejects(pool.run('same'), (error) => {
      assert.ok(isCardumenError(error, 'module-failed'))
      assert.match(error.message, /this module cannot be loaded/)
      return true
    })
  })

  it('that ends every thread that loads it fails each task, and starts no threads for ever', async () => {
    await using pool = new Pool(new URL('./fixtures/exits-at-load.ts', import.meta.url), { threads: 1 })
    await assert.rejects(pool.run('same'), refusedWith('thread-exited', 'no'))
  })
})

describe('a dynamic pool', () => {
  it('grows to its most while there is work, and shrinks to its least when idle', async () => {
    await using pool = new Pool(work, { threadsMin: 1, threadsMax: 4, idleMs: 20 })
    assert.equal(pool.statistics().threads, 1)
    const gates = [1, 2, 3, 4, 5].map(gate)
    const all = gates.map((words) => pool.run('spinUntil', words))
    await until(() => pool.statistics().running === 4, 'four tasks to run')
    assert.equal(pool.statistics().threads, 4)
    for (const words of gates) openGate(words)
    await Promise.all(all)
    await until(() => pool.statistics().threads === 1, 'three threads to end')
    assert.equal(pool.statistics().threadsLost, 0)
    assert.equal(await pool.run('same', 1), 1)
  })

  it('may have no thread at all until there is work', async () => {
    await using pool = new Pool(work, { threadsMin: 0, threadsMax: 1, idleMs: 10 })
    assert.equal(pool.statistics().threads, 0)
    assert.equal(await pool.run('same', 1), 1)
    await until(() => pool.statistics().threads === 0, 'the thread to end')
    assert.equal(await pool.run('same', 2), 2)
  })
})

describe('the end of a pool', () => {
  it('waits for what it was given, and takes nothing more', async () => {
    const pool = new Pool(work, { threads: 2 })
    const all = Array.from({ length: 1_000 }, (_, index) => pool.run('same', index))
    const closed = pool.close()
    await assert.rejects(pool.run('same', 1), refusedWith('closed', 'no'))
    await closed
    assert.equal((await Promise.all(all)).length, 1_000)
    assert.equal(pool.statistics().threads, 0)
  })

  it('by terminate fails what has not ended', async () => {
    const pool = new Pool(work, { threads: 1 })
    const words = gate()
    const running = pool.run('spinUntil', words)
    await untilBegun(words)
    const waiting = pool.run('same', 1)
    const ends = Promise.all([
      assert.rejects(running, refusedWith('closed', 'unknown')),
      assert.rejects(waiting, refusedWith('closed', 'no')),
    ])
    await pool.terminate()
    await ends
  })

  it('may be asked for twice', async () => {
    const pool = new Pool(work, { threads: 1 })
    await Promise.all([pool.close(), pool.close()])
    await pool.close()
  })
})

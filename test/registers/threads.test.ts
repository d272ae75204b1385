/** The classical locks under load, between threads: one inside, and in the order in which they came. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { BakeryLock } from '../../src/threads/registers/bakery-lock.ts'
import { DekkerLock } from '../../src/threads/registers/dekker-lock.ts'
import { PetersonLock } from '../../src/threads/registers/peterson-lock.ts'
import { TestAndSetLock } from '../../src/threads/registers/test-and-set-lock.ts'
import { TicketLock } from '../../src/threads/registers/ticket-lock.ts'
import { pack, type Shareable } from '../../src/threads/travel/shareable.ts'
import { type Hammering, type Visit, word } from './fixtures/hammer-thread.ts'

const rounds = 2_000

describe('under load, between threads', { timeout: 120_000 }, () => {
  const locks: readonly (readonly [name: string, threads: number, isInOrder: boolean, make: () => Shareable])[] = [
    ['BakeryLock', 2, true, () => new BakeryLock({ customers: 2 })],
    ['BakeryLock', 4, true, () => new BakeryLock({ customers: 5 })],
    ['PetersonLock', 2, true, () => new PetersonLock()],
    ['DekkerLock', 2, false, () => new DekkerLock()],
    ['TicketLock', 3, true, () => new TicketLock({ customers: 3 })],
    ['TestAndSetLock', 3, false, () => new TestAndSetLock({ customers: 3 })],
  ]
  for (const [name, threads, isInOrder, make] of locks) {
    const order = isInOrder ? ' and lets them in as they came' : ''
    it(`a ${name} keeps ${threads} threads apart${order}`, async () => {
      const { words, visits } = await hammered(make(), threads)
      assert.equal(words[word.met], 0)
      assert.equal(words[word.count], threads * rounds)
      if (isInOrder) assert.deepEqual(overtaken(visits), [])
    })
  }

  it('the test of order finds who was overtaken', () => {
    const first = { began: 0, waited: 1, entered: 4 }
    const second = { began: 2, waited: 3, entered: 5 }
    assert.deepEqual(overtaken([first, second]), [])
    assert.deepEqual(overtaken([{ ...first, entered: 6 }, second]), [second])
  })
})

async function hammered(
  lock: Shareable,
  threads: number,
): Promise<{ readonly words: Int32Array; readonly visits: readonly Visit[] }> {
  const words = new Int32Array(new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT))
  words[word.ready] = threads
  const workers = Array.from({ length: threads }, (_, index) => {
    const workerData: Hammering = { lock: lock[pack](), identifier: index + 1, rounds, words }
    return new Worker(new URL('./fixtures/hammer-thread.ts', import.meta.url), { workerData })
  })
  try {
    const ends = await Promise.all(workers.map((worker) => once(worker, 'message') as Promise<[Visit[]]>))
    return { words, visits: ends.flatMap(([visits]) => visits) }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** Who was inside before somebody that had passed the doorway when it began. */
function overtaken(visits: readonly Visit[]): Visit[] {
  let earliestWaited = Number.POSITIVE_INFINITY
  const found: Visit[] = []
  for (const visit of visits.toSorted((left, right) => right.entered - left.entered)) {
    if (earliestWaited < visit.began) found.push(visit)
    earliestWaited = Math.min(earliestWaited, visit.waited)
  }
  return found
}

/**
 * What the classical locks cost a customer that finds nobody there: `node bench/registers/locks-process.ts`.
 *
 * Each figure is the median of several runs of acquire and release, on one thread and without any other: what the accesses
 * cost, and no waiting. Below the locks stand the single accesses that they are made of.
 */
import process from 'node:process'
import { BakeryLock, DekkerLock, PetersonLock, RegisterFile, TestAndSetLock } from '../../src/threads.ts'

const RUNS = 7
const ROUNDS = { threads: 100_000, processes: 3_000 }
/** A TicketLock cannot try; it makes the accesses of a TestAndSetLock and one more. */
const CUSTOMERS = [2, 4, 8]

for (const processes of [false, true]) {
  const rounds = processes ? ROUNDS.processes : ROUNDS.threads
  const where = processes ? 'processes' : 'threads'
  for (const customers of CUSTOMERS) {
    using lock = new BakeryLock({ customers, processes })
    tell(`BakeryLock, ${customers} customers, ${where}`, visiting(lock.customer(1)), rounds)
  }
  using peterson = new PetersonLock({ processes })
  tell(`PetersonLock, ${where}`, visiting(peterson.customer(1)), rounds)
  using dekker = new DekkerLock({ processes })
  tell(`DekkerLock, ${where}`, visiting(dekker.customer(1)), rounds)
}
tell('TestAndSetLock, threads', visiting(new TestAndSetLock({ customers: 2 }).customer(1)), ROUNDS.threads)
const words = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
tell('read of a word of shared memory', () => Atomics.load(words, 0), ROUNDS.threads)
tell('write of a word of shared memory', () => Atomics.store(words, 0, 1), ROUNDS.threads)
using file = new RegisterFile({ registers: 1 })
tell('read of a register of a file', () => file.read(0), ROUNDS.processes)
tell('write of a register of a file', () => file.write(0, 1), ROUNDS.processes)

function visiting(customer: ReturnType<BakeryLock['customer']>): () => void {
  return () => {
    if (customer.tryAcquire()) customer.release()
  }
}

function tell(what: string, act: () => void, rounds: number): void {
  const microseconds = Array.from({ length: RUNS + 1 }, () => {
    const start = performance.now()
    for (let round = 0; round < rounds; round++) act()
    return ((performance.now() - start) * 1_000) / rounds
  })
  // The first run warms up.
  const median = microseconds.slice(1).toSorted((left, right) => left - right)[Math.floor(RUNS / 2)] ?? 0
  process.stdout.write(`${what.padEnd(40)}${median.toFixed(3).padStart(9)} us\n`)
}

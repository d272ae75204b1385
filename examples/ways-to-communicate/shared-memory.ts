/**
 * Two processes that count in one register of shared memory. A register is read by one access and written by another, so two that count at the same
 * time lose counts; Lamport's bakery, itself nothing but registers, lets one at a time. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/shared-memory.ts`
 */
import { BakeryLock, Process, RegisterFile } from 'cardumen/threads'

const countsEach = 2_000

/** What each of the two processes does; `identifier` is its place in the bakery. */
export async function count(registers: RegisterFile, bakery: BakeryLock, identifier: number): Promise<void> {
  const customer = bakery.customer(identifier)
  for (let times = 0; times < countsEach; times++) {
    await customer.acquireAsync()
    registers.write(0, registers.read(0) + 1)
    customer.release()
  }
}

if (import.meta.main) {
  using registers = new RegisterFile({ registers: 1 })
  using bakery = new BakeryLock({ customers: 2, processes: true })
  const counters = [1, 2].map(
    (identifier) => new Process(import.meta.url, 'count', { args: [registers, bakery, identifier] }),
  )
  for (const counter of counters) counter.start()
  await Promise.all(counters.map((counter) => counter.join()))
  console.log(`Counted ${registers.read(0)} of ${counters.length * countsEach}.`)
}

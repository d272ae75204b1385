/**
 * A race: four threads add one to the same number, ten million times each. Forty million is not what comes out.
 *
 * `number++` is three steps: read, add, write. Where two threads read the same value, both write the same one, and one addition
 * is lost. Then three cures: a lock around the three steps, one step that the processor cannot divide, and one thread that
 * alone owns the number while the others send it what to add.
 */
import { BoundedQueue, Event, Lock, SharedArray, Thread } from 'cardumen/threads'

const threadsCount = 4
const work = new URL('./work.ts', import.meta.url)

/** All threads wait at the gate until all are there, so that they truly run side by side. */
async function race(functionName: string, times: number, ...shared: unknown[]): Promise<void> {
  const gate = new Event({ name: 'gate' })
  const here = new SharedArray('int32', 1)
  const threads = Array.from({ length: threadsCount }, (_, index) => {
    const name = `adder ${index + 1}`
    return new Thread(work, 'atTheGate', { name, args: [functionName, gate, here, times, ...shared] })
  })
  for (const thread of threads) thread.start()
  while (here.load(0) < threadsCount) await new Promise((resolve) => setTimeout(resolve, 1))
  gate.set()
  await Promise.all(threads.map((thread) => thread.joinAsync()))
}

function report(way: string, expected: number, result: number): void {
  const verdict = result === expected ? 'none lost' : `LOST ${expected - result}`
  console.log(`${way.padEnd(24)}expected ${expected}  counted ${result}  ${verdict}`)
}

const numbers = new SharedArray('int32', 3)
await race('addPlainly', 10_000_000, numbers)
report('number++', 40_000_000, numbers.load(0))

await race('addUnderLock', 100_000, numbers, new Lock({ name: 'number' }))
report('under a lock', 400_000, numbers.load(1))

await race('addAtomically', 1_000_000, numbers)
report('one atomic step', 4_000_000, numbers.load(2))

const orders = BoundedQueue.ofNumbers({ capacity: 1024 })
const owner = new Thread<number>(work, 'ownTheNumber', { name: 'owner', args: [orders] })
owner.start()
await race('addByTelling', 10_000, orders)
orders.close()
report('one thread owns it', 40_000, await owner.joinAsync())

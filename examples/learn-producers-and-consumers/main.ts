/**
 * Producers and consumers with a bounded buffer between them (Dijkstra, 1965), twice: with a queue that does the waiting
 * itself, and built by hand from two semaphores and a lock.
 *
 * Three producers make the numbers 0 to 299, two consumers take them and make a stroke for each. In the end every number must
 * have exactly one stroke.
 */
import { BoundedQueue, Lock, Semaphore, SharedArray, Thread } from 'cardumen/threads'
import { type Buffer, endMark } from './work.ts'

const producersCount = 3
const consumersCount = 2
const itemsEach = 100
const places = 8
const work = new URL('./work.ts', import.meta.url)

/** Makes the threads of one round, waits for the producers, says that there is no more, and waits for the consumers. */
async function round(style: 'Queue' | 'Buffer', shared: unknown, sayEnd: () => Promise<void>): Promise<void> {
  const strokes = new SharedArray('int32', producersCount * itemsEach)
  const producers = Array.from({ length: producersCount }, (_, index) => {
    const name = `producer ${index + 1}`
    return new Thread(work, `produceTo${style}`, { name, args: [shared, index * itemsEach, itemsEach] })
  })
  const consumers = Array.from({ length: consumersCount }, (_, index) => {
    const name = `consumer ${index + 1}`
    return new Thread<number>(work, `consumeFrom${style}`, { name, args: [shared, strokes] })
  })
  for (const thread of [...consumers, ...producers]) thread.start()
  await Promise.all(producers.map((producer) => producer.joinAsync()))
  await sayEnd()
  const taken = await Promise.all(consumers.map((consumer) => consumer.joinAsync()))
  report(
    strokes,
    taken.reduce((sum, each) => sum + each),
  )
}

function report(strokes: SharedArray<'int32'>, taken: number): void {
  const all = [...strokes]
  const [lost, twice] = [all.filter((each) => each === 0).length, all.filter((each) => each > 1).length]
  console.log(`  ${producersCount} producers put ${all.length} numbers, ${consumersCount} consumers took ${taken}`)
  console.log(`  lost: ${lost}, taken twice: ${twice}`)
}

console.log(`a queue with ${places} places:`)
const queue = BoundedQueue.ofNumbers({ capacity: places })
await round('Queue', queue, async () => queue.close())

console.log(`${places} places, two semaphores and a lock:`)
const buffer: Buffer = {
  slots: new SharedArray('int32', places),
  positions: new SharedArray('int32', 3),
  // Who takes a place is not who gives it back, so a place must not come back because a producer died.
  free: new Semaphore(places, { name: 'free places', recover: false }),
  full: new Semaphore(0, { name: 'full places' }),
  lock: new Lock({ name: 'buffer' }),
}
await round('Buffer', buffer, async () => {
  const end = new Thread(work, 'produceMarks', { args: [buffer, consumersCount, endMark] })
  end.start()
  await end.joinAsync()
})
console.log(`  places in use at once, at most: ${buffer.positions.load(2)}`)

/** What is measured of threads and processes; all of them run what `work.ts` has. */
import { Event, type Process, Semaphore, SharedArray, Thread } from 'cardumen/threads'

const work = new URL('./work.ts', import.meta.url)

/** Milliseconds for one, from start to end, one after the other; the first warms up and does not count. */
export async function creationMs(Worker: typeof Thread | typeof Process, count: number): Promise<number> {
  let startedMs = 0
  for (let made = 0; made <= count; made++) {
    if (made === 1) startedMs = performance.now()
    const worker = new Worker(work, 'nothing')
    worker.start()
    await (worker instanceof Thread ? worker.joinAsync() : worker.join())
  }
  return (performance.now() - startedMs) / count
}

/** Two of them hand a token back and forth. Milliseconds for one hand-over. */
export async function handOverMs(
  Worker: typeof Thread | typeof Process,
  functionName: string,
  rounds: number,
): Promise<number> {
  const [there, back] = [new Semaphore(0), new Semaphore(0)]
  const one = new Worker<number>(work, functionName, { args: [back, there, rounds] })
  const other = new Worker<number>(work, functionName, { args: [there, back, rounds] })
  one.start()
  other.start()
  back.release()
  const [tookMs] = await Promise.all(
    [one, other].map((each) => (each instanceof Thread ? each.joinAsync() : each.join())),
  )
  return (tookMs ?? 0) / (2 * rounds)
}

/** One thread blocks; the longest time in which a sibling of it did not go on. */
export async function standstillOfThreadsMs(siblings: number, blockMs: number): Promise<number> {
  const [isOver, going] = [new Event(), new SharedArray('int32', 1)]
  const others = Array.from({ length: siblings }, () => new Thread<number>(work, 'goOn', { args: [isOver, going] }))
  for (const other of others) other.start()
  const blocking = new Thread(work, 'blockWhenAllGo', { args: [isOver, going, siblings, blockMs] })
  blocking.start()
  await blocking.joinAsync()
  return Math.max(...(await Promise.all(others.map((other) => other.joinAsync()))))
}

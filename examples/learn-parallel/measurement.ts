/** Gives a crew all the work, and looks at the clock. */
import { Event, type Process, Semaphore, Thread } from 'cardumen/threads'
import { type Piecework, pieces } from './work.ts'

const patienceMs = 60_000

export interface Crew {
  readonly Worker: typeof Thread | typeof Process
  readonly workers: number
  /** That each has under way at once. */
  readonly tasks: number
}

export interface Measured {
  readonly computeMs: number
  readonly askMs: number
  /** Found by all together: the same number, whoever works. */
  readonly primes: number
}

/** The workers are up when the clock starts: starting them is not measured. */
export async function measure({ Worker, workers, tasks }: Crew, port: number): Promise<Measured> {
  const signals = { ready: new Semaphore(0), compute: new Event(), ask: new Event(), done: new Semaphore(0) }
  const orders: Piecework = { tasks, pieces: pieces / workers, port }
  const team = Array.from({ length: workers }, () => {
    return new Worker<number>(new URL('./work.ts', import.meta.url), 'doBoth', { args: [orders, signals] })
  })
  for (const each of team) each.start()
  await signals.ready.acquireAsync({ count: workers, timeoutMs: patienceMs })
  const computeMs = await timed(signals.compute, signals.done, workers)
  const askMs = await timed(signals.ask, signals.done, workers)
  const found = await Promise.all(team.map((each) => (each instanceof Thread ? each.joinAsync() : each.join())))
  return { computeMs, askMs, primes: found.reduce((sum, each) => sum + each) }
}

/** From the starting signal until all have said that they are done. */
async function timed(go: Event, done: Semaphore, workers: number): Promise<number> {
  const startedMs = performance.now()
  go.set()
  await done.acquireAsync({ count: workers, timeoutMs: patienceMs })
  return performance.now() - startedMs
}

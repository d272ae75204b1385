/**
 * What the thread of a dispatcher runs: it gives each request to the worker that has the fewest, which is an idle one.
 *
 * It has as many requests under way as it has workers; the others wait on its board. A worker that does not answer in time is ended by
 * its own pool of one, so that the dispatcher goes on.
 */
import { Pool } from './pool.ts'

interface DispatchedWorker {
  readonly pool: Pool
  requests: number
}

let workers: readonly DispatchedWorker[] | undefined

export async function dispatch(
  module: string,
  name: string,
  threads: number,
  deadlineMs: number,
  request: unknown,
): Promise<unknown> {
  workers ??= Array.from({ length: threads }, (_, index) => ({
    pool: new Pool(module, { name: `worker ${index + 1}`, threads: 1 }),
    requests: 0,
  }))
  const worker = workers.reduce((least, one) => (one.requests < least.requests ? one : least))
  worker.requests++
  try {
    const timeoutMs = Math.max(0, deadlineMs - performance.timeOrigin - performance.now())
    return await (timeoutMs === Infinity ? worker.pool : worker.pool.with({ timeoutMs })).run(name, request)
  } finally {
    worker.requests--
  }
}

/**
 * A dispatcher and its workers: one thread takes every request and gives it to a worker that is idle.
 *
 * The workers are the dispatcher's own threads, so the program's thread speaks to one thread only. A request waits with the
 * dispatcher, never with a worker. One more hand-over than in a team is the price; a place where requests could be looked at first
 * is what it buys. If the dispatcher itself dies, its workers and their requests die with it, and it is replaced.
 */
import { availableParallelism } from 'node:os'
import { siblingModule } from '../../host/sibling-module.ts'
import { deadlineOf } from '../waiting/wait-options.ts'
import { Organisation, requestsMaxOf } from './organisation.ts'
import { Pool } from './pool.ts'
import type { TeamOptions } from './team.ts'

/**
 * @param name - of the module's function that answers one request.
 * @param options - `threads` is the number of workers; the dispatcher is one more.
 * @throws CardumenError `option-invalid`
 */
export function dispatcher<Request, Answer>(
  module: URL | string,
  name: string,
  options: TeamOptions = {},
): Organisation<Request, Answer> {
  const requestsMax = requestsMaxOf(options)
  const { threads = availableParallelism() } = options
  const poolName = options.name ?? 'dispatcher'
  const main = siblingModule(import.meta.url, 'dispatcher-main')
  const pool = new Pool(main, { name: poolName, threads: 1, concurrency: threads, queueMax: requestsMax })
  return new Organisation<Request, Answer>(
    {
      serve(request, wait) {
        // Threads count their time from moments of their own, so the moment travels as one that is the same in all.
        const deadlineMs = performance.timeOrigin + deadlineOf(wait)
        return pool.with(wait).run('dispatch', String(module), name, threads, deadlineMs, request) as Promise<Answer>
      },
      close: () => pool.close(),
    },
    requestsMax,
  )
}

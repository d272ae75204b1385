/**
 * A pipeline: each thread does one stage of every request and hands on to the next.
 *
 * One thread a stage, one request at a time in each, so answers come in the order of the requests and a stage needs no lock for what
 * it keeps. As many requests are under way as there are stages; the slowest sets the pace. What a stage gives passes through the
 * program's own thread on its way to the next (some microseconds; shared memory is not copied). A stage whose thread dies fails the
 * request that it had, and the others wait for its replacement.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { deadlineOf } from '../waiting/wait-options.ts'
import { Organisation, requestsMaxOf } from './organisation.ts'
import type { OrganisationOptions } from './organisation.ts'
import { Pool } from './pool.ts'

/** Stages of one pipeline: each is a thread. */
const stagesMax = 64

export interface Stage {
  readonly module: URL | string
  /** Of the module's function that does the stage: what it returns is the next one's argument. */
  readonly name: string
}

/** @throws CardumenError `option-invalid` */
export function pipeline<Request, Answer>(
  stages: readonly Stage[],
  options: OrganisationOptions = {},
): Organisation<Request, Answer> {
  const requestsMax = requestsMaxOf(options)
  if (stages.length < 1 || stages.length > stagesMax)
    throw new CardumenError('option-invalid', `A pipeline has from 1 to ${stagesMax} stages, not ${stages.length}.`)
  const name = options.name ?? 'pipeline'
  const pools = stages.map(
    (stage) => new Pool(stage.module, { name: `${name} ${stage.name}`, threads: 1, queueMax: requestsMax }),
  )
  return new Organisation<Request, Answer>(
    {
      async serve(request, wait) {
        const deadlineMs = deadlineOf(wait)
        let value: unknown = request
        for (const [index, stage] of stages.entries()) {
          const pool = pools[index] as Pool
          const leftMs = Math.max(0, deadlineMs - performance.now())
          value = await (leftMs === Infinity ? pool : pool.with({ timeoutMs: leftMs })).run(stage.name, value)
        }
        return value as Answer
      },
      // From the first on: what a stage hands on while it ends still finds the next one open.
      async close() {
        for (const pool of pools) await pool.close()
      },
    },
    requestsMax,
  )
}

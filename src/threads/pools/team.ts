/**
 * A team: all threads are equal, and each takes the next request from the one queue when it is free.
 *
 * Nobody has to know who is idle, and a thread that dies takes only its request with it. This is what a pool is.
 */
import { Organisation, requestsMaxOf } from './organisation.ts'
import type { OrganisationOptions } from './organisation.ts'
import { Pool } from './pool.ts'

export interface TeamOptions extends OrganisationOptions {
  readonly threads?: number
}

/**
 * @param name - of the module's function that answers one request.
 * @throws CardumenError `option-invalid`
 */
export function team<Request, Answer>(
  module: URL | string,
  name: string,
  options: TeamOptions = {},
): Organisation<Request, Answer> {
  const requestsMax = requestsMaxOf(options)
  const { threads } = options
  const pool = new Pool(module, {
    name: options.name ?? 'team',
    queueMax: requestsMax,
    ...(threads === undefined ? {} : { threads }),
  })
  return new Organisation<Request, Answer>(
    {
      serve: (request, wait) => pool.with(wait).run(name, request) as Promise<Answer>,
      close: () => pool.close(),
    },
    requestsMax,
  )
}

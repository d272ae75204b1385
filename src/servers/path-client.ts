/**
 * A typed client of whatever a path of the directory leads to.
 *
 * The path is looked up at the first call, and what it leads to is kept, so that later calls cost what any call costs.
 * A call that is answered "this was revoked", "nobody serves it" and the like, and surely did not run, is made with the
 * next replica of the row, and after the last with what the path leads to by then. It does not watch the directory: a
 * name that is moved while its old object still answers goes on leading there for this client.
 */
import { checkOptions } from '../kernel/calls/call-binding.ts'
import { defaultTimeoutMs } from '../kernel/calls/calls.ts'
import type { Capability } from '../kernel/capabilities/capability.ts'
import type { CallOptions, Client, Operations, Service } from '../kernel/service.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import type { ErrorCode } from '../lib/error-codes.ts'

/** What it needs of `Directory`. */
export interface PathLookup {
  lookup(
    path: string,
    options: Pick<CallOptions, 'signal' | 'timeoutMs'>,
  ): Promise<{
    readonly capabilities: readonly Capability[]
  }>
}

export interface PathClientOptions {
  /** Asked for at the first call. @throws CardumenError `root-absent`. */
  readonly directory: () => PathLookup
  readonly now: () => number
  readonly open: (service: Service, capability: Capability) => Client<Operations>
}

/** Answers which say that the capability is of no more use, or its server gone. */
const staleCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'address-unknown',
  'capability-expired',
  'capability-refused',
  'capability-revoked',
  'member-died',
  'object-unknown',
  'unreachable',
])

type Call = (input: unknown, options?: CallOptions) => unknown

export function pathClient<Ops extends Operations>(
  service: Service<Ops>,
  path: string,
  options: PathClientOptions,
): Client<Ops> {
  const replicas = new Replicas(service, path, options)
  const functions = Object.entries(service.operations).map(([name, { stream }]): [string, Call] => [
    name,
    stream === true
      ? (input, callOptions) => replicas.stream(name, input, callOptions ?? {})
      : (input, callOptions) => replicas.call(name, input, callOptions ?? {}),
  ])
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(functions))) as Client<Ops>
}

class Replicas {
  readonly #service: Service
  readonly #path: string
  readonly #options: PathClientOptions
  /** One for each capability of the row; empty before the first call. */
  #clients: readonly Client<Operations>[] = []

  constructor(service: Service, path: string, options: PathClientOptions) {
    this.#service = service
    this.#path = path
    this.#options = options
  }

  async call(operation: string, input: unknown, options: CallOptions): Promise<unknown> {
    let failure: CardumenError | undefined
    for await (const [client, left] of this.#inTurn(options)) {
      try {
        return await functionOf(client, operation)(input, left)
      } catch (error) {
        failure = staleOr(error)
      }
    }
    throw failure ?? this.#nothingThere()
  }

  async *stream(operation: string, input: unknown, options: CallOptions): AsyncGenerator<unknown, void> {
    let failure: CardumenError | undefined
    for await (const [client, left] of this.#inTurn(options)) {
      let hasBegun = false
      try {
        for await (const item of functionOf(client, operation)(input, left) as AsyncIterable<unknown>) {
          hasBegun = true
          yield item
        }
        return
      } catch (error) {
        if (hasBegun) throw error
        failure = staleOr(error)
      }
    }
    throw failure ?? this.#nothingThere()
  }

  /** First those that are known, then those that the path leads to now; each with what is left of the caller's time. */
  async *#inTurn(options: CallOptions): AsyncGenerator<readonly [Client<Operations>, CallOptions], void> {
    checkOptions(options)
    const { now, directory, open } = this.#options
    const deadline = now() + (options.timeoutMs ?? defaultTimeoutMs)
    const left = (): CallOptions => ({ ...options, timeoutMs: Math.max(0, deadline - now()) })
    for (const client of this.#clients) yield [client, left()]
    const { capabilities } = await directory().lookup(this.#path, left())
    this.#clients = capabilities.map((capability) => open(this.#service, capability))
    for (const client of this.#clients) yield [client, left()]
  }

  #nothingThere(): CardumenError {
    return new CardumenError('name-unknown', `${this.#service.name}: the name leads to nothing; it did not run.`)
  }
}

/** @throws what was thrown, where it is no reason to ask another. */
function staleOr(error: unknown): CardumenError {
  if (isCardumenError(error) && error.executed === 'no' && staleCodes.has(error.code)) return error
  throw error
}

function functionOf(client: Client<Operations>, operation: string): Call {
  return client[operation] as Call
}

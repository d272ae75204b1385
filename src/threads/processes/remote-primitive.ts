/**
 * One thing that lives in another process, as the threads of this one reach it: by way of the service thread.
 *
 * A wait ends early without the home's word: then the service thread undoes what the home may grant too late. The home gets
 * the time limit too, and this side waits a little longer than that, so that "within 0 ms" still means one look.
 */
import { isMainThread } from 'node:worker_threads'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { partyText, self } from '../memory/parties.ts'
import { whenLong } from '../waiting/block.ts'
import { askService, askServiceBlocking, askServiceNow } from '../running/service.ts'
import type { Remote } from '../travel/remote.ts'
import type { Packed } from '../travel/shareable.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { currentProcess } from './current-process.ts'
import { type HomeReference, settledOperation } from './home-messages.ts'
import type { RemoteOperation } from './service-operations.ts'

/** For the way there and back, beyond the time that the operation itself may take. */
const tripMsMax = 1_000
/** For operations that do not wait at home. A home that is stopped costs its caller this much. */
const answerMsMax = 5_000

/** Codes with which a wait ends here, before its home has said anything. */
const endsEarly: ReadonlySet<string> = new Set(['cancelled', 'interrupted', 'timed-out'])

/** What a thing of another process travels as. */
export interface RemoteState {
  readonly home: HomeReference
  readonly number: number
  /** Of what it is at home. */
  readonly kind: string
  readonly name: string
}

const remotePrefix = 'remote '

/** The key in `kinds.ts` of a thing of that kind that lives in another process. */
export function remoteKindOf(kind: string): string {
  return remotePrefix + kind
}

export function isRemoteKind(kind: string): boolean {
  return kind.startsWith(remotePrefix)
}

export class RemotePrimitive implements Remote {
  readonly #state: RemoteState

  constructor(state: RemoteState) {
    this.#state = state
  }

  get name(): string {
    return this.#state.name
  }

  get packed(): Packed {
    return { kind: remoteKindOf(this.#state.kind), state: this.#state }
  }

  async ask(operation: string, argument?: unknown, options: AsyncWaitOptions = {}): Promise<unknown> {
    const { home } = this.#state
    const stop = whenLong((stack) => void askService('remote-stack', { home, stack }).catch(() => undefined))
    try {
      return await askService('remote', this.#operation(operation, argument, options, false), patient(options))
    } catch (error) {
      if (this.#mustSettle(operation, error))
        await askService('remote', this.#operation(settledOperation, undefined, {}, false), { timeoutMs: answerMsMax })
      throw error
    } finally {
      stop()
    }
  }

  askBlocking(operation: string, argument?: unknown, options: WaitOptions = {}): unknown {
    try {
      return askServiceBlocking('remote', this.#operation(operation, argument, options, true), patient(options))
    } catch (error) {
      if (this.#mustSettle(operation, error)) this.askNow(settledOperation)
      throw error
    }
  }

  askNow(operation: string, argument?: unknown): unknown {
    return askServiceNow('remote', this.#operation(operation, argument, {}, true), { timeoutMs: answerMsMax })
  }

  /** Who has given up waiting for a condition has its lock again, which only the home can say. */
  #mustSettle(operation: string, error: unknown): boolean {
    return (
      this.#state.kind === 'condition' && operation === 'wait' && isCardumenError(error) && endsEarly.has(error.code)
    )
  }

  #operation(operation: string, argument: unknown, options: WaitOptions, isBlocking: boolean): RemoteOperation {
    deadlineOf(options)
    const { home, number, name } = this.#state
    const { timeoutMs } = options
    return { home, number, name, operation, argument, timeoutMs, isBlocking, threadName: threadName() }
  }
}

function patient<Options extends WaitOptions>(options: Options): Options {
  return options.timeoutMs === undefined ? options : { ...options, timeoutMs: options.timeoutMs + tripMsMax }
}

/** As the messages of the home name this thread. */
function threadName(): string {
  return isMainThread ? `"${currentProcess().name}"` : `${partyText(self())} of "${currentProcess().name}"`
}

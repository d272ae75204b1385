/**
 * One thread's questions to the service thread, on the service's side.
 *
 * Whatever comes in, the service lives on: an operation that throws is an answer, and an answer that cannot be sent is a refusal.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { packError } from '../travel/travelling-error.ts'
import { signal, wait, waitIn, waitRow } from '../waiting/waits.ts'
import type { Operation } from './service-operations.ts'
import type { Ask, FromService } from './thread-messages.ts'

export interface ServiceLineOptions {
  readonly party: number
  post(message: FromService): void
  /** Undefined: nothing of this name. */
  find(operation: string): Promise<Operation | undefined>
}

export class ServiceLine {
  readonly party: number
  readonly #options: ServiceLineOptions
  readonly #asks = new Map<number, AbortController>()

  constructor(options: ServiceLineOptions) {
    this.party = options.party
    this.#options = options
  }

  async onAsk({ ask, operation, payload, isBlocking }: Ask): Promise<void> {
    const controller = new AbortController()
    this.#asks.set(ask, controller)
    try {
      const run = await this.#options.find(operation)
      if (run === undefined) throw new CardumenError('operation-unknown', `The service thread knows no "${operation}".`)
      const value = await run(payload, { party: this.party, signal: controller.signal })
      this.#options.post({ kind: 'answer', ask, value })
    } catch (error) {
      this.#options.post({ kind: 'refusal', ask, error: packError(error) })
    } finally {
      this.#asks.delete(ask)
    }
    if (isBlocking) this.#wake(ask)
  }

  withdraw(ask: number): void {
    this.#asks.get(ask)?.abort(new CardumenError('cancelled', 'Whoever asked waits no more.'))
  }

  post(message: FromService): void {
    this.#options.post(message)
  }

  /** Its thread is gone. */
  close(): void {
    for (const ask of this.#asks.keys()) this.withdraw(ask)
  }

  /** Only the wait for this very answer: its thread may have given up and wait for something else now. */
  #wake(ask: number): void {
    const found = waitIn(this.party)
    const { words } = arena()
    const at = waitRow(this.party)
    if (found !== undefined && words[at + wait.primitive] === 0 && words[at + wait.mode] === ask) signal(found)
  }
}

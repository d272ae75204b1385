/**
 * All threads that the service thread has started, and how those that ended did.
 *
 * It decides nothing about them but the order of things at an end: the outcome is there first, then it is said, then what the
 * thread held is freed and whoever waits for it is woken. How long an outcome stays is in `kept-outcomes.ts`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { MessagePort } from 'node:worker_threads'
import { takeOverParty } from '../memory/parties.ts'
import { packError } from '../travel/travelling-error.ts'
import { buryParty } from './dead-party.ts'
import { KeptOutcomes, outcomesMax } from './kept-outcomes.ts'
import { reportOutcome } from './error-report.ts'
import type { Operation } from './service-operations.ts'
import type { ServiceLine } from './service-line.ts'
import { StartedThread } from './started-thread.ts'
import type { Outcome, ThreadStart, ToService } from './thread-messages.ts'

interface Entry {
  readonly start: ThreadStart
  readonly startedBy: number
  running: StartedThread | undefined
  outcome: Outcome | undefined
  readonly ended: PromiseWithResolvers<void>
}

export interface ThreadTableOptions {
  readonly mainParty: number
  openLine(port: MessagePort, party: number): ServiceLine
  onMessage(line: ServiceLine, message: ToService): void
  onLiveChange(count: number, startsSeen: number): void
}

export class ThreadTable {
  readonly #options: ThreadTableOptions
  readonly #entries = new Map<number, Entry>()
  readonly #kept = new KeptOutcomes((id) => this.#entries.delete(id))
  readonly #lines = new Map<number, ServiceLine>()
  /** Those who want to hear of errors, by their party. */
  readonly #errorLines = new Map<number, ServiceLine>()
  readonly #operations: Readonly<Record<string, Operation>>
  #startsSeen = 0
  #live = 0

  constructor(options: ThreadTableOptions) {
    this.#options = options
    this.#operations = {
      outcome: (id) => this.#outcomeOf(Number(id)),
      terminate: (id) => this.#terminate(Number(id)),
    }
  }

  operation(name: string): Operation | undefined {
    return Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined
  }

  start(start: ThreadStart, startedBy: number): void {
    takeOverParty(start.party)
    if (startedBy === this.#options.mainParty) this.#startsSeen++
    const ended = Promise.withResolvers<void>()
    const entry: Entry = { start, startedBy, running: undefined, outcome: undefined, ended }
    this.#entries.set(start.id, entry)
    this.#kept.onStart(start.id)
    if (!start.isDaemon) this.#live++
    this.#options.onLiveChange(this.#live, this.#startsSeen)
    this.#spawn(entry)
  }

  keep(id: number): void {
    this.#kept.keep(id)
  }

  release(id: number): void {
    this.#kept.release(id)
  }

  hearErrors(line: ServiceLine, isOn: boolean): void {
    if (isOn) this.#errorLines.set(line.party, line)
    else this.#errorLines.delete(line.party)
  }

  /** A thread that this table did not start is gone: what it had asked for here goes with it. */
  releaseAllOf(party: number): void {
    this.#errorLines.delete(party)
    this.#releaseStartedBy(party)
  }

  #spawn(entry: Entry): void {
    const { start } = entry
    let line: ServiceLine | undefined
    const onMessage = (message: ToService): void => {
      if (line !== undefined) this.#options.onMessage(line, message)
    }
    try {
      const running = new StartedThread(start, { onMessage, onEnd: (outcome) => this.#onEnd(entry, outcome) })
      line = this.#options.openLine(running.port, start.party)
      this.#lines.set(start.id, line)
      entry.running = running
    } catch (error) {
      const refusal = new CardumenError('thread-exited', `thread "${start.name}" could not be started.`, {
        cause: error,
      })
      this.#onEnd(entry, { kind: 'refused', error: packError(refusal) })
    }
  }

  #onEnd(entry: Entry, outcome: Outcome): void {
    const { start } = entry
    entry.outcome = outcome
    entry.running = undefined
    this.#lines.get(start.id)?.close()
    this.#lines.delete(start.id)
    this.#errorLines.delete(start.party)
    this.#kept.onEnd(start.id)
    this.#releaseStartedBy(start.party)
    const reported = reportOutcome(start, outcome, this.#errorLines.values())
    if (reported === undefined) this.#bury(entry, outcome)
    else void reported.then(() => this.#bury(entry, outcome))
  }

  #bury({ start, ended }: Entry, outcome: Outcome): void {
    try {
      buryParty(start.party, outcome.kind !== 'returned')
    } finally {
      ended.resolve()
      if (!start.isDaemon) this.#live--
      this.#options.onLiveChange(this.#live, this.#startsSeen)
    }
  }

  /** The objects that it had are gone with it. */
  #releaseStartedBy(party: number): void {
    for (const [id, { startedBy }] of this.#entries) if (startedBy === party) this.release(id)
  }

  #outcomeOf(id: number): Outcome {
    const outcome = this.#entries.get(id)?.outcome
    if (outcome !== undefined) return outcome
    throw new CardumenError('reply-lost', `How thread ${id} ended is no longer kept.`, {
      executed: 'unknown',
      hint: `Join a thread before ${outcomesMax} others have ended after it.`,
    })
  }

  /** Resolves when it is gone; false: nothing is known of it, since it is long gone or its start has not come here yet. */
  async #terminate(id: number): Promise<boolean> {
    const entry = this.#entries.get(id)
    entry?.running?.end('was terminated', false)
    await entry?.ended.promise
    return entry !== undefined
  }
}

/**
 * Records what clients do as a history: each call between its invocation and its completion.
 *
 * What a call that threw becomes is the heart of it. An error that surely came before the effect is `fail`; everything
 * else is `info`, for an error that came after the effect must not be taken for "did not happen". A process whose last
 * operation is `info` may act no more, so its client goes on under a fresh number.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { HistoryEvent } from './history.ts'
import type { Json } from './json-value.ts'

export interface Asked {
  readonly f: string
  readonly key?: Json
  readonly value?: Json
}

export type Completion = 'fail' | 'info'

/** Operations of one recorder; a further one is refused with `too-large`. */
export const recordedOperationsMax = 1_000_000

export class HistoryRecorder {
  readonly #nowMs: () => number
  readonly #events: HistoryEvent[] = []
  /** Of each client: the number under which it acts now. */
  readonly #processes = new Map<number | string, number>()
  readonly #busy = new Set<number | string>()
  #nextProcess = 0
  #operations = 0
  #time = 0

  /** Of the clock in whose time the history is written, in milliseconds; a clock that runs back is taken to stand. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** In the order of the recording; `JSON.stringify` of each is a line of a history file. */
  get events(): readonly HistoryEvent[] {
    return this.#events
  }

  /**
   * Runs one operation of a client, which does one at a time, and gives its result or throws its error. The result is
   * recorded as the value of the completion where it is JSON; undefined: the value of the invocation. `decide` says
   * what an error means; left out: `fail` for a CardumenError with executed `no`, else `info`. A resolved result
   * that says "did not match" is turned into an error by the program, so that it becomes a `fail`.
   */
  async record<Result extends Json | undefined | void>(
    client: number | string,
    asked: Asked,
    run: () => Promise<Result>,
    decide: (error: unknown) => Completion = completionOf,
  ): Promise<Result> {
    this.#begin(client)
    const process = this.#processOf(client)
    this.#write(process, 'invoke', asked, asked.value)
    try {
      const result = await run()
      this.#write(process, 'ok', asked, result === undefined ? asked.value : (result as Json))
      return result
    } catch (error) {
      const completion = decide(error)
      this.#write(process, completion, asked, asked.value)
      if (completion === 'info') this.#processes.delete(client)
      throw error
    } finally {
      this.#busy.delete(client)
    }
  }

  #begin(client: number | string): void {
    if (this.#busy.has(client))
      throw new CardumenError(
        'option-invalid',
        `Client ${client} has an operation under way; a client does one at a time.`,
      )
    if (this.#operations >= recordedOperationsMax)
      throw new CardumenError('too-large', `The history has ${recordedOperationsMax} operations, and takes no more.`)
    this.#operations++
    this.#busy.add(client)
  }

  #processOf(client: number | string): number {
    const known = this.#processes.get(client)
    if (known !== undefined) return known
    const process = this.#nextProcess++
    this.#processes.set(client, process)
    return process
  }

  #write(process: number, type: HistoryEvent['type'], { f, key }: Asked, value: Json | undefined): void {
    this.#time = Math.max(this.#time, this.#nowMs())
    this.#events.push({
      index: this.#events.length,
      time: this.#time,
      process,
      type,
      f,
      ...(key === undefined ? {} : { key }),
      value: value ?? null,
    })
  }
}

function completionOf(error: unknown): Completion {
  return isCardumenError(error) && error.executed === 'no' ? 'fail' : 'info'
}

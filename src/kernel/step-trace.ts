/**
 * What a driver tells of its machine's steps, in the one trace format (`edges/trace.ts`).
 *
 * A driver notes each effect as it carries it out, and tells the whole step when it is over. While nobody listens each
 * of this costs one comparison. It keeps the count of a life's steps and nothing else.
 */
import type { Clock } from '../edges/clock.ts'
import type { TraceEffect, TraceHook, TraceInput } from '../edges/trace.ts'
import type { Address } from '../lib/identifiers.ts'
import type { LamportClock } from '../lib/lamport-clock.ts'
import type { Input } from '../lib/machine.ts'
import { summaryOf } from './trace-summary.ts'

interface Kind {
  readonly kind: string
}

export interface StepTraceOptions {
  /** The machine's name. */
  readonly machine: string
  readonly self: Address
  readonly clock: Clock
  readonly lamport: LamportClock
}

export class StepTrace {
  readonly #options: StepTraceOptions
  #hook: TraceHook | undefined
  #effects: TraceEffect[] = []
  #sequence = 0

  constructor(options: StepTraceOptions) {
    this.#options = options
  }

  setHook(hook: TraceHook | undefined): void {
    this.#hook = hook
  }

  /** A step begins; what is noted from now on belongs to it. */
  begin(): void {
    if (this.#hook !== undefined) this.#effects = []
  }

  /** Right after the message was given its time. */
  sent(to: Address, message: Kind): void {
    if (this.#hook === undefined) return
    const { self, lamport } = this.#options
    this.#effects.push({ kind: 'send', to, id: `${self}:${lamport.time}`, ...summaryOf(message) })
  }

  timerSet(type: string, delayMs: number): void {
    if (this.#hook !== undefined) this.#effects.push({ kind: 'set-timer', type, detail: { delayMs } })
  }

  timerCleared(type: string): void {
    if (this.#hook !== undefined) this.#effects.push({ kind: 'clear-timer', type, detail: {} })
  }

  outcome(outcome: Kind): void {
    if (this.#hook !== undefined) this.#effects.push({ kind: 'outcome', ...summaryOf(outcome) })
  }

  /** The step is over. @param lamportTime - of the message that caused it. */
  end<Message extends Kind, Timer extends Kind, Call extends Kind>(
    input: Input<Message, Timer, Call>,
    lamportTime: number,
  ): void {
    if (this.#hook === undefined) return
    const effects = this.#effects
    this.#effects = []
    const { machine, self: member, clock, lamport } = this.#options
    this.#hook({
      ...{ v: 1, atMs: clock.wallMs(), machine, member, sequence: ++this.#sequence },
      ...{ lamport: lamport.time, input: traceInputOf(input, lamportTime), effects },
    })
  }
}

function traceInputOf<Message extends Kind, Timer extends Kind, Call extends Kind>(
  input: Input<Message, Timer, Call>,
  lamportTime: number,
): TraceInput {
  switch (input.kind) {
    case 'message':
      return { kind: 'message', from: input.from, id: `${input.from}:${lamportTime}`, ...summaryOf(input.message) }
    case 'call':
      return { kind: 'call', ...summaryOf(input.call) }
    case 'timer':
      return { kind: 'timer', type: input.timer.kind, detail: {} }
    default:
      return { kind: input.kind, type: input.kind, detail: {} }
  }
}

/**
 * Makes the trace events of one life of a virtual member, in the format that hosts write too.
 *
 * It keeps the life's Lamport time, since the messages of a machine carry none: a world hands the time of each message
 * from the trace of its sender to the trace of its receiver. It exists only where somebody wants a trace.
 */
import type { TraceEffect, TraceHook, TraceInput } from '../../edges/trace.ts'
import { summaryOf, type Summary } from '../../kernel/trace-summary.ts'
import type { Address } from '../../lib/identifiers.ts'
import { LamportClock } from '../../lib/lamport-clock.ts'
import type { Input } from '../../lib/machine.ts'

/** How a message, call, timer, record or outcome is shown. */
export type Summarize = (of: unknown) => Summary

/** By its `kind` where it has one. */
export function usualSummary(of: unknown): Summary {
  if (typeof of === 'object' && of !== null && 'kind' in of && typeof of.kind === 'string') {
    return summaryOf({ ...of, kind: of.kind })
  }
  return { type: typeof of, detail: typeof of === 'object' && of !== null ? of : { value: of } }
}

export class LifeTrace {
  readonly #hook: TraceHook
  readonly #machine: string
  readonly #member: Address
  readonly #summarize: Summarize
  readonly #lamport = new LamportClock()
  #effects: TraceEffect[] = []
  #sequence = 0

  constructor(hook: TraceHook, machine: string, member: Address, summarize: Summarize) {
    this.#hook = hook
    this.#machine = machine
    this.#member = member
    this.#summarize = summarize
  }

  /** A step begins; `lamport` is the time of the message that causes it. */
  begin(lamport: number): void {
    if (lamport > 0) this.#lamport.witness(lamport)
    else this.#lamport.tick()
    this.#effects = []
  }

  /** The message's Lamport time. */
  sent(to: Address, message: unknown): number {
    const lamport = this.#lamport.tick()
    this.#effects.push({ kind: 'send', to, id: `${this.#member}:${lamport}`, ...this.#summarize(message) })
    return lamport
  }

  note(kind: 'clear-timer' | 'persist' | 'outcome', of: unknown): void {
    this.#effects.push({ kind, ...this.#summarize(of) })
  }

  timerSet(timer: unknown, delayMs: number): void {
    const { type, detail } = this.#summarize(timer)
    const shown = delayMs === Number.POSITIVE_INFINITY ? 'none' : delayMs
    this.#effects.push({ kind: 'set-timer', type, detail: { ...detail, delayMs: shown } })
  }

  end<Message, Timer, Call, Persisted>(
    atMs: number,
    input: Input<Message, Timer, Call, Persisted>,
    lamport: number,
  ): void {
    this.#sequence++
    this.#hook({
      ...{ v: 1, atMs, machine: this.#machine, member: this.#member, sequence: this.#sequence },
      ...{ lamport: this.#lamport.time, input: this.#inputOf(input, lamport), effects: this.#effects },
    })
    this.#effects = []
  }

  #inputOf<Message, Timer, Call, Persisted>(
    input: Input<Message, Timer, Call, Persisted>,
    lamport: number,
  ): TraceInput {
    switch (input.kind) {
      case 'message': {
        const { type, detail } = this.#summarize(input.message)
        return { kind: 'message', from: input.from, id: `${input.from}:${lamport}`, type, detail }
      }
      case 'call':
        return { kind: 'call', ...this.#summarize(input.call) }
      case 'timer':
        return { kind: 'timer', ...this.#summarize(input.timer) }
      case 'persisted':
        return { kind: 'persisted', ...this.#summarize(input.record) }
      case 'persist-failed': {
        const { type, detail } = this.#summarize(input.record)
        return { kind: 'persist-failed', type, detail: { ...detail, code: input.code } }
      }
      case 'recovered':
        return { kind: 'recovered', type: 'recovered', detail: { records: input.records.length } }
    }
  }
}

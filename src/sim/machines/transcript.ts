/**
 * Writes down what happens in a world, a line for each thing, so that a run reads as documentation.
 *
 *     12.0 ms  a -> b   REQ 0/1 …          a message leaves (and where it does not arrive in the usual time, what becomes of it)
 *     13.0 ms  b        …                  an input that is no message, or an outcome
 *
 * A golden transcript is such a text in a file, which a test compares (`test/golden.ts`).
 */
import { type Address, memberOf } from '../../lib/identifiers.ts'
import type { Input } from '../../lib/machine.ts'
import type { Sight } from './sight.ts'

/** How a machine's messages and so on read. Undefined: not worth a line. */
export interface Wording<Message, Timer, Call, Outcome, Persisted = never> {
  message(message: Message): string
  timer(timer: Timer): string
  call(call: Call): string | undefined
  outcome(outcome: Outcome): string | undefined
  /** Left out: what goes to the disk is not shown. */
  record?(record: Persisted): string
}

export class Transcript<Message, Timer, Call, Outcome, Persisted = never> {
  readonly #lines: string[] = []
  readonly #wording: Wording<Message, Timer, Call, Outcome, Persisted>
  readonly #usualDelayMs: number

  constructor(wording: Wording<Message, Timer, Call, Outcome, Persisted>, usualDelayMs: number) {
    this.#wording = wording
    this.#usualDelayMs = usualDelayMs
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  note(nowMs: number, sight: Sight<Message, Timer, Call, Outcome, Persisted>): void {
    switch (sight.kind) {
      case 'sent': {
        const way = `${nameOf(sight.from)} -> ${nameOf(sight.to)}`
        return this.#line(nowMs, way, this.#wording.message(sight.message) + this.#fate(nowMs, sight.delaysMs))
      }
      case 'input':
        return this.#line(nowMs, nameOf(sight.member), this.#inputText(sight.input))
      case 'persist':
        return this.#line(nowMs, nameOf(sight.member), this.#recordText('persists', sight.record))
      case 'outcome':
        return this.#line(nowMs, nameOf(sight.member), this.#wording.outcome(sight.outcome))
      case 'timer': {
        const at = (nowMs + sight.delayMs).toFixed(1)
        return this.#line(nowMs, nameOf(sight.member), `timer ${this.#wording.timer(sight.timer)} is set for ${at} ms`)
      }
      case 'started':
        return this.#line(nowMs, nameOf(sight.member), `starts as ${sight.member}`)
      case 'crashed':
      case 'paused':
      case 'resumed':
        return this.#line(nowMs, nameOf(sight.member), sight.kind === 'crashed' ? 'crashes' : `is ${sight.kind}`)
      case 'stepped':
    }
  }

  /** Messages have their line where they leave. */
  #inputText(input: Input<Message, Timer, Call, Persisted>): string | undefined {
    switch (input.kind) {
      case 'call':
        return this.#wording.call(input.call)
      case 'timer':
        return `timer ${this.#wording.timer(input.timer)} fires`
      case 'message':
        return undefined
      case 'persisted':
        return this.#recordText('has on disk', input.record)
      case 'persist-failed':
        return this.#recordText(`could not keep (${input.code})`, input.record)
      case 'recovered':
        return input.records.length === 0 ? undefined : `recovers ${input.records.length} records`
    }
  }

  #recordText(verb: string, record: Persisted): string | undefined {
    const text = this.#wording.record?.(record)
    return text === undefined ? undefined : `${verb} ${text}`
  }

  #line(nowMs: number, who: string, what: string | undefined): void {
    if (what !== undefined) this.#lines.push(`${nowMs.toFixed(1).padStart(8)} ms  ${who.padEnd(8)} ${what}`)
  }

  #fate(nowMs: number, delaysMs: readonly number[]): string {
    if (delaysMs.length === 0) return '   (lost)'
    if (delaysMs.length === 1 && delaysMs[0] === this.#usualDelayMs) return ''
    return `   (arrives at ${delaysMs.map((delayMs) => `${(nowMs + delayMs).toFixed(1)} ms`).join(' and at ')})`
  }
}

function nameOf(address: Address): string {
  return memberOf(address)
}

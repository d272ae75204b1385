/**
 * Writes a run of the explorer down as the one trace format, as hosts and worlds do.
 *
 * Lamport time and the numbers of messages are no part of a state, so they are made when a run is gone through again,
 * never while exploring. `atMs` counts the choices of the run: in it there is no other time that all members share.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { type Summary, summaryOf } from '../../kernel/trace-summary.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Input } from '../../lib/machine.ts'
import { LifeTrace } from '../machines/life-trace.ts'
import { worldName } from '../traces/space-time.ts'
import { kindOf } from './kind-of.ts'

type AnyInput = Input<unknown, unknown, unknown, unknown>

export class TraceRecorder {
  readonly #machine: string
  readonly #lives = new Map<Address, LifeTrace>()
  readonly #events: TraceEvent[] = []
  #atMs = 0
  #worldEvents = 0

  constructor(machine: string) {
    this.#machine = machine
  }

  /** The next choice of the run. */
  advance(): void {
    this.#atMs++
  }

  /** What was recorded since the last time. */
  takeEvents(): readonly TraceEvent[] {
    return this.#events.splice(0)
  }

  /** A step begins; `lamport` is the time of the message, where one comes in. */
  begin(member: Address, lamport: number): LifeTrace {
    const life = this.#lives.get(member) ?? this.#newLife(member)
    life.begin(lamport)
    return life
  }

  end(life: LifeTrace, input: AnyInput, lamport: number): void {
    life.end(this.#atMs, input, lamport)
  }

  /** No step of a machine, but something that the world does to a member. */
  fault(member: Address, type: 'crash'): void {
    this.#worldEvents++
    this.#events.push({
      v: 1,
      atMs: this.#atMs,
      machine: worldName,
      member,
      sequence: this.#worldEvents,
      lamport: 0,
      input: { kind: 'call', type, detail: {} },
      effects: [],
    })
  }

  #newLife(member: Address): LifeTrace {
    const life = new LifeTrace((event) => this.#events.push(event), this.#machine, member, shown)
    this.#lives.set(member, life)
    return life
  }
}

function shown(value: unknown): Summary {
  const fields = typeof value === 'object' && value !== null ? value : {}
  return summaryOf({ ...fields, kind: kindOf(value) })
}

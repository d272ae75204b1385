/**
 * What a world of one machine is made of, and what it counts. Types only.
 */
import type { TraceHook } from '../../edges/trace.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Machine } from '../../lib/machine.ts'
import type { Distribution, Fault } from '../faults/fault.ts'
import type { NetworkOptions } from '../faults/network-options.ts'
import type { Summarize } from './life-trace.ts'
import type { DiskCounts } from './record-disk.ts'
import type { Sight } from './sight.ts'

export interface MachineWorldOptions<State, Message, Timer, Call, Outcome, Persisted = never> {
  readonly machine: Machine<State, Message, Timer, Call, Outcome, Persisted>
  readonly seed: number
  /** Of all members; none runs before `start`. */
  readonly names: readonly string[]
  readonly network?: NetworkOptions
  readonly faults?: readonly Fault[]
  /** How long a sync takes. */
  readonly sync?: Distribution
  /** The state in which a life begins. */
  initial(self: Address, incarnation: number, names: readonly string[]): State
  /** The program above a member: hears each outcome after the step that caused it, when what was persisted before is safe. */
  onOutcome(member: Address, outcome: Outcome): void
  /** A life has begun, by `start` or by the script, and has recovered. */
  onStarted?(member: Address): void
  onCrashed?(member: Address, how: 'process' | 'machine'): void
  /** The link between the two broke (both ways); what was under way is lost. */
  onBreak?(one: Address, other: Address): void
  readonly onSight?: (sight: Sight<Message, Timer, Call, Outcome, Persisted>) => void
  readonly onTrace?: TraceHook
  /** For bandwidth. */
  sizeOf?(message: Message): number
  /** Whether a message for a life that is over may reach the next one. */
  strays?(message: Message): boolean
  /** When the copies of this message arrive, in a story that decides it; undefined: the network does. */
  fate?(from: Address, to: Address, message: Message): readonly number[] | undefined
  /** Usual: what happens at the same moment does so in an order that the seed draws. Else in that of its causes. */
  readonly order?: 'drawn' | 'caused'
  readonly summary?: Summarize
}

export interface WorldCounts extends DiskCounts {
  /** Steps of machines. */
  events: number
  sent: number
  /** To a life that runs, paused or not. */
  delivered: number
  /** Copies that never arrived, or reached nobody. */
  lost: number
  duplicated: number
}

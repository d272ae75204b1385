/**
 * The one trace format: a line of JSON for each step of each machine, the same on hosts and in simulation.
 *
 * The driver calls the hook once a step when it is set, and does nothing at all when it is not. Bodies of messages are
 * given by their size, never by their content, so that a trace holds no secret of a user's.
 */
import type { Address } from '../lib/identifiers.ts'

export interface TraceEvent {
  /** Format version. */
  readonly v: 1
  /** Milliseconds since 1970 on a host, virtual milliseconds in simulation. */
  readonly atMs: number
  readonly machine: string
  readonly member: Address
  /** Counts the events of this member's life from 1. */
  readonly sequence: number
  readonly lamport: number
  readonly input: TraceInput
  readonly effects: readonly TraceEffect[]
}

export type TraceInput =
  | {
      readonly kind: 'message'
      readonly from: Address
      readonly id: string
      readonly type: string
      readonly detail: object
    }
  | {
      readonly kind: 'call' | 'timer' | 'persisted' | 'persist-failed' | 'recovered'
      readonly type: string
      readonly detail: object
    }

export type TraceEffect =
  | { readonly kind: 'send'; readonly to: Address; readonly id: string; readonly type: string; readonly detail: object }
  | {
      readonly kind: 'set-timer' | 'clear-timer' | 'persist' | 'outcome'
      readonly type: string
      readonly detail: object
    }

export type TraceHook = (event: TraceEvent) => void

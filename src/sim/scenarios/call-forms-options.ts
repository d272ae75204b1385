/**
 * What a run of `call-forms` is given, and the bounds that its machines have: short times, so that a run meets them.
 */
import type { TraceHook } from '../../edges/trace.ts'
import type { Address } from '../../lib/identifiers.ts'
import * as places from '../../protocols/locate/state.ts'
import type { Semantics } from '../../protocols/rpc/messages.ts'
import * as calls from '../../protocols/rpc/state.ts'
import type { Fault } from '../faults/fault.ts'
import type { CallForm } from './call-forms-form.ts'
import type { CallsWithLocate, State } from './call-forms-machine.ts'

export interface FormRunOptions {
  readonly seed: number
  readonly form: CallForm
  readonly semantics: Semantics
  /** At least four: name server, two homes, a client. */
  readonly names: readonly string[]
  readonly durationMs: number
  readonly moveAtMs: number
  /** Of each client's life; with all of them made and over, the run is. Infinity: until the end of the duration. */
  readonly roundsMax: number
  readonly faults: readonly Fault[]
  readonly timeoutsMs: readonly number[]
  readonly machine: CallsWithLocate
  /** Checks invariants after each step, and progress at the end. */
  readonly isChecked: boolean
  readonly onTrace?: TraceHook
}

const limits: calls.Limits = {
  ...{ ...calls.defaultLimits, enquireAfterMs: 40, enquiriesUntilSilent: 3, enquireMsMax: 320 },
  ...{ backOffMinMs: 5, backOffMaxMs: 80, cancelGraceMs: 30, acknowledgeAfterMs: 60, wakeGrainMs: 1 },
}
const placeLimits: places.Limits = { ...places.defaultLimits, roundMs: 10, firstRoundPeers: 4 }
const holdMs = 4

/** Of a life of a member that knows those peers. */
export function initialState(form: CallForm, self: Address, life: number, peers: readonly Address[]): State {
  const { reliability, buffering } = form
  return {
    calls: calls.initialState(self, life, limits, { reliability, buffering, holdMs }),
    places: places.initialState(self, peers, placeLimits),
  }
}

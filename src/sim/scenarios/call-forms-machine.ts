/**
 * Two machines as one: calls (rpc) and finding where a port is (locate), since a world runs one machine.
 *
 * No message, timer or outcome of the one has a kind of the other, so nothing needs a tag; a death is told to both. It
 * decides nothing: whom to call when a place was found is the program's business above it.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Context, Effects, Input, Machine } from '../../lib/machine.ts'
import { locate } from '../../protocols/locate/locate.ts'
import type * as finding from '../../protocols/locate/messages.ts'
import type * as places from '../../protocols/locate/state.ts'
import type * as calling from '../../protocols/rpc/messages.ts'
import { rpc } from '../../protocols/rpc/rpc.ts'
import type * as calls from '../../protocols/rpc/state.ts'

export interface State {
  readonly calls: calls.State
  readonly places: places.State
}

export type Message = calling.Message | finding.Message
export type Timer = calling.Timer | finding.Timer
export type Call = calling.Call | Exclude<finding.Call, { readonly kind: 'cancel' | 'parted' }>
export type Outcome = calling.Outcome | finding.Outcome
export type Sink = Effects<Message, Timer, Outcome>
export type CallsWithLocate = Machine<State, Message, Timer, Call, Outcome>

export const callsWithLocate: CallsWithLocate = {
  name: 'calls-with-locate',
  step,
  inspect: (state) => `${rpc.inspect(state.calls)}\n${locate.inspect(state.places)}`,
}

function step(state: State, input: Input<Message, Timer, Call>, context: Context, effects: Sink): void {
  switch (input.kind) {
    case 'message':
      return onMessage(state, input.from, input.message, context, effects)
    case 'timer':
      if (input.timer.kind === 'round') return toLocate(state, { kind: 'timer', timer: input.timer }, context, effects)
      return toRpc(state, { kind: 'timer', timer: input.timer }, context, effects)
    case 'call':
      return onCall(state, input.call, context, effects)
    case 'persisted':
    case 'persist-failed':
    case 'recovered':
      return // Neither keeps anything on disk.
  }
}

function onMessage(state: State, from: Address, message: Message, context: Context, effects: Sink): void {
  switch (message.kind) {
    case 'LOCATE':
    case 'HEREIS':
    case 'NOTHERE':
      return toLocate(state, { kind: 'message', from, message }, context, effects)
    default:
      return toRpc(state, { kind: 'message', from, message }, context, effects)
  }
}

function onCall(state: State, call: Call, context: Context, effects: Sink): void {
  switch (call.kind) {
    case 'locate':
    case 'serve':
    case 'withdraw':
    case 'not-here':
    case 'joined':
      return toLocate(state, { kind: 'call', call }, context, effects)
    case 'parted':
      toLocate(state, { kind: 'call', call }, context, effects)
      return toRpc(state, { kind: 'call', call }, context, effects)
    default:
      return toRpc(state, { kind: 'call', call }, context, effects)
  }
}

function toLocate(
  state: State,
  input: Input<finding.Message, finding.Timer, finding.Call>,
  context: Context,
  effects: Sink,
): void {
  locate.step(state.places, input, context, effects)
}

function toRpc(
  state: State,
  input: Input<calling.Message, calling.Timer, calling.Call>,
  context: Context,
  effects: Sink,
): void {
  rpc.step(state.calls, input, context, effects)
}

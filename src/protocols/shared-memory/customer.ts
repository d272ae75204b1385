/**
 * A register program as a machine of the usual shape: accesses go to the memory as messages, values come back.
 *
 * The program decides everything; this only sends the next access after each answer, and says in which phase the
 * customer now is. Drivers on real memory do the same without messages.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Input } from '../../lib/machine.ts'
import type { Call, Message, Sink } from './messages.ts'
import { type Customer, phaseOf, type RegisterProgram } from './program.ts'

export function stepCustomer(
  program: RegisterProgram,
  state: Customer,
  input: Input<Message, never, Call>,
  memory: Address,
  effects: Sink,
): void {
  switch (input.kind) {
    case 'call':
      return onCall(program, state, input.call, memory, effects)
    case 'message':
      return onMessage(program, state, input.message, memory, effects)
    default:
      return
  }
}

function onCall(program: RegisterProgram, state: Customer, call: Call, memory: Address, effects: Sink): void {
  const phase = phaseOf(program, state)
  if (call.kind === 'enter' && phase === 'outside') {
    program.enter(state)
    effects.outcome({ kind: 'begun', customer: state.self })
  } else if (call.kind === 'leave' && phase === 'inside') program.leave(state)
  else return
  goOn(program, state, memory, effects)
}

function onMessage(program: RegisterProgram, state: Customer, message: Message, memory: Address, effects: Sink): void {
  if (message.kind !== 'VALUE' || program.access(state) === undefined) return
  const before = phaseOf(program, state)
  program.resume(state, message.value)
  const phase = phaseOf(program, state)
  const customer = state.self
  if (before === 'doorway' && phase !== 'doorway') effects.outcome({ kind: 'waiting', customer })
  if (before !== phase && phase === 'inside') effects.outcome({ kind: 'entered', customer })
  if (before !== phase && phase === 'outside') effects.outcome({ kind: 'left', customer })
  goOn(program, state, memory, effects)
}

function goOn(program: RegisterProgram, state: Customer, memory: Address, effects: Sink): void {
  const access = program.access(state)
  if (access !== undefined) effects.send(memory, access)
}

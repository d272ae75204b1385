/**
 * The caller's slots: how a call takes one, is sent, asks after silence, and leaves.
 *
 * A slot is reused only when its call has been answered or given up, and always with a greater sequence, so a copy
 * that is still on its way can do no harm. Every call that is under way has a time at which it is attended again
 * (`dueAt`), never later than its deadline, and one timer fires by the earliest of them: no call is ever forgotten.
 */
import { assert } from '../../lib/assert.ts'
import type { Address } from '../../lib/identifiers.ts'
import { incarnationOf } from '../../lib/identifiers.ts'
import type { Context } from '../../lib/machine.ts'
import type { CallNumber, FailureCode, Sink } from './messages.ts'
import type { Callee, CallerSlot, Limits, OutgoingCall, State } from './state.ts'

export function calleeAt(state: State, address: Address): Callee {
  const known = state.callees.get(address)
  if (known !== undefined) return known
  const callee: Callee = {
    address,
    incarnation: incarnationOf(address),
    slots: [],
    free: [],
    slotOfToken: new Map(),
    waiting: new Map(),
    waitingDueAt: Number.POSITIVE_INFINITY,
  }
  state.callees.set(address, callee)
  return callee
}

/** The call that a message speaks of, if it is still the slot's present one. */
export function callOf(callee: Callee, number: CallNumber): OutgoingCall | undefined {
  const slot = callee.slots[number.slot]
  return slot !== undefined && slot.sequence === number.sequence ? slot.call : undefined
}

export function findCall(callee: Callee, token: number): OutgoingCall | undefined {
  const index = callee.slotOfToken.get(token)
  return index === undefined ? callee.waiting.get(token) : callee.slots[index]?.call
}

export function callsOf(callee: Callee): OutgoingCall[] {
  const inFlight = callee.slots.flatMap((slot) => slot.call ?? [])
  return [...inFlight, ...callee.waiting.values()]
}

/** False: all slots are taken. */
export function takeSlot(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): boolean {
  let index = callee.free.pop()
  if (index === undefined) {
    if (callee.slots.length >= state.limits.slotsMax) return false
    index = callee.slots.length
    callee.slots.push({ sequence: state.sequenceFloor, call: undefined, acknowledged: true, restsSince: context.now })
  }
  call.slot = index
  callee.slotOfToken.set(call.token, index)
  const slot = slotOf(callee, call)
  slot.call = call
  slot.acknowledged = false
  slot.sequence++
  transmit(state, callee, call, context, effects)
  return true
}

/** Frees the call's slot and gives it to the oldest call that waits for one. */
export function release(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  if (call.slot < 0) {
    callee.waiting.delete(call.token)
    return
  }
  const slot = slotOf(callee, call)
  slot.call = undefined
  callee.slotOfToken.delete(call.token)
  slot.restsSince = context.now
  callee.free.push(call.slot)
  if (callee.waiting.size > 0 && sendNext(state, callee, context, effects)) return
  if (!slot.acknowledged) wakeToAcknowledge(state, effects)
}

function sendNext(state: State, callee: Callee, context: Context, effects: Sink): boolean {
  for (const next of callee.waiting.values()) {
    callee.waiting.delete(next.token)
    if (next.deadline > context.now) return takeSlot(state, callee, next, context, effects)
    fail(effects, next, 'timed-out', 'no')
  }
  return false
}

export function transmit(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  call.phase = 'sent'
  call.sentAt = context.now
  effects.send(callee.address, {
    kind: 'REQ',
    slot: call.slot,
    sequence: slotOf(callee, call).sequence,
    incarnation: callee.incarnation,
    port: call.port,
    priority: call.priority,
    remainingMs: Math.max(0, call.deadline - context.now),
    window: call.window,
    selector: call.selector,
    body: call.body,
  })
  awaitAnswer(state, call, context, effects)
}

/** Asks whether the callee is alive and what has become of the call; a stream asks for what it lacks. */
export function enquire(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  call.enquiries++
  if (call.enquiries > state.limits.enquiriesUntilSilent && !state.silent.has(callee.address)) {
    state.silent.add(callee.address)
    effects.outcome({ kind: 'silent', peer: callee.address })
  }
  if (call.window > 0) sendCredit(callee, call, true, effects)
  else effects.send(callee.address, { kind: 'AYA', slot: call.slot, sequence: slotOf(callee, call).sequence })
  awaitAnswer(state, call, context, effects)
}

export function sendCredit(callee: Callee, call: OutgoingCall, resend: boolean, effects: Sink): void {
  const { sequence } = slotOf(callee, call)
  const { slot, received, credited } = call
  effects.send(callee.address, { kind: 'CRE', slot, sequence, received, limit: credited, resend })
}

/** The callee is at it: no enquiry is needed for a while. */
export function heard(state: State, call: OutgoingCall, context: Context, effects: Sink): void {
  call.enquiries = 0
  if (call.phase === 'sent') awaitAnswer(state, call, context, effects)
}

function awaitAnswer(state: State, call: OutgoingCall, context: Context, effects: Sink): void {
  const isAsked = state.form.reliability !== 'none'
  call.dueAt = isAsked ? Math.min(call.deadline, context.now + patienceMs(state.limits, call.enquiries)) : call.deadline
  wakeBy(state, call.dueAt, context, effects)
}

function patienceMs(limits: Limits, enquiries: number): number {
  const { enquireAfterMs, enquireMsMax, enquiriesUntilSilent } = limits
  if (enquiries <= enquiriesUntilSilent) return enquireAfterMs
  return Math.min(enquireMsMax, enquireAfterMs * 2 ** (enquiries - enquiriesUntilSilent))
}

/** One timer serves all calls. It is moved only forward, since firing early is harmless. */
export function wakeBy(state: State, dueAt: number, context: Context, effects: Sink): void {
  if (dueAt >= state.dueAt) return
  const { wakeGrainMs } = state.limits
  let wakeAt = Math.ceil(dueAt / wakeGrainMs) * wakeGrainMs
  if (wakeAt < dueAt) wakeAt += wakeGrainMs // The quotient was rounded down to a whole number.
  if (wakeAt >= state.dueAt) return
  state.dueAt = wakeAt
  effects.setTimer({ kind: 'due' }, Math.max(0, wakeAt - context.now))
}

export function wakeToAcknowledge(state: State, effects: Sink): void {
  if (state.acknowledgeSet) return
  state.acknowledgeSet = true
  effects.setTimer({ kind: 'acknowledge' }, state.limits.acknowledgeAfterMs)
}

/** To a program that cancelled its call, whatever ends it is the cancelling. */
export function fail(effects: Sink, call: OutgoingCall, code: FailureCode, executed: 'no' | 'yes' | 'unknown'): void {
  effects.outcome({
    kind: 'failed',
    token: call.token,
    code: call.phase === 'cancelling' ? 'cancelled' : code,
    executed,
  })
}

export function slotOf(callee: Callee, call: OutgoingCall): CallerSlot {
  const slot = callee.slots[call.slot]
  assert(slot !== undefined, 'a call in flight has a slot')
  return slot
}

/**
 * The caller's timers: enquiries, further tries, deadlines, and the acknowledgement of slots that rest.
 *
 * A timer that fires early or twice finds nothing due and arms itself again.
 */
import type { Context } from '../../lib/machine.ts'
import { enquire, fail, release, slotOf, transmit, wakeBy, wakeToAcknowledge } from './caller-slots.ts'
import type { Sink } from './messages.ts'
import type { Callee, OutgoingCall, State } from './state.ts'

/** Some call wants attention. */
export function onDue(state: State, context: Context, effects: Sink): void {
  state.dueAt = Number.POSITIVE_INFINITY
  let next = Number.POSITIVE_INFINITY
  for (const callee of state.callees.values()) {
    for (const slot of callee.slots) {
      if (slot.call !== undefined && slot.call.dueAt <= context.now) attend(state, callee, slot.call, context, effects)
      if (slot.call !== undefined) next = Math.min(next, slot.call.dueAt)
    }
    if (callee.waitingDueAt <= context.now) expireWaiting(callee, context, effects)
    next = Math.min(next, callee.waitingDueAt)
  }
  wakeBy(state, next, context, effects)
}

/** Slots that rested for a while: their last replies need not be kept any longer. */
export function onAcknowledge(state: State, context: Context, effects: Sink): void {
  state.acknowledgeSet = false
  let isLeft = false
  for (const callee of state.callees.values()) {
    callee.slots.forEach((slot, index) => {
      if (slot.acknowledged || slot.call !== undefined) return
      if (context.now - slot.restsSince < state.limits.acknowledgeAfterMs) isLeft = true
      else {
        slot.acknowledged = true
        effects.send(callee.address, { kind: 'ACK', slot: index, sequence: slot.sequence })
      }
    })
  }
  if (isLeft) wakeToAcknowledge(state, effects)
}

/** A call's time has come: the end of its grace, its deadline, another try, or an enquiry. */
function attend(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  if (call.phase === 'cancelling') {
    release(state, callee, call, context, effects)
    return fail(effects, call, 'cancelled', 'unknown')
  }
  if (call.deadline <= context.now) return expire(state, callee, call, context, effects)
  if (call.phase === 'backing-off') {
    slotOf(callee, call).sequence++
    return transmit(state, callee, call, context, effects)
  }
  enquire(state, callee, call, context, effects)
}

function expire(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  const isRefused = call.phase === 'backing-off'
  if (!isRefused) {
    effects.send(callee.address, { kind: 'CAN', slot: call.slot, sequence: slotOf(callee, call).sequence })
  }
  release(state, callee, call, context, effects)
  if (isRefused) fail(effects, call, 'try-again', 'no')
  else fail(effects, call, 'timed-out', 'unknown')
}

function expireWaiting(callee: Callee, context: Context, effects: Sink): void {
  callee.waitingDueAt = Number.POSITIVE_INFINITY
  for (const call of callee.waiting.values()) {
    if (call.deadline > context.now) callee.waitingDueAt = Math.min(callee.waitingDueAt, call.deadline)
    else {
      callee.waiting.delete(call.token)
      fail(effects, call, 'timed-out', 'no')
    }
  }
}

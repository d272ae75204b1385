/**
 * The caller's side: what the driver asks for, what the callee answers, and what can truthfully be said of a call
 * that failed.
 *
 * `executed` is `no` only where the callee has refused this very sequence for good, or nothing of it ever left; it is
 * `unknown` from the first REQ on until an answer says otherwise.
 */
import { assert } from '../../lib/assert.ts'
import type { Address } from '../../lib/identifiers.ts'
import { incarnationOf, memberOf } from '../../lib/identifiers.ts'
import type { Context } from '../../lib/machine.ts'
import { calleeAt, callOf, callsOf, enquire, fail, findCall } from './caller-slots.ts'
import { heard, release, sendCredit, slotOf, takeSlot, transmit, wakeBy, wakeToAcknowledge } from './caller-slots.ts'
import type { CallOf, MessageOf, Rep, ReplyStatus, Sink } from './messages.ts'
import { type Callee, isUnderWay, type OutgoingCall, type State } from './state.ts'

export function onCall(state: State, request: CallOf<'call'>, context: Context, effects: Sink): void {
  assert(request.timeoutMs >= 0, 'a call has a deadline, be it Infinity')
  const isBounded = state.form.reliability !== 'none' || request.timeoutMs < Number.POSITIVE_INFINITY
  assert(isBounded, 'a call of which nothing is asked has a deadline')
  assert(request.window <= state.limits.windowMax, 'a window is within its bound')
  const call = newCall(request, context)
  if (!state.callees.has(request.to) && state.parted.has(request.to)) return fail(effects, call, 'member-died', 'no')
  const callee = calleeAt(state, request.to)
  if (takeSlot(state, callee, call, context, effects)) return
  if (callee.waiting.size >= state.limits.waitingMax) return fail(effects, call, 'try-again', 'no')
  callee.waiting.set(call.token, call)
  callee.waitingDueAt = Math.min(callee.waitingDueAt, call.deadline)
  wakeBy(state, call.deadline, context, effects)
}

export function onCancel(state: State, request: CallOf<'cancel'>, context: Context, effects: Sink): void {
  const callee = state.callees.get(request.to)
  const call = callee && findCall(callee, request.token)
  if (callee === undefined || call === undefined || call.phase === 'cancelling') return
  if (call.phase === 'waiting' || call.phase === 'backing-off') {
    release(state, callee, call, context, effects)
    return fail(effects, call, 'cancelled', 'no')
  }
  call.phase = 'cancelling'
  call.dueAt = Math.min(call.deadline, context.now + state.limits.cancelGraceMs)
  effects.send(callee.address, { kind: 'CAN', slot: call.slot, sequence: slotOf(callee, call).sequence })
  wakeBy(state, call.dueAt, context, effects)
}

export function onConsumed(state: State, request: CallOf<'consumed'>, effects: Sink): void {
  const callee = state.callees.get(request.to)
  const call = callee && findCall(callee, request.token)
  if (callee === undefined || call === undefined || call.slot < 0) return
  call.consumed += request.count
  assert(call.consumed <= call.received, 'a program takes no more items than have come')
  if (call.consumed + call.window - call.credited < call.window / 2) return
  call.credited = call.consumed + call.window
  sendCredit(callee, call, false, effects)
}

/** The link stands again: whatever was under way may be lost, so every call asks, and every slot that rests says so. */
export function onRelinked(state: State, peer: Address, context: Context, effects: Sink): void {
  if (state.parted.has(peer)) return
  const isFirst = !state.linked.has(peer)
  state.linked.add(peer)
  if (state.silent.delete(peer)) effects.outcome({ kind: 'heard', peer })
  const callee = state.callees.get(peer)
  if (callee === undefined || isFirst) return
  for (const slot of callee.slots) {
    const { call } = slot
    if (call === undefined) {
      slot.acknowledged = false
      wakeToAcknowledge(state, effects)
    } else if (call.phase === 'sent' && state.form.reliability !== 'none') {
      call.sentAt = Number.NEGATIVE_INFINITY
      enquire(state, callee, call, context, effects)
    } else if (call.phase === 'cancelling') {
      effects.send(peer, { kind: 'CAN', slot: call.slot, sequence: slot.sequence })
    }
  }
}

/**
 * The peer's process is gone: every call to it fails now, and truthfully: what was sent may have run, unless no link
 * ever reached it.
 */
export function onParted(state: State, peer: Address, effects: Sink): void {
  const callee = state.callees.get(peer)
  if (callee === undefined) return
  state.callees.delete(peer)
  const wasLinked = state.linked.has(peer)
  for (const call of callsOf(callee)) fail(effects, call, 'member-died', wasLinked && wasSent(call) ? 'unknown' : 'no')
}

/**
 * No link can be made. A peer that none ever reached is forgotten, for a program may call many that are long gone;
 * one that may be reached again keeps its slots and their sequences.
 */
export function onUnreachable(state: State, peer: Address, context: Context, effects: Sink): void {
  const callee = state.callees.get(peer)
  if (callee === undefined) return
  const wasLinked = state.linked.has(peer)
  const calls = callsOf(callee)
  callee.waiting.clear()
  for (const call of calls) {
    release(state, callee, call, context, effects)
    fail(effects, call, 'unreachable', wasLinked && wasSent(call) ? 'unknown' : 'no')
  }
  if (wasLinked) return
  state.callees.delete(peer)
  state.sequenceFloor = callee.slots.reduce((floor, slot) => Math.max(floor, slot.sequence), state.sequenceFloor)
}

export function onRep(state: State, from: Address, rep: Rep, context: Context, effects: Sink): void {
  const callee = state.callees.get(from)
  const call = callee && callOf(callee, rep)
  if (callee === undefined || call === undefined) return
  const isWhole = rep.count <= call.received || rep.status === 'dropped' || rep.status === 'lost'
  if (isWhole || call.phase === 'cancelling') return finish(state, callee, call, rep, context, effects)
  call.ended = rep
  heard(state, call, context, effects)
}

export function onItem(state: State, from: Address, item: MessageOf<'ITM'>, context: Context, effects: Sink): void {
  const callee = state.callees.get(from)
  const call = callee && callOf(callee, item)
  if (callee === undefined || call === undefined || call.phase === 'cancelling') return
  if (item.index >= call.credited) {
    state.malformed++
    return
  }
  // A copy, or one behind a gap, leaves the enquiry due, which has the lost ones sent again.
  if (item.index < call.received) return
  if (item.index > call.received) {
    // A link may let a small message overtake a large one. Bounded by the credit.
    call.early.set(item.index, item.body)
    return
  }
  heard(state, call, context, effects)
  for (let body: Uint8Array | undefined = item.body; body !== undefined; body = call.early.get(call.received)) {
    call.early.delete(call.received)
    call.received++
    effects.outcome({ kind: 'item', token: call.token, body })
  }
  if (call.ended !== undefined && call.received >= call.ended.count) {
    finish(state, callee, call, call.ended, context, effects)
  }
}

export function onIaa(state: State, from: Address, message: MessageOf<'IAA'>, context: Context, effects: Sink): void {
  const callee = state.callees.get(from)
  const call = callee && callOf(callee, message)
  if (call !== undefined) heard(state, call, context, effects)
}

/** Refused for want of room. This sequence will never run, so the next try takes a new one, later. */
export function onTa(state: State, from: Address, message: MessageOf<'TA'>, context: Context, effects: Sink): void {
  const callee = state.callees.get(from)
  const call = callee && callOf(callee, message)
  if (callee === undefined || call === undefined || call.phase === 'backing-off') return
  if (call.phase === 'cancelling' || isSentOnce(state, call)) {
    release(state, callee, call, context, effects)
    return fail(effects, call, 'try-again', 'no')
  }
  const { backOffMinMs, backOffMaxMs } = state.limits
  const stepMs = Math.min(backOffMaxMs, backOffMinMs * 2 ** Math.min(call.refusals, 20))
  call.refusals++
  call.enquiries = 0
  call.phase = 'backing-off'
  call.dueAt = Math.min(call.deadline, context.now + stepMs * (0.5 + context.random.next() / 2))
  wakeBy(state, call.dueAt, context, effects)
}

/** Nobody listens at the port (refused for good), or the callee has never seen the call. */
export function onAu(state: State, from: Address, message: MessageOf<'AU'>, context: Context, effects: Sink): void {
  const callee = state.callees.get(from)
  const call = callee && callOf(callee, message)
  if (callee === undefined || call === undefined) return
  if (message.what === 'call') return onNeverSeen(state, callee, call, context, effects)
  if (message.what !== 'port') return
  release(state, callee, call, context, effects)
  fail(effects, call, 'address-unknown', 'no')
}

/** Another life of a member has answered for it: those that we call, and that came before it, are over. */
export function earlierLives(state: State, from: Address): Address[] {
  const lives = [...state.callees.values()].filter((callee) => callee.incarnation < incarnationOf(from))
  return lives.map((callee) => callee.address).filter((address) => memberOf(address) === memberOf(from))
}

/** An answer to an enquiry: the REQ is lost, or still on its way behind the AYA that asked. */
function onNeverSeen(state: State, callee: Callee, call: OutgoingCall, context: Context, effects: Sink): void {
  if (call.phase !== 'sent' || call.enquiries === 0) return
  heard(state, call, context, effects)
  if (isUnderWay(state.limits, call.body.length, call.sentAt, context.now)) return
  if (!isSentOnce(state, call)) return transmit(state, callee, call, context, effects)
  release(state, callee, call, context, effects)
  fail(effects, call, 'timed-out', 'unknown')
}

function finish(state: State, callee: Callee, call: OutgoingCall, rep: Rep, context: Context, effects: Sink): void {
  if (state.form.reliability !== 'request-reply-ack') acknowledge(state, callee, call, effects)
  release(state, callee, call, context, effects)
  if (call.phase === 'cancelling') return fail(effects, call, 'cancelled', executedOf(rep.status))
  if (rep.status === 'lost') return fail(effects, call, 'reply-lost', 'yes')
  if (rep.status === 'dropped') return fail(effects, call, 'timed-out', 'no')
  effects.outcome({ kind: 'completed', token: call.token, status: rep.status, body: rep.body })
}

/** At once, so that the callee need not keep the reply; or not at all, where it keeps none. */
function acknowledge(state: State, callee: Callee, call: OutgoingCall, effects: Sink): void {
  const slot = slotOf(callee, call)
  slot.acknowledged = true
  if (state.form.reliability === 'none') return
  effects.send(callee.address, { kind: 'ACK', slot: call.slot, sequence: slot.sequence })
}

function isSentOnce(state: State, call: OutgoingCall): boolean {
  return call.semantics === 'maybe' || state.form.reliability === 'none'
}

/** `failed`: the handler threw, or the driver refused the arguments before it ran; only the driver could tell. */
function executedOf(status: ReplyStatus): 'no' | 'yes' | 'unknown' {
  if (status === 'dropped') return 'no'
  return status === 'failed' ? 'unknown' : 'yes'
}

function wasSent(call: OutgoingCall): boolean {
  return call.phase === 'sent' || call.phase === 'cancelling'
}

function newCall(request: CallOf<'call'>, context: Context): OutgoingCall {
  const deadline = context.now + request.timeoutMs
  return {
    token: request.token,
    port: request.port,
    semantics: request.semantics,
    priority: request.priority,
    deadline,
    window: request.window,
    selector: request.selector,
    body: request.body,
    slot: -1,
    phase: 'waiting',
    dueAt: deadline,
    sentAt: 0,
    refusals: 0,
    enquiries: 0,
    received: 0,
    early: new Map(),
    consumed: 0,
    credited: request.window,
    ended: undefined,
  }
}

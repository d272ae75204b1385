/**
 * The callee's side: the duplicate filter and the mailbox.
 *
 * For each caller there is one record a slot. Its sequence says what a REQ is: greater is new (and acknowledges what
 * the slot held before), equal is a duplicate (answered again, never run again), lower is old (ignored). What was
 * refused stays refused, so that a caller who was told "no" can believe it.
 */
import { assert } from '../../lib/assert.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import { instant } from '../../lib/identifiers.ts'
import type { Context } from '../../lib/machine.ts'
import { crowdedOut, emptyMailbox, hasRoom, mayRun, nextToRun, onBegun, onEnded, put, take } from './mailbox.ts'
import type { CallNumber, CallOf, MessageOf, Rep, Req, Sink } from './messages.ts'
import {
  answerAgain,
  forget,
  forgetItems,
  grant,
  keepItem,
  newStream,
  retain,
  sendItemsAgain,
  servedOf,
} from './retained.ts'
import type { CalleeSlot, Caller, Mailbox, State } from './state.ts'

const nothing = new Uint8Array(0)

/** Listening again while handlers of an earlier time still run counts those on. */
export function onListen(state: State, call: CallOf<'listen'>): void {
  const { port, concurrency, mailboxMax } = call
  const known = state.mailboxes.get(port)
  if (known !== undefined) {
    Object.assign(known, { concurrency, mailboxMax, listening: true })
    return
  }
  state.mailboxes.set(port, emptyMailbox(concurrency, mailboxMax))
}

export function onDeafen(state: State, port: Port, context: Context, effects: Sink): void {
  const mailbox = state.mailboxes.get(port)
  if (mailbox === undefined) return
  mailbox.listening = false
  for (const slot of [...mailbox.waiting]) {
    take(mailbox, slot)
    refuse(state, slot, 'AU', context, effects)
  }
  if (mailbox.running === 0) state.mailboxes.delete(port)
}

export function onReq(state: State, from: Address, req: Req, context: Context, effects: Sink): void {
  if (req.incarnation !== state.incarnation) {
    return effects.send(from, { kind: 'AU', slot: req.slot, sequence: req.sequence, what: 'incarnation' })
  }
  const caller = callerAt(state, from)
  if (caller === undefined) return
  const known = caller.slots[req.slot]
  if (known !== undefined && known.heldUntil <= context.now) dropHeld(state, known)
  if (known !== undefined && req.sequence < known.sequence) return
  if (known !== undefined && req.sequence === known.sequence) return onCopy(state, known, context, effects)
  if (known !== undefined) letGo(state, caller, known, effects)
  const slot = known ?? newSlot(caller, req)
  begin(slot, req, context)
  admit(state, caller, slot, context, effects)
  if (state.form.reliability === 'request-ack-reply-ack') acknowledge(slot, effects)
}

function onCopy(state: State, slot: CalleeSlot, context: Context, effects: Sink): void {
  if (state.form.reliability !== 'none') answerAgain(state, slot, context, effects)
}

/** The caller has the reply, or wants none. A request of that sequence that is still on its way comes too late. */
export function onAck(state: State, from: Address, message: MessageOf<'ACK'>, effects: Sink): void {
  const caller = state.callers.get(from)
  const slot = caller?.slots[message.slot]
  if (caller === undefined || slot === undefined || slot.sequence > message.sequence) return
  letGo(state, caller, slot, effects)
  slot.sequence = message.sequence
}

export function onAya(state: State, from: Address, message: MessageOf<'AYA'>, context: Context, effects: Sink): void {
  const slot = state.callers.get(from)?.slots[message.slot]
  if (slot !== undefined && slot.heldUntil <= context.now) dropHeld(state, slot)
  if (slot === undefined || slot.sequence < message.sequence) return answerNeverSeen(from, message, effects)
  if (slot.sequence === message.sequence) answerAgain(state, slot, context, effects)
}

export function onCan(state: State, from: Address, message: MessageOf<'CAN'>, context: Context, effects: Sink): void {
  const caller = callerAt(state, from)
  if (caller === undefined) return
  const slot = caller.slots[message.slot]
  if (slot !== undefined && slot.heldUntil <= context.now) dropHeld(state, slot)
  if (slot === undefined || slot.sequence < message.sequence)
    return refuseAhead(state, caller, message, context, effects)
  if (slot.sequence > message.sequence) return
  if (slot.phase === 'running') return effects.outcome({ kind: 'abort', ...servedOf(slot) })
  if (slot.phase !== 'waiting') return answerAgain(state, slot, context, effects)
  takeFromMailbox(state, slot)
  refuse(state, slot, undefined, context, effects)
}

export function onCre(state: State, from: Address, message: MessageOf<'CRE'>, context: Context, effects: Sink): void {
  const caller = state.callers.get(from)
  const slot = caller?.slots[message.slot]
  if (slot !== undefined && slot.heldUntil <= context.now) dropHeld(state, slot)
  if (caller === undefined || slot === undefined || slot.sequence < message.sequence) {
    return answerNeverSeen(from, message, effects)
  }
  if (slot.sequence > message.sequence) return
  const { stream } = slot
  if (stream !== undefined) {
    forgetItems(caller, stream, message.received)
    if (message.resend) sendItemsAgain(state, slot, stream, context, effects)
    stream.limit = Math.max(stream.limit, Math.min(message.limit, stream.received + state.limits.windowMax))
    grant(state, caller, slot, effects)
  }
  if (message.resend) answerAgain(state, slot, context, effects)
}

export function onReply(state: State, call: CallOf<'reply'>, context: Context, effects: Sink): void {
  const caller = state.callers.get(call.caller)
  const slot = caller?.slots[call.slot]
  if (caller !== undefined && slot?.sequence === call.sequence && slot.phase === 'running') {
    slot.phase = 'replied'
    const count = slot.stream?.sent ?? 0
    const rep: Rep = {
      kind: 'REP',
      slot: slot.slot,
      sequence: slot.sequence,
      status: call.status,
      count,
      body: call.body,
    }
    if (state.form.reliability === 'none') letGo(state, caller, slot, effects)
    else retain(state, caller, slot, rep, context)
    effects.send(slot.caller, rep)
  }
  leave(state, call.port, call.caller, context, effects)
}

export function onItem(state: State, call: CallOf<'item'>, context: Context, effects: Sink): void {
  const caller = state.callers.get(call.caller)
  const slot = caller?.slots[call.slot]
  if (caller === undefined || slot?.sequence !== call.sequence || slot.phase !== 'running') return
  const { stream } = slot
  if (stream === undefined) return
  assert(stream.sent < stream.granted, 'a stream sends no item that it was not asked for')
  const index = stream.sent
  keepItem(caller, stream, call.body, context)
  effects.send(slot.caller, { kind: 'ITM', slot: slot.slot, sequence: slot.sequence, index, body: call.body })
}

/** A link to the caller stands again: what was sent to it may be lost. */
export function onRelinked(state: State, peer: Address): void {
  for (const slot of state.callers.get(peer)?.slots ?? []) {
    if (slot === undefined) continue
    slot.repliedAt = Number.NEGATIVE_INFINITY
    if (slot.stream !== undefined) slot.stream.sentAt = Number.NEGATIVE_INFINITY
  }
}

/** The caller died: nobody waits for its calls any more. */
export function onParted(state: State, peer: Address, effects: Sink): void {
  const caller = state.callers.get(peer)
  if (caller === undefined) return
  for (const slot of caller.slots) if (slot !== undefined) letGo(state, caller, slot, effects)
  state.callers.delete(peer)
}

/** Undefined: there is no room for a further caller, or it is dead and what it sent comes late. Neither is heard. */
function callerAt(state: State, address: Address): Caller | undefined {
  const known = state.callers.get(address)
  if (known !== undefined) return known
  if (state.callers.size >= state.limits.callersMax || state.parted.has(address)) return undefined
  const caller: Caller = { address, slots: [], retainedBytes: 0 }
  state.callers.set(address, caller)
  return caller
}

function newSlot(caller: Caller, number: CallNumber): CalleeSlot {
  const slot: CalleeSlot = {
    caller: caller.address,
    slot: number.slot,
    sequence: number.sequence,
    phase: 'done',
    port: '' as Port,
    priority: 0,
    deadline: 0,
    selector: nothing,
    body: nothing,
    reply: undefined,
    repliedAt: Number.NEGATIVE_INFINITY,
    refusal: undefined,
    stream: undefined,
    heldUntil: Number.POSITIVE_INFINITY,
    turn: 0,
  }
  while (caller.slots.length < number.slot) caller.slots.push(undefined)
  caller.slots[number.slot] = slot
  return slot
}

function begin(slot: CalleeSlot, req: Req, context: Context): void {
  slot.sequence = req.sequence
  slot.port = req.port
  slot.priority = req.priority
  slot.deadline = context.now + req.remainingMs
  slot.selector = req.selector
  slot.body = req.body
  slot.refusal = undefined
  slot.stream = req.window > 0 ? newStream(req.window) : undefined
}

function admit(state: State, caller: Caller, slot: CalleeSlot, context: Context, effects: Sink): void {
  const mailbox = state.mailboxes.get(slot.port)
  if (mailbox === undefined || !mailbox.listening) return refuse(state, slot, 'AU', context, effects)
  if (mayRun(mailbox, slot.caller)) return run(state, caller, mailbox, slot, context, effects)
  const { buffering, holdMs } = state.form
  if (buffering === 'discard') return drop(slot)
  while (!hasRoom(mailbox, slot.body.length, state.limits)) {
    if (buffering === 'mailbox') {
      const crowded = crowdedOut(mailbox, slot.caller, slot.body.length)
      if (crowded === undefined) return refuse(state, slot, 'TA', context, effects)
      take(mailbox, crowded)
      refuse(state, crowded, 'TA', context, effects)
    } else {
      const overdue = mailbox.waiting.find((held) => held.heldUntil <= context.now)
      if (overdue === undefined) return drop(slot)
      dropHeld(state, overdue)
    }
  }
  if (buffering === 'hold') slot.heldUntil = context.now + holdMs
  slot.phase = 'waiting'
  put(mailbox, slot)
}

function run(state: State, caller: Caller, mailbox: Mailbox, slot: CalleeSlot, context: Context, effects: Sink): void {
  if (slot.deadline <= context.now) return refuse(state, slot, undefined, context, effects)
  onBegun(mailbox, slot.caller)
  slot.phase = 'running'
  const { sequence, port, priority, selector, body } = slot
  const deadline = instant(slot.deadline)
  slot.selector = nothing
  slot.body = nothing
  effects.outcome({
    kind: 'deliver',
    caller: slot.caller,
    slot: slot.slot,
    sequence,
    port,
    priority,
    deadline,
    selector,
    body,
  })
  if (slot.stream !== undefined) grant(state, caller, slot, effects)
}

/** A handler is done with its call: the next one that waits may run. */
function leave(state: State, port: Port, of: Address, context: Context, effects: Sink): void {
  const mailbox = state.mailboxes.get(port)
  assert(mailbox !== undefined, 'a handler replies once')
  onEnded(mailbox, of)
  for (let next = nextToRun(mailbox); next !== undefined; next = nextToRun(mailbox)) {
    const isOverdue = next.heldUntil <= context.now
    take(mailbox, next)
    if (isOverdue) {
      drop(next)
      continue
    }
    const caller = state.callers.get(next.caller)
    assert(caller !== undefined, 'a call that waits has a caller')
    run(state, caller, mailbox, next, context, effects)
  }
  if (!mailbox.listening && mailbox.running === 0) state.mailboxes.delete(port)
}

function takeFromMailbox(state: State, slot: CalleeSlot): void {
  const mailbox = state.mailboxes.get(slot.port)
  assert(mailbox !== undefined, 'a call that waits is in its mailbox')
  take(mailbox, slot)
}

/** It was held for too long. */
function dropHeld(state: State, slot: CalleeSlot): void {
  takeFromMailbox(state, slot)
  drop(slot)
}

/** As if the present request had never come: a copy of it is new, and its caller, who may ask, is told so. */
function drop(slot: CalleeSlot): void {
  slot.sequence--
  slot.phase = 'done'
  slot.selector = nothing
  slot.body = nothing
  slot.stream = undefined
}

/** Of the request, and at once: its caller need not ask. */
function acknowledge(slot: CalleeSlot, effects: Sink): void {
  const { phase } = slot
  if (phase === 'waiting' || phase === 'running') {
    effects.send(slot.caller, { kind: 'IAA', slot: slot.slot, sequence: slot.sequence, phase })
  }
}

/**
 * Nobody wants the slot's present call any more: what is kept of it goes, and what still works on it is told so. A
 * handler that runs on keeps its place in the mailbox until it ends: else callers who give up could pile up handlers.
 */
function letGo(state: State, caller: Caller, slot: CalleeSlot, effects: Sink): void {
  const { phase } = slot
  if (phase === 'waiting') takeFromMailbox(state, slot)
  forget(caller, slot)
  slot.phase = 'done'
  slot.selector = nothing
  slot.body = nothing
  if (phase === 'running') effects.outcome({ kind: 'abort', ...servedOf(slot) })
}

/** It had not begun and never will. `undefined`: for no other reason than that nobody waits for it any more. */
function refuse(
  state: State,
  slot: CalleeSlot,
  refusal: 'TA' | 'AU' | undefined,
  context: Context,
  effects: Sink,
): void {
  slot.phase = 'refused'
  slot.refusal = refusal
  slot.selector = nothing
  slot.body = nothing
  slot.stream = undefined
  answerAgain(state, slot, context, effects)
}

/** A CAN that overtook its REQ: when that comes, it is refused, so the caller may be told that it never runs. */
function refuseAhead(state: State, caller: Caller, message: CallNumber, context: Context, effects: Sink): void {
  const known = caller.slots[message.slot]
  if (known !== undefined) letGo(state, caller, known, effects)
  const slot = known ?? newSlot(caller, message)
  slot.sequence = message.sequence
  refuse(state, slot, undefined, context, effects)
}

function answerNeverSeen(from: Address, message: CallNumber, effects: Sink): void {
  effects.send(from, { kind: 'AU', slot: message.slot, sequence: message.sequence, what: 'call' })
}

/**
 * Remote calls: at most once, or as often as the caller allows (Birrell and Nelson, 1984; Amoeba's trans).
 *
 * One machine serves a whole member, as caller and as callee. It filters duplicates, keeps replies until they are
 * acknowledged, asks after silence, backs off where there is no room, and says truthfully of a failed call whether
 * it ran. It trusts nothing to arrive: loss, repetition and reordering of any message are harmless. It does not pick
 * servers, encode arguments or know who is alive; the kernel tells it (`parted`, `relinked`). What a driver does on
 * an effect must not come back as an input before the step has ended.
 */
import { unreachable } from '../../lib/assert.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Context, Input, Machine } from '../../lib/machine.ts'
import * as attention from './attention.ts'
import * as callee from './callee.ts'
import * as caller from './caller.ts'
import type { Call, Message, Outcome, Sink, Timer } from './messages.ts'
import type { State } from './state.ts'
import { isWellFormed } from './well-formed.ts'

export const rpc: Machine<State, Message, Timer, Call, Outcome> = { name: 'rpc', step, inspect }

export function step(state: State, input: Input<Message, Timer, Call>, context: Context, effects: Sink): void {
  switch (input.kind) {
    case 'message':
      return onMessage(state, input.from, input.message, context, effects)
    case 'call':
      return onDriverCall(state, input.call, context, effects)
    case 'timer':
      if (input.timer.kind === 'due') return attention.onDue(state, context, effects)
      return attention.onAcknowledge(state, context, effects)
    case 'persisted':
    case 'persist-failed':
    case 'recovered':
      return // It keeps nothing on disk: a new life has a new incarnation, and old requests are refused.
  }
}

function onMessage(state: State, from: Address, message: Message, context: Context, effects: Sink): void {
  if (!isWellFormed(message, state.limits)) {
    state.malformed++
    return
  }
  if (state.silent.size > 0 && state.silent.delete(from)) effects.outcome({ kind: 'heard', peer: from })
  switch (message.kind) {
    case 'REQ':
      return callee.onReq(state, from, message, context, effects)
    case 'REP':
      return caller.onRep(state, from, message, context, effects)
    case 'ACK':
      return callee.onAck(state, from, message, effects)
    case 'AYA':
      return callee.onAya(state, from, message, context, effects)
    case 'IAA':
      return caller.onIaa(state, from, message, context, effects)
    case 'TA':
      return caller.onTa(state, from, message, context, effects)
    case 'AU':
      if (message.what !== 'incarnation') return caller.onAu(state, from, message, context, effects)
      return onLaterLife(state, from, effects)
    case 'CAN':
      return callee.onCan(state, from, message, context, effects)
    case 'ITM':
      return caller.onItem(state, from, message, context, effects)
    case 'CRE':
      return callee.onCre(state, from, message, context, effects)
    default:
      return unreachable(message)
  }
}

function onDriverCall(state: State, call: Call, context: Context, effects: Sink): void {
  switch (call.kind) {
    case 'call':
      return caller.onCall(state, call, context, effects)
    case 'reply':
      return callee.onReply(state, call, context, effects)
    case 'item':
      return callee.onItem(state, call, context, effects)
    case 'consumed':
      return caller.onConsumed(state, call, effects)
    case 'cancel':
      return caller.onCancel(state, call, context, effects)
    case 'listen':
      return callee.onListen(state, call)
    case 'deafen':
      return callee.onDeafen(state, call.port, context, effects)
    case 'relinked':
      callee.onRelinked(state, call.peer)
      return caller.onRelinked(state, call.peer, context, effects)
    case 'unreachable':
      return caller.onUnreachable(state, call.peer, context, effects)
    case 'parted':
      return onParted(state, call.peer, effects)
    default:
      return unreachable(call)
  }
}

/** A later life answers for an earlier one, which is over then; what was sent to that has left, if it came so far. */
function onLaterLife(state: State, from: Address, effects: Sink): void {
  for (const life of caller.earlierLives(state, from)) {
    state.linked.add(life)
    onParted(state, life, effects)
  }
}

function onParted(state: State, peer: Address, effects: Sink): void {
  state.parted.delete(peer)
  state.parted.add(peer)
  for (const oldest of state.parted) {
    if (state.parted.size <= state.limits.partedMax) break
    state.parted.delete(oldest)
  }
  state.silent.delete(peer)
  caller.onParted(state, peer, effects)
  callee.onParted(state, peer, effects)
  state.linked.delete(peer)
}

export function inspect(state: State): string {
  const lines = [`rpc of ${state.self}`]
  for (const peer of state.callees.values()) {
    const calls = peer.slots.filter((slot) => slot.call !== undefined).length
    const silence = state.silent.has(peer.address) ? ', silent' : ''
    lines.push(
      `  calls ${peer.address}: ${calls} in flight, ${peer.waiting.size} waiting, ${peer.slots.length} slots${silence}`,
    )
  }
  for (const peer of state.callers.values()) {
    const kept = peer.slots.filter((slot) => slot?.reply !== undefined).length
    lines.push(
      `  serves ${peer.address}: ${peer.slots.length} slots, ${kept} replies kept (${peer.retainedBytes} bytes)`,
    )
  }
  for (const [port, mailbox] of state.mailboxes) {
    lines.push(`  port ${port.slice(0, 6)}…: ${mailbox.running} running, ${mailbox.waiting.length} waiting`)
  }
  if (state.malformed > 0) lines.push(`  ${state.malformed} malformed messages refused`)
  return lines.join('\n')
}

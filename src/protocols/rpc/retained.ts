/**
 * What a callee keeps of a call until its caller has it: the reply, and the items of a stream.
 *
 * All of it counts against one bound for each caller. Over it, results are forgotten, the oldest first, and their
 * callers are told that they are lost; the handlers of streams are asked for no further items. A reply that failed is
 * never forgotten: it is small, and only the driver knows from it whether the handler ran.
 */
import type { Context } from '../../lib/machine.ts'
import type { MessageOf, Rep, Served, Sink } from './messages.ts'
import { type Caller, type CalleeSlot, isUnderWay, type OutgoingStream, type State } from './state.ts'

const nothing = new Uint8Array(0)

export function newStream(window: number): OutgoingStream {
  const sentAt = Number.NEGATIVE_INFINITY
  return { kept: [], keptBytes: 0, sentAt, received: 0, sent: 0, granted: 0, limit: window }
}

export function retain(state: State, caller: Caller, slot: CalleeSlot, rep: Rep, context: Context): void {
  slot.reply = rep
  slot.repliedAt = context.now
  caller.retainedBytes += rep.body.length
  while (caller.retainedBytes > state.limits.retainedBytesMax) {
    const oldest = oldestResult(caller, slot)
    if (oldest === undefined) return
    forgetReply(caller, oldest)
  }
}

function oldestResult(caller: Caller, but: CalleeSlot): CalleeSlot | undefined {
  let oldest: CalleeSlot | undefined
  for (const slot of caller.slots) {
    if (slot?.reply?.status !== 'ok' || slot.reply.body.length === 0 || slot === but) continue
    if (oldest === undefined || slot.repliedAt < oldest.repliedAt) oldest = slot
  }
  return oldest
}

function forgetReply(caller: Caller, slot: CalleeSlot): void {
  caller.retainedBytes -= slot.reply?.body.length ?? 0
  slot.reply = undefined
}

/** Reply and items go: the caller has them, or wants none. */
export function forget(caller: Caller, slot: CalleeSlot): void {
  if (slot.reply !== undefined) forgetReply(caller, slot)
  if (slot.stream === undefined) return
  caller.retainedBytes -= slot.stream.keptBytes
  slot.stream = undefined
}

export function keepItem(caller: Caller, stream: OutgoingStream, body: Uint8Array, context: Context): void {
  stream.kept.push(body)
  stream.keptBytes += body.length
  stream.sentAt = context.now
  stream.sent++
  caller.retainedBytes += body.length
}

/** The caller has the items below `received`. */
export function forgetItems(caller: Caller, stream: OutgoingStream, received: number): void {
  const count = Math.min(received, stream.sent) - stream.received
  if (count <= 0) return
  const bytes = stream.kept.splice(0, count).reduce((sum, body) => sum + body.length, 0)
  stream.received += count
  stream.keptBytes -= bytes
  caller.retainedBytes -= bytes
}

/** Asks the handler for the items that the caller has room for, unless too much is kept for that caller already. */
export function grant(state: State, caller: Caller, slot: CalleeSlot, effects: Sink): void {
  const { stream } = slot
  if (stream === undefined || slot.phase !== 'running' || stream.granted === stream.limit) return
  if (caller.retainedBytes > state.limits.retainedBytesMax) return
  const count = stream.limit - stream.granted
  stream.granted = stream.limit
  effects.outcome({ kind: 'pull', ...servedOf(slot), count })
}

export function sendItemsAgain(
  state: State,
  slot: CalleeSlot,
  stream: OutgoingStream,
  context: Context,
  effects: Sink,
): void {
  if (isUnderWay(state.limits, stream.keptBytes, stream.sentAt, context.now)) return
  stream.sentAt = context.now
  stream.kept.forEach((body, offset) => {
    const index = stream.received + offset
    effects.send(slot.caller, { kind: 'ITM', slot: slot.slot, sequence: slot.sequence, index, body })
  })
}

/** What is known of the slot's present call, to a caller that asks or repeats itself. */
export function answerAgain(state: State, slot: CalleeSlot, context: Context, effects: Sink): void {
  switch (slot.phase) {
    case 'waiting':
    case 'running':
      return answerAlive(slot, slot.phase, effects)
    case 'replied':
      return replyAgain(state, slot, context, effects)
    case 'refused':
      return effects.send(slot.caller, refusalOf(slot))
    case 'done':
      return
  }
}

function replyAgain(state: State, slot: CalleeSlot, context: Context, effects: Sink): void {
  const { reply } = slot
  if (reply === undefined) return effects.send(slot.caller, repWithout(slot, 'lost'))
  if (isUnderWay(state.limits, reply.body.length, slot.repliedAt, context.now))
    return answerAlive(slot, 'running', effects)
  slot.repliedAt = context.now
  effects.send(slot.caller, reply)
}

function answerAlive(slot: CalleeSlot, phase: 'waiting' | 'running', effects: Sink): void {
  effects.send(slot.caller, { kind: 'IAA', slot: slot.slot, sequence: slot.sequence, phase })
}

function refusalOf(slot: CalleeSlot): Rep | MessageOf<'TA'> | MessageOf<'AU'> {
  const number = { slot: slot.slot, sequence: slot.sequence }
  if (slot.refusal === 'TA') return { kind: 'TA', ...number }
  if (slot.refusal === 'AU') return { kind: 'AU', ...number, what: 'port' }
  return repWithout(slot, 'dropped')
}

function repWithout(slot: CalleeSlot, status: 'lost' | 'dropped'): Rep {
  return { kind: 'REP', slot: slot.slot, sequence: slot.sequence, status, count: 0, body: nothing }
}

export function servedOf(slot: CalleeSlot): Served {
  return { caller: slot.caller, slot: slot.slot, sequence: slot.sequence }
}

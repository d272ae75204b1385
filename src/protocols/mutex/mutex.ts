/**
 * Mutual exclusion by a token that walks a ring of members (Le Lann, 1977).
 *
 * Who holds the token may enter. It is fair, since everybody is passed once a round, and cheap under load: one message
 * an entry. Each passing is acknowledged and sent again until it is, and copies are told by their hop, so no lost
 * message loses the token; the death of whoever holds it does. Then somebody must be chosen to `regenerate` it, which
 * this machine leaves to the election above it. A holder that was only thought dead goes on with the older token: the
 * entries of one generation never overlap, those of two may, and only a store that compares fencing tokens keeps them
 * apart.
 */
import { unreachable } from '../../lib/assert.ts'
import { type Address, incarnationOf, memberOf } from '../../lib/identifiers.ts'
import type { Context, Input, Machine } from '../../lib/machine.ts'
import type { Call, Message, Outcome, RefusalReason, Sink, Timer, Token } from './messages.ts'
import { type State, successor } from './state.ts'
import { isCount, isWellFormed } from './well-formed.ts'

export const mutex: Machine<State, Message, Timer, Call, Outcome> = { name: 'mutex', step, inspect }

const rest: Timer = { kind: 'rest' }
const resend: Timer = { kind: 'resend' }

export function step(state: State, input: Input<Message, Timer, Call>, _context: Context, effects: Sink): void {
  switch (input.kind) {
    case 'call':
      return onCall(state, input.call, effects)
    case 'message':
      return onMessage(state, input.from, input.message, effects)
    case 'timer':
      return input.timer.kind === 'rest' ? onRested(state, effects) : onResend(state, effects)
    case 'persisted':
    case 'persist-failed':
    case 'recovered':
      return // It keeps nothing on disk: a token that was here when its member died is lost.
  }
}

function onCall(state: State, call: Call, effects: Sink): void {
  switch (call.kind) {
    case 'enter':
      return onEnter(state, call.request, effects)
    case 'leave':
      return onLeave(state, call.request, effects)
    case 'regenerate':
      return onRegenerate(state, call.generation, effects)
    case 'parted':
      return onParted(state, call.peer, effects)
    case 'joined':
      return onJoined(state, call.address, effects)
    default:
      return unreachable(call)
  }
}

function onEnter(state: State, request: number, effects: Sink): void {
  if (state.inside === request || state.waiting.includes(request)) {
    return refuse('enter', request, 'request-known', effects)
  }
  if (state.waiting.length >= state.limits.waitingMax) return refuse('enter', request, 'too-many-waiting', effects)
  state.waiting.push(request)
  if (state.inside === undefined && state.token !== undefined) enterNext(state, effects)
}

function onLeave(state: State, request: number, effects: Sink): void {
  if (state.inside === request) {
    state.inside = undefined
    effects.outcome({ kind: 'left', request })
    // Even where others wait here: everybody on the ring comes first.
    if (successor(state) === undefined) return enterNext(state, effects)
    return pass(state, effects)
  }
  const at = state.waiting.indexOf(request)
  if (at === -1) return refuse('leave', request, 'request-unknown', effects)
  state.waiting.splice(at, 1)
  effects.outcome({ kind: 'left', request })
}

function onRegenerate(state: State, generation: number, effects: Sink): void {
  if (generation <= state.generation || !isCount(generation, state.limits.numberMax)) {
    return refuse('regenerate', generation, 'generation-stale', effects)
  }
  take(state, { generation, hop: 0, entry: 0 }, effects)
}

function onParted(state: State, peer: Address, effects: Sink): void {
  const member = memberOf(peer)
  if (state.alive.get(member) === peer && peer !== state.self) state.alive.delete(member)
  if (state.passing?.to !== peer) return
  // It may have had the token, and entered. To hand it to the next one could make two of it.
  const { generation } = state.passing.token
  stopPassing(state, effects)
  effects.outcome({ kind: 'lost', generation })
}

function onJoined(state: State, address: Address, effects: Sink): void {
  const member = memberOf(address)
  if (!state.ring.includes(member)) return refuse('joined', address, 'not-on-the-ring', effects)
  const known = state.alive.get(member)
  if (known !== undefined && incarnationOf(known) >= incarnationOf(address)) return
  if (known !== undefined) onParted(state, known, effects)
  const wasAlone = successor(state) === undefined
  state.alive.set(member, address)
  if (wasAlone && state.token !== undefined && state.inside === undefined) restOrPass(state, effects)
}

function onMessage(state: State, from: Address, message: Message, effects: Sink): void {
  if (!isWellFormed(state, from, message)) {
    state.malformed++
    return
  }
  const { kind, generation, hop } = message
  if (kind === 'ACK') return onAck(state, from, generation, hop, effects)
  effects.send(from, { kind: 'ACK', generation, hop })
  const isLater = generation === state.generation && hop > state.hopSeen && state.token === undefined
  if (isLater || generation > state.generation) take(state, { generation, hop, entry: message.entry }, effects)
}

function onAck(state: State, from: Address, generation: number, hop: number, effects: Sink): void {
  const { passing } = state
  if (passing === undefined || passing.to !== from) return
  if (passing.token.generation === generation && passing.token.hop === hop) stopPassing(state, effects)
}

/** The token has come, or was made here. An older one that was here, or on its way from here, is dropped. */
function take(state: State, token: Token, effects: Sink): void {
  stopPassing(state, effects)
  const isOvertaken = state.inside !== undefined
  state.generation = token.generation
  state.hopSeen = token.hop
  state.token = token
  // Who is inside stays there with the new token, so that nobody else enters before it leaves.
  if (isOvertaken)
    return effects.outcome({ kind: 'overtaken', request: state.inside ?? 0, generation: token.generation })
  if (state.waiting.length > 0) return enterNext(state, effects)
  restOrPass(state, effects)
}

function enterNext(state: State, effects: Sink): void {
  const request = state.waiting.shift()
  if (state.token === undefined || request === undefined) return
  effects.clearTimer(rest)
  const entry = state.token.entry + 1
  state.token = { ...state.token, entry }
  state.inside = request
  effects.outcome({ kind: 'entered', request, fencingToken: [state.token.generation, entry] })
}

function restOrPass(state: State, effects: Sink): void {
  if (successor(state) === undefined) return
  if (state.limits.restMs > 0) return effects.setTimer(rest, state.limits.restMs)
  pass(state, effects)
}

function onRested(state: State, effects: Sink): void {
  if (state.token !== undefined && state.inside === undefined) pass(state, effects)
}

function pass(state: State, effects: Sink): void {
  const to = successor(state)
  if (to === undefined || state.token === undefined) return
  effects.clearTimer(rest)
  const token = { ...state.token, hop: state.token.hop + 1 }
  state.token = undefined
  state.passing = { to, token, resendMs: state.limits.resendMs }
  effects.send(to, { kind: 'TOKEN', ...token })
  effects.setTimer(resend, state.passing.resendMs)
}

function onResend(state: State, effects: Sink): void {
  const { passing } = state
  if (passing === undefined) return
  passing.resendMs = Math.min(passing.resendMs * 2, state.limits.resendMsMax)
  effects.send(passing.to, { kind: 'TOKEN', ...passing.token })
  effects.setTimer(resend, passing.resendMs)
}

function stopPassing(state: State, effects: Sink): void {
  if (state.passing === undefined) return
  state.passing = undefined
  effects.clearTimer(resend)
}

function refuse(call: Call['kind'], subject: number | Address, reason: RefusalReason, effects: Sink): void {
  effects.outcome({ kind: 'refused', call, subject, reason })
}

export function inspect(state: State): string {
  const { token, passing, inside, waiting } = state
  const lines = [`mutex of ${state.self}: generation ${state.generation}, ${waiting.length} waiting`]
  if (token !== undefined) {
    const use = inside === undefined ? 'rests' : `request ${inside} is inside`
    lines.push(`  token ${token.generation}/${token.entry} is here since hop ${token.hop}, ${use}`)
  }
  if (passing !== undefined) lines.push(`  hop ${passing.token.hop} to ${passing.to} is not acknowledged`)
  lines.push(`  next on the ring: ${successor(state) ?? 'nobody'}`)
  if (state.malformed > 0) lines.push(`  ${state.malformed} malformed messages refused`)
  return lines.join('\n')
}

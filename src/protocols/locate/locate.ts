/**
 * Finding the member at which a port is, by asking around (after FLIP's locate in Amoeba; Kaashoek and others, 1993).
 *
 * A search asks a few members, then twice as many, until somebody answers or everybody was asked; those who look for
 * the same port share one search. What was found is remembered until its server withdraws it, its member dies or the
 * driver learns that it is not there. So an answer may be out of date: it says where to try, and the call that goes
 * there finds out. `not-found` says that nobody answered in time, which is no proof that nobody serves the port.
 */
import { unreachable } from '../../lib/assert.ts'
import { type Address, incarnationOf, memberOf, type Port } from '../../lib/identifiers.ts'
import type { Context, Input, Machine } from '../../lib/machine.ts'
import type { Call, Message, Outcome, Sink, Timer } from './messages.ts'
import { isPeer, type Search, type State } from './state.ts'
import { isWellFormed } from './well-formed.ts'

export const locate: Machine<State, Message, Timer, Call, Outcome> = { name: 'locate', step, inspect }

export function step(state: State, input: Input<Message, Timer, Call>, context: Context, effects: Sink): void {
  switch (input.kind) {
    case 'call':
      return onCall(state, input.call, context, effects)
    case 'message':
      return onMessage(state, input.from, input.message, effects)
    case 'timer':
      return onRoundEnded(state, input.timer, effects)
    case 'persisted':
    case 'persist-failed':
    case 'recovered':
      return // It keeps nothing on disk: a new life finds its ports anew.
  }
}

function onCall(state: State, call: Call, context: Context, effects: Sink): void {
  switch (call.kind) {
    case 'locate':
      return onLocateCall(state, call.request, call.port, context, effects)
    case 'cancel':
      return onCancel(state, call.request, call.port, effects)
    case 'serve':
      return onServe(state, call.port, effects)
    case 'withdraw':
      return onWithdraw(state, call.port, effects)
    case 'not-here':
      return forget(state, call.port, call.at)
    case 'parted':
      return onParted(state, call.peer)
    case 'joined':
      return onJoined(state, call.address, effects)
    default:
      return unreachable(call)
  }
}

function onLocateCall(state: State, request: number, port: Port, context: Context, effects: Sink): void {
  const at = state.served.has(port) ? state.self : state.cache.get(port)
  if (at !== undefined) {
    if (at !== state.self) remember(state, port, at)
    return effects.outcome({ kind: 'located', request, port, at })
  }
  const search = state.searches.get(port)
  if (search !== undefined) {
    if (search.waiting.has(request)) return
    if (search.waiting.size < state.limits.waitingMax) return void search.waiting.add(request)
    return effects.outcome({ kind: 'not-asked', request, port, reason: 'too-many-waiting' })
  }
  if (state.searches.size < state.limits.searchesMax) return beginSearch(state, request, port, context, effects)
  effects.outcome({ kind: 'not-asked', request, port, reason: 'too-many-searches' })
}

/** Each search begins at another peer, so that not always the same ones are asked first. */
function beginSearch(state: State, request: number, port: Port, context: Context, effects: Sink): void {
  const peers = [...state.peers.values()]
  const first = peers.length === 0 ? 0 : context.random.below(peers.length)
  const order = [...peers.slice(first), ...peers.slice(0, first)]
  const number = ++state.begun
  const search: Search = { port, number, order, round: 0, fullRounds: 0, waiting: new Set([request]) }
  state.searches.set(port, search)
  askRound(state, search, effects)
}

function askRound(state: State, search: Search, effects: Sink): void {
  const { port, order, number, round } = search
  if (order.length === 0) return endSearch(state, search, undefined, effects)
  const asked = Math.min(order.length, state.limits.firstRoundPeers * 2 ** round)
  if (asked === order.length) search.fullRounds++
  for (const peer of order.slice(0, asked)) effects.send(peer, { kind: 'LOCATE', port, search: number })
  effects.setTimer(roundTimer(search), state.limits.roundMs)
}

function onRoundEnded(state: State, timer: Timer, effects: Sink): void {
  const search = state.searches.get(timer.port)
  if (search === undefined || search.number !== timer.search || search.round !== timer.round) return
  if (search.fullRounds >= state.limits.fullRounds) return endSearch(state, search, undefined, effects)
  search.round++
  askRound(state, search, effects)
}

/** Undefined: nobody answered. */
function endSearch(state: State, search: Search, at: Address | undefined, effects: Sink): void {
  const { port } = search
  state.searches.delete(port)
  effects.clearTimer(roundTimer(search))
  for (const request of search.waiting) {
    effects.outcome(at === undefined ? { kind: 'not-found', request, port } : { kind: 'located', request, port, at })
  }
}

function onCancel(state: State, request: number, port: Port, effects: Sink): void {
  const search = state.searches.get(port)
  if (search?.waiting.delete(request) === true && search.waiting.size === 0)
    endSearch(state, search, undefined, effects)
}

function onServe(state: State, port: Port, effects: Sink): void {
  if (state.served.has(port)) return
  if (state.served.size >= state.limits.servedMax) {
    return effects.outcome({ kind: 'refused', call: 'serve', subject: port, reason: 'too-many-served' })
  }
  state.served.set(port, new Set())
  state.cache.delete(port)
  const search = state.searches.get(port)
  if (search !== undefined) endSearch(state, search, state.self, effects)
}

function onWithdraw(state: State, port: Port, effects: Sink): void {
  for (const peer of state.served.get(port) ?? []) effects.send(peer, { kind: 'NOTHERE', port })
  state.served.delete(port)
}

function onMessage(state: State, from: Address, message: Message, effects: Sink): void {
  if (!isWellFormed(message, state.limits)) {
    state.malformed++
    return
  }
  switch (message.kind) {
    case 'LOCATE':
      return onLocate(state, from, message.port, message.search, effects)
    case 'HEREIS':
      return onHereIs(state, from, message.port, message.search, effects)
    case 'NOTHERE':
      return forget(state, message.port, from)
  }
}

function onLocate(state: State, from: Address, port: Port, search: number, effects: Sink): void {
  const told = state.served.get(port)
  if (told === undefined) return
  if (isPeer(state, from)) addBounded(told, from, state.limits.toldMax)
  effects.send(from, { kind: 'HEREIS', port, search })
}

/** Only what was asked for is believed, and only of peers that are alive: nobody fills the cache of another. */
function onHereIs(state: State, from: Address, port: Port, number: number, effects: Sink): void {
  const search = state.searches.get(port)
  if (search === undefined || search.number !== number || !isPeer(state, from)) return
  remember(state, port, from)
  endSearch(state, search, from, effects)
}

function onParted(state: State, peer: Address): void {
  if (!isPeer(state, peer)) return
  state.peers.delete(memberOf(peer))
  for (const [port, at] of state.cache) if (at === peer) state.cache.delete(port)
  for (const told of state.served.values()) told.delete(peer)
  for (const { order } of state.searches.values()) {
    const at = order.indexOf(peer)
    if (at !== -1) order.splice(at, 1)
  }
}

function onJoined(state: State, address: Address, effects: Sink): void {
  const known = state.peers.get(memberOf(address))
  if (memberOf(address) === memberOf(state.self)) return
  if (known !== undefined && incarnationOf(known) >= incarnationOf(address)) return
  if (known !== undefined) onParted(state, known)
  if (state.peers.size >= state.limits.peersMax) {
    return effects.outcome({ kind: 'refused', call: 'joined', subject: address, reason: 'too-many-peers' })
  }
  state.peers.set(memberOf(address), address)
  for (const { order } of state.searches.values()) order.push(address)
}

function remember(state: State, port: Port, at: Address): void {
  state.cache.delete(port)
  state.cache.set(port, at)
  for (const leastRecent of state.cache.keys()) {
    if (state.cache.size <= state.limits.cacheMax) break
    state.cache.delete(leastRecent)
  }
}

function forget(state: State, port: Port, at: Address): void {
  if (state.cache.get(port) === at) state.cache.delete(port)
}

function addBounded(told: Set<Address>, peer: Address, max: number): void {
  told.delete(peer)
  told.add(peer)
  for (const oldest of told) {
    if (told.size <= max) break
    told.delete(oldest)
  }
}

function roundTimer({ port, number, round }: Search): Timer {
  return { kind: 'round', port, search: number, round }
}

export function inspect(state: State): string {
  const { peers, cache, served, searches } = state
  const lines = [`locate of ${state.self}: ${peers.size} peers, ${cache.size} places known, ${served.size} ports here`]
  for (const { port, round, order, waiting } of searches.values()) {
    const asked = Math.min(order.length, state.limits.firstRoundPeers * 2 ** round)
    lines.push(`  looks for ${port.slice(0, 6)}…: round ${round}, ${asked} asked, ${waiting.size} waiting`)
  }
  if (state.malformed > 0) lines.push(`  ${state.malformed} malformed messages refused`)
  return lines.join('\n')
}

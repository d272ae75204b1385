/**
 * Election of a leader by bullying (García-Molina, 1982).
 *
 * The highest in rank that is alive leads. Who suspects the leader asks all above it; if none answers in time, it has
 * won. Before it says so it writes down an epoch that is greater than any it knows and that no other member can take:
 * so there is at most one leader per epoch, whatever is lost, late or falsely suspected.
 * What it cannot do: the algorithm takes the network to be synchronous. Where messages are late, lost or cut off by a
 * partition, several members lead at once, each in its epoch, and each side of a partition elects its own. So an epoch
 * is a fencing token and no proof of leading alone; what a partition must not split is the engine's to decide.
 */
import { unreachable } from '../../lib/assert.ts'
import { type Address, incarnationOf, memberOf } from '../../lib/identifiers.ts'
import type { Context, Input, Machine } from '../../lib/machine.ts'
import type { Call, Message, Outcome, Persisted, Sink, Timer } from './messages.ts'
import { type State, nextEpoch, peersAbove, peersBelow, rankOf } from './state.ts'
import { isWellFormed } from './well-formed.ts'

export const election: Machine<State, Message, Timer, Call, Outcome, Persisted> = { name: 'election', step, inspect }

const timers = {
  answer: { kind: 'answer' },
  coordinator: { kind: 'coordinator' },
  announce: { kind: 'announce' },
} as const satisfies Record<Timer['kind'], Timer>

export function step(
  state: State,
  input: Input<Message, Timer, Call, Persisted>,
  _context: Context,
  effects: Sink,
): void {
  switch (input.kind) {
    case 'call':
      return onCall(state, input.call, effects)
    case 'message':
      return onMessage(state, input.from, input.message, effects)
    case 'timer':
      return onTimer(state, input.timer, effects)
    case 'persisted':
      return onPersisted(state, input.record.epoch, effects)
    case 'persist-failed':
      return onPersistFailed(state, input.record.epoch, input.code, effects)
    case 'recovered':
      return onRecovered(state, input.records, effects)
  }
}

function onCall(state: State, call: Call, effects: Sink): void {
  switch (call.kind) {
    case 'start':
      if (state.role === 'following') holdElection(state, effects)
      return
    case 'parted':
      return onParted(state, call.peer, effects)
    case 'joined':
      return onJoined(state, call.address, effects)
    default:
      return unreachable(call)
  }
}

function onParted(state: State, peer: Address, effects: Sink): void {
  const member = memberOf(peer)
  if (state.peers.get(member) !== peer) return
  state.peers.delete(member)
  if (state.role === 'following' && state.leader === peer) return holdElection(state, effects)
  const isAlone = (state.role === 'electing' || state.role === 'waiting') && peersAbove(state).length === 0
  if (isAlone) holdElection(state, effects)
}

function onJoined(state: State, address: Address, effects: Sink): void {
  const rank = rankOf(state, address)
  if (rank === -1) return effects.outcome({ kind: 'refused', address, reason: 'not-a-member' })
  const known = state.peers.get(memberOf(address))
  if (rank === state.rank || (known !== undefined && incarnationOf(known) >= incarnationOf(address))) return
  state.peers.set(memberOf(address), address)
  // Its earlier life is over; with this one it counts as alive again, so an election that waits goes on waiting.
  if (known !== undefined && state.role === 'following' && state.leader === known) return holdElection(state, effects)
  if (state.role === 'leading') effects.send(address, { kind: 'COORDINATOR', epoch: state.leaderEpoch })
}

function onMessage(state: State, from: Address, message: Message, effects: Sink): void {
  if (!isWellFormed(state, from, message)) {
    state.malformed++
    return
  }
  const isStale = message.epoch < state.epoch
  state.epoch = Math.max(state.epoch, message.epoch)
  switch (message.kind) {
    case 'ELECTION':
      return onElection(state, from, message.epoch, effects)
    case 'ANSWER':
      return onAnswer(state, effects)
    case 'COORDINATOR':
      return isStale ? onStaleCoordinator(state, effects) : onCoordinator(state, from, message.epoch, effects)
  }
}

/** Somebody below asks: this member is alive, and settles the matter itself. */
function onElection(state: State, from: Address, epoch: number, effects: Sink): void {
  effects.send(from, { kind: 'ANSWER', epoch: state.epoch })
  if (state.role === 'following') return holdElection(state, effects)
  if (state.role !== 'leading') return
  if (epoch > state.leaderEpoch) return holdElection(state, effects)
  effects.send(from, { kind: 'COORDINATOR', epoch: state.leaderEpoch })
}

/** Somebody above is alive, so this member has not won, even where its claim is being written already. */
function onAnswer(state: State, effects: Sink): void {
  if (state.role === 'electing' || state.role === 'claiming') becomeWaiting(state, effects)
}

function onCoordinator(state: State, from: Address, epoch: number, effects: Sink): void {
  // Of a life that is over, or that the driver has not told of yet: that one says it again.
  if (state.peers.get(memberOf(from)) !== from) return
  if (rankOf(state, from) > state.rank) return becomeFollowing(state, from, epoch, effects)
  // It ranks below this one, which therefore bullies it, unless an election of its own is under way.
  if (state.role === 'following' || state.role === 'leading') holdElection(state, effects)
}

/** Refused. But where whoever took the greater epoch does not lead in it either, another election settles it. */
function onStaleCoordinator(state: State, effects: Sink): void {
  if (state.role === 'following' && state.leaderEpoch < state.epoch) holdElection(state, effects)
}

/** A leader that has heard of a greater epoch would be refused by others who have: it takes a greater one. */
function onAnnounce(state: State, effects: Sink): void {
  if (state.leaderEpoch < state.epoch) return holdElection(state, effects)
  announce(state, [...peersBelow(state), ...peersAbove(state)], effects)
}

function onTimer(state: State, timer: Timer, effects: Sink): void {
  switch (timer.kind) {
    case 'answer':
      if (state.role === 'electing') becomeClaiming(state, effects)
      return
    case 'coordinator':
      if (state.role === 'waiting') holdElection(state, effects)
      return
    case 'announce':
      if (state.role === 'leading') onAnnounce(state, effects)
      return
    default:
      return unreachable(timer)
  }
}

function onPersisted(state: State, epoch: number, effects: Sink): void {
  state.persistedEpoch = Math.max(state.persistedEpoch, epoch)
  if (state.role !== 'claiming' || epoch !== state.claim) return
  // A greater one was heard of meanwhile: this one would be refused, so another is taken.
  if (epoch < state.epoch) return becomeClaiming(state, effects)
  becomeLeading(state, effects)
}

function onPersistFailed(state: State, epoch: number, code: string, effects: Sink): void {
  if (state.role !== 'claiming' || epoch !== state.claim) return
  becomeWaiting(state, effects)
  effects.outcome({ kind: 'claim-failed', epoch, code })
}

/** A new life: the epochs of the earlier ones are never taken again. It may be the highest, so it holds an election. */
function onRecovered(state: State, records: readonly Persisted[], effects: Sink): void {
  for (const { epoch } of records) state.persistedEpoch = Math.max(state.persistedEpoch, epoch)
  state.epoch = Math.max(state.epoch, state.persistedEpoch)
  if (state.role === 'following') holdElection(state, effects)
}

function holdElection(state: State, effects: Sink): void {
  const above = peersAbove(state)
  if (above.length === 0) return becomeClaiming(state, effects)
  leave(state, effects)
  state.role = 'electing'
  for (const peer of above) effects.send(peer, { kind: 'ELECTION', epoch: state.epoch })
  effects.setTimer(timers.answer, state.limits.answerMs)
}

function becomeWaiting(state: State, effects: Sink): void {
  leave(state, effects)
  state.role = 'waiting'
  effects.setTimer(timers.coordinator, state.limits.coordinatorMs)
}

function becomeClaiming(state: State, effects: Sink): void {
  leave(state, effects)
  state.role = 'claiming'
  state.claim = nextEpoch(state)
  state.epoch = state.claim
  effects.persist({ epoch: state.claim })
}

/** Only with an epoch of its own that is on disk. */
function becomeLeading(state: State, effects: Sink): void {
  leave(state, effects)
  state.role = 'leading'
  state.leader = state.self
  state.leaderEpoch = state.claim
  announce(state, peersBelow(state), effects)
  effects.outcome({ kind: 'elected', epoch: state.leaderEpoch })
}

function becomeFollowing(state: State, leader: Address, epoch: number, effects: Sink): void {
  if (state.role === 'following' && state.leader === leader && state.leaderEpoch === epoch) return
  leave(state, effects)
  state.role = 'following'
  state.leader = leader
  state.leaderEpoch = epoch
  effects.outcome({ kind: 'led', leader, epoch })
}

/** What every change of role begins with. */
function leave(state: State, effects: Sink): void {
  if (state.role === 'electing') effects.clearTimer(timers.answer)
  if (state.role === 'waiting') effects.clearTimer(timers.coordinator)
  if (state.role === 'leading') {
    effects.clearTimer(timers.announce)
    effects.outcome({ kind: 'deposed', epoch: state.leaderEpoch })
  }
  state.leader = undefined
}

function announce(state: State, peers: readonly Address[], effects: Sink): void {
  for (const peer of peers) effects.send(peer, { kind: 'COORDINATOR', epoch: state.leaderEpoch })
  if (Number.isFinite(state.limits.announceMs)) effects.setTimer(timers.announce, state.limits.announceMs)
}

export function inspect(state: State): string {
  const { self, role, rank, members, epoch, leader, leaderEpoch } = state
  const led = leader === undefined ? 'no leader known' : `led by ${leader} in epoch ${leaderEpoch}`
  const lines = [`election of ${self}: ${role}, rank ${rank} of ${members.length}, epoch ${epoch}, ${led}`]
  lines.push(`  alive above: ${peersAbove(state).join(' ') || 'none'}; below: ${peersBelow(state).join(' ') || 'none'}`)
  if (state.malformed > 0) lines.push(`  ${state.malformed} malformed messages refused`)
  return lines.join('\n')
}

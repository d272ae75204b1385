/**
 * A lock as one writes it on a first afternoon, to show what the explorer finds in it; and the same one repaired.
 *
 * Member m1 is the arbiter. Whoever wants the lock sends ASK, is given it by GRANT, and gives it back by RELEASE. In
 * `broken-lock` the arbiter believes any RELEASE: a copy that comes late frees a lock that somebody else holds by then.
 * In `numbered-lock` each grant has a number, and a RELEASE counts for its own grant only.
 */
import { type Address, address, incarnation, type MemberId, memberId, memberOf } from '../../../lib/identifiers.ts'
import type { Effects, Input } from '../../../lib/machine.ts'
import type { Bounds, ExplorationModel, PlannedCall } from '../exploration.ts'
import { membersNamed } from './members-named.ts'

export interface LockState {
  readonly self: Address
  /** The arbiter's. */
  holder: Address | undefined
  grants: number
  readonly waiting: Address[]
  /** Of the grant that this member holds; 0: none. */
  held: number
  /** The last grant taken, so that a copy of it is known. */
  seen: number
}

export type LockMessage =
  | { readonly kind: 'ASK' }
  | { readonly kind: 'GRANT'; readonly number: number }
  | { readonly kind: 'RELEASE'; readonly number: number }
type LockCall = 'acquire' | 'release'
export interface LockOutcome {
  readonly kind: 'entered'
}
export type LockModel = ExplorationModel<LockState, LockMessage, never, LockCall, LockOutcome>
type Sink = Effects<LockMessage, never, LockOutcome>

const arbiter = address(memberId('m1'), incarnation(1))

export function lockModel(name: string, isNumbered: boolean, members: number, bounds: Bounds): LockModel {
  const names = membersNamed(members)
  const clients = names.slice(1)
  return {
    name,
    about: isNumbered
      ? 'A lock whose grants are numbered: no two members hold it.'
      : 'A lock that believes any release: shows a counterexample.',
    machine: {
      name: 'lock',
      step: (state, input, _context, effects) => step(state, input, effects, isNumbered),
      inspect: (state) => `held ${state.held}, holder ${state.holder ?? 'none'}, ${state.waiting.length} waiting`,
    },
    members: names,
    bounds,
    symmetric: clients.length <= 3 ? clients : [],
    initialState: (self) => ({ self, holder: undefined, grants: 0, waiting: [], held: 0, seen: 0 }),
    calls: clients.flatMap((member) => [acquireBy(member), acquireBy(member)]),
    history: undefined,
    onOutcome: (_history, member) => [releaseBy(member)],
    invariant: ({ members: all }) => {
      const holders = all.filter(({ state }) => (state?.held ?? 0) > 0).map((member) => member.name)
      return holders.length < 2 ? undefined : `${holders.join(' and ')} hold the lock at the same time`
    },
  }
}

function acquireBy(member: MemberId): PlannedCall<LockCall> {
  return { member, call: 'acquire' }
}

function releaseBy(member: Address): PlannedCall<LockCall> {
  return { member: memberOf(member), call: 'release', endsWithLife: true }
}

function step(state: LockState, input: Input<LockMessage, never, LockCall>, effects: Sink, isNumbered: boolean): void {
  if (input.kind === 'call') return onCall(state, input.call, effects)
  if (input.kind !== 'message') return
  const { from, message } = input
  switch (message.kind) {
    case 'ASK':
      return onAsk(state, from, effects)
    case 'GRANT':
      return onGrant(state, message.number, effects)
    case 'RELEASE':
      if (isNumbered && message.number !== state.grants) return
      return grantNext(state, effects)
  }
}

function onCall(state: LockState, call: LockCall, effects: Sink): void {
  if (call === 'acquire') return effects.send(arbiter, { kind: 'ASK' })
  effects.send(arbiter, { kind: 'RELEASE', number: state.held })
  state.held = 0
}

function onAsk(state: LockState, from: Address, effects: Sink): void {
  state.waiting.push(from)
  if (state.holder === undefined) grantNext(state, effects)
}

function onGrant(state: LockState, number: number, effects: Sink): void {
  if (number <= state.seen) return
  state.seen = number
  state.held = number
  effects.outcome({ kind: 'entered' })
}

function grantNext(state: LockState, effects: Sink): void {
  state.holder = state.waiting.shift()
  if (state.holder === undefined) return
  state.grants++
  effects.send(state.holder, { kind: 'GRANT', number: state.grants })
}

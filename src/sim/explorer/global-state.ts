/**
 * Everything that decides what can happen next: the members, the messages under way, the history, the faults spent.
 *
 * It is never changed once it is made. A successor shares all parts with it but the few that differ, so each part
 * carries the canonical forms that were made of it (`forms`, the explorer's own), and none is made twice.
 */
import { type Address, address, incarnation, type MemberId, memberOf } from '../../lib/identifiers.ts'
import type { CanonicalForm } from './canonical-form.ts'
import { canonicalText } from './canonical-text.ts'
import type { AnyModel } from './exploration.ts'

/** `forms` has one place for each permutation of names. */
export interface Part {
  readonly forms: (CanonicalForm | undefined)[]
}

export interface GlobalState<State, Message, Timer, Call, Persisted, History> {
  readonly members: readonly MemberState<State, Message, Timer, Call, Persisted>[]
  /** In the order in which they were sent. */
  readonly inFlight: readonly Flight<Message>[]
  readonly history: Recorded<History>
  readonly spent: Spent
}

export interface MemberState<State, Message, Timer, Call, Persisted> extends Part {
  readonly name: MemberId
  /** Of its present life, or of its last one. */
  readonly address: Address
  /** Undefined: it has crashed. */
  readonly state: State | undefined
  /** Its own clock: no two members' clocks have anything to do with each other. */
  readonly nowMs: number
  readonly timers: readonly ArmedTimer<Timer>[]
  /** What is on its disk. */
  readonly records: readonly Persisted[]
  /** Empty, or begins with the record that is being written; what was sent after that waits for it. */
  readonly outbox: readonly Output<Message, Persisted>[]
  readonly calls: readonly WaitingCall<Call>[]
}

export interface ArmedTimer<Timer> {
  readonly timer: Timer
  /** Equal for equal timers. */
  readonly key: string
  readonly dueAtMs: number
}

export interface WaitingCall<Call> {
  readonly call: Call
  /** Equal for equal calls. */
  readonly key: string
  readonly endsWithLife: boolean
}

export type Output<Message, Persisted> =
  | { readonly kind: 'persist'; readonly record: Persisted }
  | { readonly kind: 'send'; readonly to: Address; readonly message: Message; readonly lamport: number }

export interface Flight<Message> extends Part {
  readonly from: Address
  readonly to: Address
  readonly message: Message
  /** For traces; 0 while exploring, and no part of the state. */
  readonly lamport: number
}

export interface Recorded<History> extends Part {
  readonly value: History
}

export interface Spent extends Part {
  readonly losses: number
  readonly duplicates: number
  readonly crashes: number
  readonly timerFirings: number
  readonly persistFailures: number
}

export type AnyGlobal = GlobalState<unknown, unknown, unknown, unknown, unknown, unknown>
export type AnyMember = MemberState<unknown, unknown, unknown, unknown, unknown>
export type AnyFlight = Flight<unknown>

export function initialGlobal(model: AnyModel): AnyGlobal {
  const lives = model.members.map((name) => address(name, incarnation(1)))
  const members = lives.map((self): AnyMember => {
    const name = memberOf(self)
    const planned = model.calls.filter((each) => each.member === name)
    const calls = planned.map(({ call, endsWithLife = false }) => ({ call, key: dataKey(call), endsWithLife }))
    const state = model.initialState(self, lives)
    return { name, address: self, state, nowMs: 0, timers: [], records: [], outbox: [], calls, forms: [] }
  })
  const spent = { losses: 0, duplicates: 0, crashes: 0, timerFirings: 0, persistFailures: 0, forms: [] }
  return { members, inFlight: [], history: { value: model.history, forms: [] }, spent }
}

/** Equal for equal data. */
export function dataKey(data: unknown): string {
  return canonicalText(data, { renamed: undefined, isSorted: true })
}

/** Nothing is left to happen but faults. */
export function isAtRest(global: AnyGlobal): boolean {
  if (global.inFlight.length > 0) return false
  return global.members.every(
    (member) =>
      member.state === undefined ||
      (member.timers.length === 0 && member.outbox.length === 0 && member.calls.length === 0),
  )
}

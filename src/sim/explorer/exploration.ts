/**
 * What is explored: one machine on several members, the calls made on it, the faults allowed, and what must hold.
 *
 * The explorer walks through every order in which messages, timers, calls and faults can follow each other, so
 * nothing here is drawn by chance. Time is still, or moves only where a timer fires; `context.random` gives the same
 * numbers in every step, so a machine that draws is explored for that draw alone, unless the model says `draws: 'each'`.
 * Types only; `explore.ts` runs them.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import type { Address, MemberId } from '../../lib/identifiers.ts'
import type { Machine } from '../../lib/machine.ts'
import type { GlobalState } from './global-state.ts'

/** How much may happen in one run. What passes the last three is not looked at, and the verdict says so. */
export interface Bounds {
  readonly lossesMax: number
  readonly duplicatesMax: number
  readonly crashesMax: number
  /** Infinity is sound where firing a timer leads back to states that were seen. */
  readonly timerFiringsMax: number
  readonly persistFailuresMax: number
  readonly messagesInFlightMax: number
  readonly depthMax: number
  readonly statesMax: number
}

export interface PlannedCall<Call> {
  readonly member: MemberId
  readonly call: Call
  /** It belongs to the member's present life and vanishes with it, as a handler's reply does. */
  readonly endsWithLife?: boolean
}

/** Every function here is pure: it changes nothing but `history`, where it is given one. */
export interface ExplorationModel<State, Message, Timer, Call, Outcome, Persisted = never, History = undefined> {
  /** kebab-case; how the command line calls it. */
  readonly name: string
  /** One sentence: what runs, and what must hold. */
  readonly about: string
  readonly machine: Machine<State, Message, Timer, Call, Outcome, Persisted>
  readonly members: readonly MemberId[]
  readonly bounds: Bounds
  /** Whether messages from one member to another keep their order; `unordered` where it is left out. */
  readonly links?: 'unordered' | 'ordered'
  /** `at-rest`: only when no message is under way and no call is to be made; `any-time` where it is left out. */
  readonly timersFire?: 'any-time' | 'at-rest'
  /** `by-timers`: a timer that fires moves its member's clock on to when it was due; `still` where it is left out. */
  readonly time?: 'still' | 'by-timers'
  /** `as-inserted` where a machine acts by the order in which a Map or Set was filled; `sorted` where it is left out. */
  readonly collections?: 'sorted' | 'as-inserted'
  /** `each`: `random.below` gives every number that it may, in runs of its own; `same` where it is left out. */
  readonly draws?: 'same' | 'each'
  /** Those that may crash; all of them where it is left out. */
  readonly mortal?: readonly MemberId[]
  /**
   * Whether every state must have a way to one that is at rest, by work alone. Where it has none, members go round in
   * circles for ever (they wait for each other, and look again and again), and that is a violation.
   */
  readonly comesToRest?: boolean
  /** Members that differ by nothing but their names; at most `symmetricMax`. */
  readonly symmetric?: readonly MemberId[]
  /** Whether a member that crashed may come back; true where it is left out. */
  readonly restarts?: boolean
  /** Of each life, given all that live; a later life then takes `recovered` with what was persisted. */
  initialState(self: Address, live: readonly Address[]): State
  /** Each is made once, at any time and in any order. The same one twice is made twice. */
  readonly calls: readonly PlannedCall<Call>[]
  /**
   * Whether it arrives before anything else happens. Only for what nobody but its receiver can notice, and which its
   * receiver has nothing to do before: then the other orders lead to the same states.
   */
  arrivesAtOnce?(message: Message): boolean
  /** A message in words, for people; its `kind` where it is left out. */
  describe?(message: Message): string
  /** What is remembered of a run beside the states: plain data that the invariant reads. */
  readonly history: History
  /** The calls that the driver makes because of it, some time later. */
  onOutcome?(history: History, member: Address, outcome: Outcome): readonly PlannedCall<Call>[]
  onCrash?(history: History, member: Address): readonly PlannedCall<Call>[]
  /** `member` is the new life. */
  onRestart?(history: History, member: Address): readonly PlannedCall<Call>[]
  /** Undefined: all is well. Else a sentence that says what is wrong. */
  invariant(global: GlobalState<State, Message, Timer, Call, Persisted, History>): string | undefined
  /** The same, for states in which nothing is left to happen: no message, timer, call or write is outstanding. */
  atRest?(global: GlobalState<State, Message, Timer, Call, Persisted, History>): string | undefined
}

export type AnyModel = ExplorationModel<unknown, unknown, unknown, unknown, unknown, unknown, unknown>

/**
 * One thing that happens: plain data, so that a run can be saved as a list of these. `drawn`: what the steps of it drew,
 * in a model that explores each draw; 0 beyond its end.
 */
export type Choice = Happening & { readonly drawn?: readonly number[] }

type Happening =
  /** `index`: among the calls that this member is still to make. */
  | { readonly kind: 'call'; readonly member: MemberId; readonly index: number; readonly what: string }
  /** `index`: among the messages under way on that link. `duplicate` delivers it and keeps a copy under way. */
  | {
      readonly kind: 'deliver' | 'duplicate' | 'lose'
      readonly from: Address
      readonly to: Address
      readonly index: number
      readonly what: string
    }
  | { readonly kind: 'timer'; readonly member: MemberId; readonly index: number; readonly what: string }
  | { readonly kind: 'persisted' | 'persist-failed' | 'restart'; readonly member: MemberId }
  /** `kept`: how many of the records that were being written had reached the disk. */
  | { readonly kind: 'crash'; readonly member: MemberId; readonly kept: number }

export interface Counterexample {
  readonly violation: string
  readonly choices: readonly Choice[]
  readonly events: readonly TraceEvent[]
}

export interface ExplorationResult {
  /** `bounded`: nothing was violated in what was seen, but not everything was seen. */
  readonly verdict: 'holds' | 'violated' | 'bounded'
  readonly states: number
  readonly edges: number
  readonly depth: number
  readonly ms: number
  /** Which bounds kept it from seeing everything. */
  readonly cutBy: readonly ('statesMax' | 'depthMax' | 'messagesInFlightMax')[]
  /** Only with `violated`; no shorter one exists. Where it comes to no rest: no shorter way into the circle. */
  readonly counterexample?: Counterexample
}

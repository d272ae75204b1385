/**
 * The shape of every protocol: plain state and one pure `step`.
 *
 * A machine knows no socket, no clock and no disk. Time and randomness come in as arguments, and whatever it wants
 * done goes out through `Effects`. The order in which it calls them is a contract: what was persisted before a send
 * is on disk before that send leaves. A host acts on each effect at once; a simulator records it.
 * This file holds types only. The protocols live in `src/protocols/`.
 */
import type { Address, Instant } from './identifiers.ts'
import type { Random } from './random.ts'

/** What a machine may read besides its own state. */
export interface Context {
  readonly now: Instant
  readonly random: Random
}

/** Everything that can happen to a machine. */
export type Input<Message, Timer, Call, Persisted = never> =
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'message'; readonly from: Address; readonly message: Message }
  | { readonly kind: 'timer'; readonly timer: Timer }
  | { readonly kind: 'persisted'; readonly record: Persisted }
  | { readonly kind: 'persist-failed'; readonly record: Persisted; readonly code: string }
  | { readonly kind: 'recovered'; readonly records: readonly Persisted[] }

/** The sink through which a machine acts. A send may be lost, repeated or late; a timer may fire spuriously. */
export interface Effects<Message, Timer, Outcome, Persisted = never> {
  send(to: Address, message: Message): void
  /** Arms `timer`, replacing an earlier one that is equal to it. */
  setTimer(timer: Timer, delayMs: number): void
  clearTimer(timer: Timer): void
  persist(record: Persisted): void
  outcome(outcome: Outcome): void
}

/** A protocol as its drivers see it: a host, the simulator, the explorer and the lab all run this one. */
export interface Machine<State, Message, Timer, Call, Outcome, Persisted = never> {
  readonly name: string
  step(
    state: State,
    input: Input<Message, Timer, Call, Persisted>,
    context: Context,
    effects: Effects<Message, Timer, Outcome, Persisted>,
  ): void
  /** A short text of the state, for people. */
  inspect(state: State): string
}

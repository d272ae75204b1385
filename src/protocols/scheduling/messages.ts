/**
 * Scheduling: what the driver tells the machine, and what the machine says in return.
 *
 *   driver                       machine
 *   | add 1, add 2 ------------->|  ready
 *   |<------------- run 1 on 0   |  core 0 had nothing to do
 *   | block 1 ------------------>|  it waits for a disk
 *   |<------------- run 2 on 0   |
 *   | unblock 1 ---------------->|  ready; the rule says whether 2 must make room at once
 *   |      (quantum of core 0)   |  2 has had its turn
 *   |<------------- run 1 on 0   |  2 is ready again
 *   | end 1, end 2 ------------->|
 *   |<------------- idle 0       |
 *
 * No message goes anywhere: the machine is one computer's. A driver is a simulator, a scheduler within one process, or the
 * run-time system of threads in user space.
 */
import type { Effects } from '../../lib/machine.ts'

export const ruleNames = [
  ...(['chorus', 'first-come', 'round-robin', 'priority'] as const),
  ...(['shortest', 'shortest-remaining', 'feedback', 'lottery', 'stride'] as const),
] as const
export type RuleName = (typeof ruleNames)[number]

export type Message = never

/** `quantum`: whoever runs on that core has had its turn. `age`: it is time to lift those that have waited long. */
export type Timer = { readonly kind: 'quantum'; readonly core: number } | { readonly kind: 'age' }

/** A `task` and a `process` are the driver's numbers for them. */
export interface NewTask {
  readonly task: number
  readonly process: number
  /** Relative to its process; their sum is the absolute priority. Greater is more urgent. Default 0. */
  readonly priority?: number
  /** How long its first burst will be, where that is known; else it is guessed. */
  readonly burstMs?: number
  /** Its share, by the rules that deal in shares. Default 1. */
  readonly tickets?: number
}

export type Call =
  /** They come at one moment: none of them runs before all are there. */
  | { readonly kind: 'add'; readonly tasks: readonly NewTask[] }
  | { readonly kind: 'block' | 'yield' | 'end'; readonly task: number }
  /** It is at a point where it can stop: it does where its turn is over or somebody ready goes before it. */
  | { readonly kind: 'offer'; readonly task: number }
  /** It was chosen, or has offered, and goes on only now: what passed in between is not of its turn. Whoever has come since may go before it. */
  | { readonly kind: 'begin'; readonly task: number }
  | { readonly kind: 'unblock'; readonly task: number; readonly burstMs?: number }
  | { readonly kind: 'adjust'; readonly task: number; readonly priority?: number; readonly tickets?: number }
  /** All tasks of the process move with it. It is forgotten with the last of them. */
  | { readonly kind: 'adjust-process'; readonly process: number; readonly priority: number }

export type RefusalReason =
  | 'too-many-tasks'
  | 'too-many-processes'
  | 'task-known'
  | 'task-unknown'
  /** Only what runs can yield, offer or begin. */
  | 'not-running'
  | 'not-blocked'
  | 'already-blocked'
  /** Process and task together must be a whole number from 0 to `priorityMax`. */
  | 'priority-out-of-range'
  /** A length or a number of tickets that makes no sense. */
  | 'number-invalid'

export type Outcome =
  /** From now on; what ran there before does not any more. Told only where it is another one than before. */
  | { readonly kind: 'run'; readonly task: number; readonly core: number }
  /** Nothing is ready. */
  | { readonly kind: 'idle'; readonly core: number }
  | {
      readonly kind: 'refused'
      readonly call: Call['kind']
      readonly subject: number
      readonly reason: RefusalReason
    }

export type Sink = Effects<Message, Timer, Outcome>

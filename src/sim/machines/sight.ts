/**
 * What can be seen of a run of machines, in its order: for transcripts, and for checks between two steps.
 *
 * It is finer than a trace and holds the things themselves instead of texts, so it costs more and is never saved.
 * Types only.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Input } from '../../lib/machine.ts'

export type Sight<Message, Timer, Call, Outcome, Persisted = never> =
  | { readonly kind: 'input'; readonly member: Address; readonly input: Input<Message, Timer, Call, Persisted> }
  | { readonly kind: 'stepped'; readonly member: Address }
  | {
      readonly kind: 'sent'
      readonly from: Address
      readonly to: Address
      readonly message: Message
      /** After how many milliseconds each copy arrives: none is a loss, two are a repetition. */
      readonly delaysMs: readonly number[]
    }
  | { readonly kind: 'timer'; readonly member: Address; readonly timer: Timer; readonly delayMs: number }
  | { readonly kind: 'persist'; readonly member: Address; readonly record: Persisted }
  | { readonly kind: 'outcome'; readonly member: Address; readonly outcome: Outcome }
  | { readonly kind: 'started' | 'crashed' | 'paused' | 'resumed'; readonly member: Address }

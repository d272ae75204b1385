/**
 * The classical forms of a call: four questions with three answers each, which makes 81 (Tanenbaum, 1995).
 *
 * Reliability and buffering are options of our call machine; addressing and blocking belong to the program above it.
 */
import type { Form } from '../../protocols/rpc/state.ts'

export interface CallForm {
  /** How the client knows where the server is. */
  readonly addressing: 'machine-number' | 'sparse-address' | 'name-server'
  /** What the program waits for when it sends. */
  readonly blocking: 'blocking' | 'copied' | 'interrupting'
  /** What becomes of a request that finds no free handler. */
  readonly buffering: Form['buffering']
  readonly reliability: Form['reliability']
}

const addressings: readonly CallForm['addressing'][] = ['machine-number', 'sparse-address', 'name-server']
const blockings: readonly CallForm['blocking'][] = ['blocking', 'copied', 'interrupting']
const bufferings: readonly CallForm['buffering'][] = ['discard', 'hold', 'mailbox']
const reliabilities: readonly CallForm['reliability'][] = ['none', 'request-ack-reply-ack', 'request-reply-ack']

export const callForms: readonly CallForm[] = addressings.flatMap((addressing) =>
  blockings.flatMap((blocking) =>
    bufferings.flatMap((buffering) =>
      reliabilities.map((reliability) => ({ addressing, blocking, buffering, reliability })),
    ),
  ),
)

/**
 * A call of this member that has no answer yet: what it is, who has it at the moment, and what its tries have done.
 */
import type { Cancel } from '../../edges/clock.ts'
import type { Executed } from '../../lib/cardumen-error.ts'
import type { Binding } from './call-binding.ts'
import type { ItemStream } from './item-stream.ts'
import type { ServerEntry } from '../ports/names.ts'
import type { CallOptions, Semantics } from '../service.ts'

const retryMinMs = 20
const retryMaxMs = 1_000

export interface PendingCall {
  readonly token: number
  readonly binding: Binding
  readonly body: Uint8Array
  readonly options: CallOptions
  readonly deadline: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly stream: ItemStream | undefined
  onAbort: (() => void) | undefined
  /** Has the call at this moment. */
  server: ServerEntry | undefined
  tries: number
  waits: number
  cancelWait: Cancel | undefined
  /** What the tries before this one have done. */
  ran: Executed
  hasItems: boolean
}

export function semanticsOf({ binding, options }: PendingCall): Semantics {
  return options.semantics ?? (binding.definition.idempotent === true ? 'at-least-once' : 'at-most-once')
}

/** Until it is tried again: twice as long each time, and never beyond its deadline. */
export function nextDelayMs(pending: PendingCall, now: number, delayMsMax = retryMaxMs): number {
  const delayMs = retryMinMs * 2 ** Math.min(pending.waits++, 10)
  return Math.min(delayMsMax, delayMs, Math.max(0, pending.deadline - now))
}

/** What it waits for, for people. */
export function waitOf({ binding, server }: PendingCall): string {
  return `${binding.subject}${server === undefined ? ', of nobody yet' : ` of ${server.address}`}`
}

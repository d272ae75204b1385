/**
 * Cancellation: the AbortSignal of Node and browsers, seen from rooms that compile with neither's types.
 *
 * The empty global interface merges with the real one wherever that is known, so a `Signal` of ours can be handed to
 * `fetch` there, and a program's AbortSignal to us. Only the members listed here are used.
 */
declare global {
  interface AbortSignal {}
}

export type Signal = AbortSignal & {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The owner's side of a signal. */
export interface SignalSource {
  readonly signal: Signal
  abort(reason?: unknown): void
}

declare const AbortController: new () => SignalSource

export function signalSource(): SignalSource {
  return new AbortController()
}

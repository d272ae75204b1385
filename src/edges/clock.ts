/**
 * Time, as a member sees it: monotonic, with timers, and with a way to run something once the present turn is over.
 *
 * Wall-clock time appears in what people read (traces, `info`), and decides one thing: when a capability has expired,
 * since that was said in wall-clock time by somebody on another machine.
 */
import type { Instant } from '../lib/identifiers.ts'

export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  now(): Instant
  /** Milliseconds since 1970; it may leap. */
  wallMs(): number
  /** Runs `run` once after at least `delayMs`. A `background` timer keeps no process alive. */
  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Cancel
  /** Runs `run` after the events and promises that are at hand now: the moment to send what they left. */
  soon(run: () => void): void
}

/** Harmless when called late or twice. */
export type Cancel = () => void

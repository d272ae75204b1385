/**
 * How a service is served: what may be said about it, and what is in hand while it is.
 *
 * Programs and servers of ours serve alike (`Member.serve`); ours may also say which errors are their own words.
 */
import type { Capability } from './capability.ts'

export interface ServeOptions {
  /** Enters the service under this name; several servers may share one. */
  readonly name?: string
  /** Handlers that run at once; further calls wait in the mailbox. */
  readonly concurrency?: number
  /** Calls that may wait; a further one is told to try again (TA). */
  readonly mailbox?: number
}

/** For servers of ours. */
export interface KernelServeOptions extends ServeOptions {
  /**
   * The CardumenErrors of its handlers go to the caller as they are and say truthfully whether the operation ran.
   * Without it whatever a handler throws is `handler-failed`.
   */
  readonly speaksForItself?: boolean
}

/** A service while it is served. */
export interface Served extends AsyncDisposable {
  readonly capability: Capability
  /** Of another object of this server; its handlers read the number from `context.object`. */
  capabilityFor(object: number): Capability
  /** Takes no more calls; those that run may end. */
  close(): Promise<void>
}

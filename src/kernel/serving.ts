/**
 * How a service is served: what may be said about it, and what is in hand while it is.
 *
 * Programs and servers of ours serve alike (`Member.serve`); ours may also say which errors are their own words.
 */
import type { Address } from '../lib/identifiers.ts'
import type { Condition } from '../edges/engine.ts'
import type { Capability } from './capabilities/capability.ts'
import type { ObjectHooks } from './standard/standard-objects.ts'
import type { Rights } from './capabilities/rights.ts'

export interface ServeOptions {
  /** Enters the service under this name; several servers may share one. */
  readonly name?: string
  /** What the capability grants that the name leads to. Default: everything. */
  readonly nameRights?: Rights
  /** Handlers that run at once; further calls wait in the mailbox. */
  readonly concurrency?: number
  /** Calls that may wait; a further one is told to try again (TA). */
  readonly mailbox?: number
  /**
   * Keeps port, key and revocations in the engine under this name, so that capabilities go on working when the server
   * starts again or moves to another member. One live member at a time serves an identity. Left out: they end with
   * this serving.
   */
  readonly identity?: string
  /** What is particular of its objects in the operations that every object has. */
  readonly objects?: ObjectHooks
}

/** For servers of ours. */
export interface KernelServeOptions extends ServeOptions {
  /**
   * The CardumenErrors of its handlers go to the caller as they are and say truthfully whether the operation ran.
   * Without it whatever a handler throws is `handler-failed`.
   */
  readonly speaksForItself?: boolean
  /** Checks nothing but the port, as a yardstick for what capabilities cost. Only for benches. */
  readonly isBare?: boolean
}

/** A service while it is served. */
export interface Served extends AsyncDisposable {
  /** Of the service itself, object 0, with all rights: the super-capability. */
  readonly capability: Capability
  /** Of another object of this server; its handlers read the number from `context.object`. Default: all rights. */
  capabilityFor(object: number, rights?: Rights): Capability
  /** Every capability of the object that was given out so far is refused from now on. Durable where the identity is. */
  revokeAll(object: number): Promise<void>
  /**
   * The capability with this branch, and all narrowed from it, are refused from now on.
   * @param expiresAtMs - when that capability expires by itself: some time after it nothing needs to be kept.
   */
  revokeBranch(object: number, branch: string, expiresAtMs?: number): Promise<void>
  /**
   * Whether it is this server's, unexpired and unrevoked, and what it grants; undefined where it is not, and where it
   * is narrowed to operations or bound to a holder and the use is not said to be one of those.
   */
  opens(
    capability: Capability,
    use?: { readonly operation?: string; readonly caller?: Address },
  ): { readonly object: number; readonly rights: number } | undefined
  /**
   * What everything that it writes is to be conditional on, where its identity is kept: that no other serves it now.
   * None where it is drawn.
   */
  readonly fence: readonly Condition[]
  /** Whether it may still answer: false while another member may serve its identity. */
  isOurs(): boolean
  /** Takes no more calls; those that run may end. */
  close(): Promise<void>
}

/**
 * What a service says of its objects, for the operations that every object answers.
 */
import type { CallContext } from '../service.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Rights } from '../capabilities/rights.ts'

/** Plain values that travel. */
export type ParameterValue = string | number | boolean

/** One tunable of an object. */
export interface Parameter {
  readonly type: 'text' | 'number' | 'truth'
  readonly description: string
  get(object: number): ParameterValue | Promise<ParameterValue>
  /** Left out: it can only be read. Throws a CardumenError for a value that makes no sense. */
  set?(object: number, value: ParameterValue): void | Promise<void>
}

/** All of it may be left out: then every object has a line of `info`, and nothing can be destroyed, copied or tuned. */
export interface ObjectHooks {
  /** False: `object-unknown`. Left out: every number that a genuine capability has is an object. */
  has?(object: number): boolean | Promise<boolean>
  /** A short line for people, as `ls -l` prints. */
  info?(object: number, context: CallContext): string | Promise<string>
  /** The server's statistics, beside those that every server has. */
  status?(
    object: number,
    context: CallContext,
  ): Readonly<Record<string, ParameterValue>> | Promise<Readonly<Record<string, ParameterValue>>>
  /** Deletes the object. Its capabilities are refused afterwards. */
  destroy?(object: number, context: CallContext): void | Promise<void>
  /** A new object of this server with the contents of `original`. */
  copy?(original: Capability, context: CallContext): Capability | Promise<Capability>
  /**
   * Every capability of the object that was given out before is refused; `fresh` opens it with all rights. Called before
   * the revocation is acknowledged.
   */
  revoked?(object: number, fresh: Capability): void | Promise<void>
  readonly parameters?: Readonly<Record<string, Parameter>>
  /** Default: `read` and `modify`. */
  readonly parameterRights?: { readonly get: Rights; readonly set: Rights }
  /** Objects that are to go when nobody touches them any more. Left out: none is ever collected. */
  collectable?(): Iterable<number> | AsyncIterable<number>
}

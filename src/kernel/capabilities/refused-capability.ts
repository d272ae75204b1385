/**
 * Why a request was turned away before anything ran: the code that its caller hears, and the reason that is counted.
 *
 * They differ on purpose. Whoever has no genuine capability hears one text whatever is wrong with it, so that a forger
 * learns nothing; who looks after the server is told more. None of them has anything of the capability in it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import type { RefusalReason } from './refusals.ts'

export class RefusedCapability extends CardumenError {
  readonly reason: RefusalReason

  constructor(code: ErrorCode, reason: RefusalReason, message: string) {
    super(code, message)
    this.reason = reason
  }
}

/** Not one that this server made, or not this caller's. */
export function forged(reason: 'forged' | 'holder' = 'forged'): RefusedCapability {
  return new RefusedCapability('capability-refused', reason, 'This server gave out no such capability to this member.')
}

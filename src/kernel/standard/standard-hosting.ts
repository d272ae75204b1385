/**
 * Gives a service the operations that every object has, over what its member knows of callers and of the audit; and has
 * what the server itself revokes recorded in the same way.
 */
import type { Address } from '../../lib/identifiers.ts'
import { type Audit, type AuditNote, recordBeside } from './audit.ts'
import type { RefusalSink } from '../calls/dispatch.ts'
import type { ServedService } from '../calls/served-service.ts'
import type { Served } from '../serving.ts'
import type { ObjectHooks } from './standard-objects.ts'
import { standardOperationsOf } from './standard-operations.ts'

export interface StandardSurroundings {
  readonly audit: Audit
  /** The key that a caller proved when its link was made. */
  publicKeyOf(caller: Address): Uint8Array | undefined
  /** Who counts refusals, and says who was refused too often. */
  readonly refusals: RefusalSink
}

/** Before anything of it is served. */
export function addStandardOperations(served: ServedService, hooks: ObjectHooks, around: StandardSurroundings): void {
  const { name, port } = served
  const host = {
    name,
    port,
    capabilityFor: served.capabilityFor.bind(served),
    revokeAll: served.revokeAll.bind(served),
    revokeBranch: served.revokeBranch.bind(served),
    revokedBranches: served.revokedBranches.bind(served),
    descends: served.descends.bind(served),
    record: around.audit.record.bind(around.audit),
    opens: (capability, { operation, caller } = {}) =>
      served.opens(capability, {
        ...(operation !== undefined && { operation }),
        ...(caller !== undefined && {
          publicKey: around.publicKeyOf(caller),
          onRefused: (reason) => around.refusals.onRefused(caller, reason),
        }),
      }),
    mayVerify: (caller) => around.refusals.mayVerify(caller),
  } satisfies Parameters<typeof standardOperationsOf>[0]
  served.addOperations(standardOperationsOf(host, hooks))
}

/** For the server itself, who needs no right. @param self - this member. */
export function recordedRevocations(
  served: ServedService,
  audit: Audit,
  self: Address,
): Pick<Served, 'revokeAll' | 'revokeBranch'> {
  const { name, port } = served
  const note = { who: self, port, name }
  const record = (each: AuditNote): ReturnType<Audit['record']> => audit.record(each)
  return {
    revokeAll: (object) => recordBeside(record, { ...note, what: 'revoked', object }, served.revokeAll(object)),
    revokeBranch: (object, branch, expiresAtMs) =>
      recordBeside(
        record,
        { ...note, what: 'branch-revoked', object, branch },
        served.revokeBranch(object, branch, expiresAtMs),
      ),
  }
}

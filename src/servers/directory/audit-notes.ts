/** What the audit is told of changes of rows: who did what where, and by which capability; nothing that opens anything. */
import type { AuditNote } from '../../kernel/standard/audit.ts'
import { Capability } from '../../kernel/capabilities/capability.ts'
import { hasRights } from '../../kernel/capabilities/rights.ts'
import type { CallContext } from '../../kernel/service.ts'
import type { PlannedChange } from './plan.ts'

export function auditNotesOf(
  { caller: who, capability }: CallContext,
  changes: readonly PlannedChange[],
): readonly AuditNote[] {
  const { branch } = capability
  const port = Capability.portOf(capability)
  return changes.map((change) => ({
    what: actOf(change),
    who,
    port,
    object: change.directory,
    name: change.name,
    branch,
  }))
}

/** Masks that give nobody anything new restrict the row. */
function actOf({ kind, before, after }: PlannedChange): AuditNote['what'] {
  if (kind !== 'masks') return kind
  return after.every((mask, at) => hasRights(before[at] ?? 0, mask)) ? 'restricted' : 'masks'
}

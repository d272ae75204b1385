/**
 * The changes of rows: what each needs, when it is refused, and what it writes. Pure; `writes.ts` carries them out.
 *
 * A row that the caller may not know of is to him as if it were not there, but that its name cannot be had.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  absent,
  defaultMasks,
  grantedBy,
  hidden,
  masksAfter,
  mayKnowOf,
  narrowed,
  needRight,
  wholeMasks,
} from './access.ts'
import type { Masks } from './changes.ts'
import type { Plan, Target } from './plan.ts'
import type { DirectoryRow } from './rows.ts'

/** As it comes from a caller. */
export interface Edit {
  readonly kind: 'enter' | 'replace' | 'remove' | 'masks'
  readonly capabilities: readonly Capability[] | undefined
  readonly masks: Masks | undefined
  readonly expected: number | undefined
}

/** Who asks, and how. */
export interface Asking {
  readonly operation: string
  readonly nowMs: number
  readonly caller: string
  /** As a part of an install: then whatever is not as expected is a clash. */
  readonly isInstall: boolean
}

/** @throws CardumenError `right-missing`, `name-exists`, `name-unknown`, `name-clash`, `access-refused`, `option-invalid`. */
export function planEdit(plan: Plan, target: Target, edit: Edit, asking: Asking): void {
  needRight(target.place.rights, 'modify', asking.operation)
  switch (edit.kind) {
    case 'enter':
      if (target.row.value !== undefined) throw asking.isInstall ? clash() : nameExists()
      return plan.put(target, 'entered', enteredRow(given(edit.capabilities), edit.masks, asking))
    case 'replace': {
      const { masks } = presentRow(target, edit, asking)
      return plan.put(target, 'replaced', enteredRow(given(edit.capabilities), masks, asking))
    }
    case 'remove':
      presentRow(target, edit, asking)
      return plan.remove(target)
    case 'masks': {
      const row = presentRow(target, edit, asking)
      const masks = masksAfter(row.masks, given(edit.masks), target.place.rights)
      return plan.put(target, 'masks', { ...row, masks })
    }
  }
}

/** @throws CardumenError as `planEdit`. */
export function planMove(plan: Plan, source: Target, target: Target, asking: Asking): void {
  needRight(source.place.rights, 'modify', asking.operation)
  needRight(target.place.rights, 'modify', asking.operation)
  const { value: row } = source.row
  if (row === undefined || !mayKnowOf(row.masks, source.place.rights)) throw absent()
  const granted = grantedBy(row.masks, source.place.rights)
  if (granted === 0) throw hidden()
  // Its only way there would go with its name, and nobody would find it again.
  if (target.place.conditions.some(({ key }) => key === source.row.key))
    throw new CardumenError('option-invalid', 'A directory cannot be moved to a name below itself.')
  if (target.row.value !== undefined) throw nameExists()
  const capabilities = row.capabilities.map((capability) => narrowed(capability, granted))
  plan.remove(source)
  plan.put(target, 'entered', enteredRow(capabilities, row.masks, asking))
}

function enteredRow(capabilities: readonly Capability[], masks: Masks | undefined, asking: Asking): DirectoryRow {
  if (capabilities.length === 0) throw new CardumenError('option-invalid', 'A row names at least one capability.')
  // Every look-up must be able to narrow it: one that is at its bound already is refused here, and not to everybody there.
  for (const capability of capabilities) narrowed(capability, 0)
  const { nowMs: enteredMs, caller: enteredBy } = asking
  return { capabilities, masks: masks === undefined ? defaultMasks : wholeMasks(masks), enteredMs, enteredBy }
}

/** The row that is to change, where it is as the caller expects it. */
function presentRow({ row, place }: Target, { expected }: Edit, { isInstall }: Asking): DirectoryRow {
  if (row.value === undefined || !mayKnowOf(row.value.masks, place.rights)) throw isInstall ? clash() : absent()
  if (expected !== undefined && expected !== row.version) throw clash()
  return row.value
}

function given<Value>(value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new CardumenError('option-invalid', 'The change lacks what it is to write.')
}

function nameExists(): CardumenError {
  return new CardumenError('name-exists', 'The directory has a row of this name.')
}

function clash(): CardumenError {
  return new CardumenError('name-clash', 'A row is not as the change expected it; nothing was changed.')
}

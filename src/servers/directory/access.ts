/**
 * Who sees what of a row: the columns that a directory's capability grants, and the masks that a row has for them.
 *
 * The rights that a look-up gives are the union of the masks of the columns held, taken from what the row's
 * capabilities grant. A row of which nothing is left is hidden: it is not there for whoever asks, but for holders of
 * the owner's column, who see its name and may change its masks, and get nothing by it either.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { allRights, hasRights, type RightName, rights, rightsText } from '../../kernel/capabilities/rights.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Masks } from './changes.ts'

const columnBits = [rights.owner, rights.group, rights.other, rights.fourth] as const
export const columnNames = ['owner', 'group', 'other', 'fourth'] as const

/** Where whoever enters says nothing: its owners everything, all others may look. */
export const defaultMasks: Masks = [allRights, rights.read | rights.group | rights.other, rights.read | rights.other, 0]

export function hasColumn(held: number): boolean {
  return columnBits.some((bit) => (held & bit) !== 0)
}

export function isOwner(held: number): boolean {
  return (held & rights.owner) !== 0
}

/** The union of the masks of the columns held. */
export function grantedBy(masks: Masks, held: number): number {
  return columnBits.reduce((sum, bit, at) => ((held & bit) === 0 ? sum : (sum | (masks[at] ?? 0)) >>> 0), 0)
}

export function mayKnowOf(masks: Masks, held: number): boolean {
  return isOwner(held) || grantedBy(masks, held) !== 0
}

/** @throws CardumenError `too-large` where it has been narrowed too often. */
export function narrowed(capability: Capability, mask: number): Capability {
  return hasRights(mask, capability.rights) ? capability : capability.restrict({ rights: mask })
}

/**
 * Masks as they are kept: always four. A column is given no more than it has, or than whoever asks gets of the row
 * himself, so nobody helps himself to more through a column that he holds; the owner's column may do as it likes.
 * @throws CardumenError `access-refused`
 */
export function masksAfter(before: Masks, wanted: Masks, held: number): Masks {
  const after = wholeMasks(wanted)
  const own = grantedBy(before, held)
  const isWider = after.some((mask, at) => !hasRights(((before[at] ?? 0) | own) >>> 0, mask))
  if (!isWider || isOwner(held)) return after
  throw new CardumenError(
    'access-refused',
    'Without the column "owner" no column can be given more than it has, or than you get of the row yourself.',
  )
}

export function wholeMasks(given: Masks): Masks {
  return columnBits.map((_, at) => given[at] ?? 0)
}

/** @throws CardumenError `right-missing` */
export function needRight(held: number, name: RightName, operation: string): void {
  if (hasRights(held, rights[name])) return
  throw new CardumenError(
    'right-missing',
    `directory.${operation} needs ${name} in the directory of the name; what led there grants ${rightsText(held)}.`,
  )
}

/** @throws CardumenError `access-refused` */
export function needColumn(held: number): void {
  if (!hasColumn(held)) throw new CardumenError('access-refused', 'The capability of this directory grants no column.')
}

/** What whoever may not know of it hears, and of a row that is not there. */
export function absent(): CardumenError {
  return new CardumenError('name-unknown', 'The directory has no row of this name.')
}

/** For owners only: others hear that it is absent. */
export function hidden(): CardumenError {
  return new CardumenError('access-refused', 'The masks of this row leave nothing to the columns of the capability.')
}

/**
 * Rights and masks as people write them: `read,modify` after `--rights`, `owner=all,group=read+group,other=` for the
 * columns of a row.
 *
 * A column that is not named keeps what it has, so `chmod other= /x` takes one column's rights and leaves the rest.
 */
import { allRights, type RightName, rightsOf, rightsText } from '../kernel/capabilities/rights.ts'
import { CardumenError } from '../lib/cardumen-error.ts'

/** In the order in which a directory keeps them. */
export const columnNames = ['owner', 'group', 'other', 'fourth'] as const
export type ColumnName = (typeof columnNames)[number]
export type GivenMasks = Readonly<Partial<Record<ColumnName, number>>>

/** @throws CardumenError `option-invalid`. */
export function parseRights(text: string): number {
  const words = text.split(/[,+\s]+/).filter((word) => word !== '')
  return words.reduce((bits, word) => (bits | bitsOf(word)) >>> 0, 0)
}

/** @throws CardumenError `option-invalid`. */
export function parseMasks(text: string): GivenMasks {
  const masks: Partial<Record<ColumnName, number>> = {}
  for (const part of text.split(',')) {
    const [name = '', bits] = part.split(/=(.*)/s)
    const column = columnNames.find((each) => each === name.trim())
    if (column === undefined || bits === undefined) throw noMasks(`"${part}" is no mask of a column.`)
    if (masks[column] !== undefined) throw noMasks(`The column "${column}" is given twice.`)
    masks[column] = parseRights(bits)
  }
  return masks
}

/** What `parseMasks` reads. */
export function masksText(masks: readonly number[]): string {
  return columnNames
    .flatMap((name, at) => {
      const mask = masks[at]
      return mask === undefined ? [] : [`${name}=${mask === 0 ? '' : plusJoined(mask)}`]
    })
    .join(',')
}

/** `read+modify`, without a blank. */
export function plusJoined(bits: number): string {
  return rightsText(bits).replaceAll(' ', '+')
}

/** The masks of a row once those that were given are in place. */
export function withMasks(present: readonly number[], given: GivenMasks): readonly number[] {
  const columns = Math.max(present.length, ...columnNames.map((name, at) => (given[name] === undefined ? 0 : at + 1)))
  return columnNames.slice(0, columns).map((name, at) => given[name] ?? present[at] ?? 0)
}

function bitsOf(word: string): number {
  if (word === 'none') return 0
  if (word === 'all') return allRights
  return /^0x[0-9a-f]{1,8}$/i.test(word) ? Number(word) : rightsOf(word as RightName)
}

function noMasks(what: string): CardumenError {
  return new CardumenError('option-invalid', `${what} Masks look like owner=all,group=read+group,other=`, {
    hint: `The columns are ${columnNames.join(', ')}; rights are joined by "+".`,
  })
}

/**
 * Rights: 32 bits that say what the holder of a capability may do to its object.
 *
 * The low eight are the classical ones, after Amoeba's servers; the next four are the columns of a directory; the upper
 * half is for each service to give a meaning to. An operation states which bits it needs, a capability carries the bits
 * it grants, and every restriction is a logical "and": none is ever added.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

/** Bits with a name that every service shares. Those of 0x1_0000 and up are the service's own. */
export const rights = {
  create: 0x1,
  read: 0x2,
  modify: 0x4,
  destroy: 0x8,
  admin: 0x80,
  /** Columns of a directory: what its holder sees of each row. */
  owner: 0x100,
  group: 0x200,
  other: 0x400,
  fourth: 0x800,
} as const

export const allRights = 0xffff_ffff

export type RightName = keyof typeof rights

/** A name, several, or the bits themselves. `all` is every bit. */
export type Rights = RightName | 'all' | number | readonly RightName[]

/** The bits of what a program gave. @throws CardumenError `option-invalid`. */
export function rightsOf(given: Rights): number {
  if (typeof given === 'number') return checkedBits(given)
  if (given === 'all') return allRights
  const names: unknown = typeof given === 'string' ? [given] : given
  if (Array.isArray(names)) return names.reduce<number>((bits, name) => (bits | bitOf(name)) >>> 0, 0)
  throw new CardumenError('option-invalid', 'Rights are the name of one, a list of names, all, or 32 bits.')
}

/** Whether `held` has every bit of `needed`. */
export function hasRights(held: number, needed: number): boolean {
  return (held & needed) >>> 0 === needed >>> 0
}

/** For people: `read modify`, `all`, `none`; bits without a name in hexadecimal. */
export function rightsText(bits: number): string {
  if (bits >>> 0 === allRights) return 'all'
  if (bits === 0) return 'none'
  const named = Object.entries(rights).filter(([, bit]) => hasRights(bits, bit))
  const rest = named.reduce((left, [, bit]) => (left & ~bit) >>> 0, bits >>> 0)
  const words = named.map(([name]) => name)
  return [...words, ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join(' ')
}

function bitOf(name: unknown): number {
  if (typeof name === 'string' && Object.hasOwn(rights, name)) return rights[name as RightName]
  const told = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : `A ${typeof name}`
  throw new CardumenError('option-invalid', `${told} is no right; they are ${Object.keys(rights).join(', ')} and all.`)
}

function checkedBits(bits: number): number {
  if (Number.isInteger(bits) && bits >= 0 && bits <= allRights) return bits
  throw new CardumenError('option-invalid', `${bits} is no set of rights: they are 32 bits.`)
}

/** Checks of the names and numbers that a program gives to its member, and the name of one that was given none. */
import type { Crypto } from '../edges/crypto.ts'
import { toHex } from '../lib/bytes.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { isMemberId, type MemberId, memberId } from '../lib/identifiers.ts'

/** Of what was given wrongly, in the message about it. */
const shownCharactersMax = 200

export function givenMemberName(name: string): MemberId {
  if (isMemberId(name)) return name
  throw new CardumenError('name-invalid', `"${name}" is no name for a member: 1 to 64 of a-z 0-9 . _ -`)
}

export function drawnMemberName(crypto: Crypto): MemberId {
  return memberId(`member-${toHex(crypto.randomBytes(4))}`)
}

export function checkServiceName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name)) return
  const hint = 'A capability as text is made one by Capability.parse.'
  const isSecret = name.trimStart().startsWith('cap:')
  const told = isSecret ? 'The text of a capability' : JSON.stringify(name.slice(0, shownCharactersMax))
  throw new CardumenError('name-invalid', `${told} is no name: 1 to 128 of a-z 0-9 . _ -`, isSecret ? { hint } : {})
}

export function atLeast(least: number, option: string, value: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new CardumenError('option-invalid', `${option} is ${value}; it is a whole number from ${least}.`)
}

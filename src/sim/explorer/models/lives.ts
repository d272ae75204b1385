/**
 * What members hear of each other's lives: that one is over, that a new one has begun. The kernel tells its machines
 * the same, from the engine.
 *
 * Whoever lives hears it some time later, in any order; a life that begins is given the others as they are.
 */
import { type Address, type MemberId, memberOf } from '../../../lib/identifiers.ts'
import type { PlannedCall } from '../exploration.ts'

type Parted = { readonly kind: 'parted'; readonly peer: Address }
type Joined = { readonly kind: 'joined'; readonly address: Address }

export function partedCalls(members: readonly MemberId[], peer: Address): PlannedCall<Parted>[] {
  return others(members, peer).map((member) => ({ member, call: { kind: 'parted', peer }, endsWithLife: true }))
}

export function joinedCalls(members: readonly MemberId[], address: Address): PlannedCall<Joined>[] {
  return others(members, address).map((member) => ({ member, call: { kind: 'joined', address }, endsWithLife: true }))
}

function others(members: readonly MemberId[], life: Address): MemberId[] {
  return members.filter((name) => name !== memberOf(life))
}

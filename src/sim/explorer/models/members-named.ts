/**
 * The names of the members of a built-in model: m1, m2, …
 */
import { type MemberId, memberId } from '../../../lib/identifiers.ts'

export function membersNamed(count: number): MemberId[] {
  return Array.from({ length: count }, (_, index) => memberId(`m${index + 1}`))
}

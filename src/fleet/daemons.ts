/**
 * What `up` and `down` share: which state folder is meant, and which members are daemons.
 *
 * A daemon is only a member that offers to run things, in a process of its own (`daemon-process.ts`); a tag tells it
 * from programs that joined by themselves.
 */
import type { MemberEntry } from '../kernel/membership.ts'
import type { System } from '../servers/system.ts'

export interface FleetOptions {
  readonly home?: string
  readonly system?: string
}

export function placeOf({ home, system }: FleetOptions): FleetOptions {
  return { ...(home !== undefined && { home }), ...(system !== undefined && { system }) }
}

export function daemonsOf(system: System): readonly MemberEntry[] {
  return system.members().filter((entry) => entry.tags['daemon'] === 1)
}

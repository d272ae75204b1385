/**
 * A command as a member: it joins for as long as it works, under a drawn name and a tag that says what it is.
 *
 * So a command needs no daemon to talk to: it asks the members themselves. Those that only look do not begin a system
 * where there is none.
 */
import type { MemberEntry } from '../kernel/membership.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { hasState, stateFolderOf } from '../state-folder.ts'
import { join } from '../join.ts'
import type { System } from '../servers/system.ts'
import type { StandardOptions } from './standard-options.ts'

export const commandTag = 'command'

/** @throws CardumenError `system-absent`, `state-unwritable`, and what `join` throws. */
export function joinExisting(options: StandardOptions, command: string): Promise<System> {
  const folder = stateFolderOf(options)
  if (!hasState(folder)) throw absent(folder)
  return joinAs(options, command)
}

export function joinAs({ home, system }: StandardOptions, command: string): Promise<System> {
  return join({
    ...(home !== undefined && { home }),
    ...(system !== undefined && { system }),
    tags: { [commandTag]: command },
  })
}

/** The members that are no commands, by name: m2 before m10. */
export function membersOf(system: System): readonly MemberEntry[] {
  return system
    .members()
    .filter((entry) => entry.tags[commandTag] === undefined)
    .toSorted((left, right) => compareNames(left.id, right.id))
}

/** The names that are served by more than commands, which are gone in a moment. */
export function namesOf(system: System): readonly string[] {
  const lasting = new Set(membersOf(system).map((entry) => entry.address))
  const { member } = system
  return member.names().filter((name) => member.servers(name).some((server) => lasting.has(server.address)))
}

/** @throws CardumenError `system-absent` where nobody but this command is in. */
export function refuseIfEmpty(system: System): void {
  if (membersOf(system).length === 0) throw absent(system.stateFolder)
}

export function compareNames(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true })
}

function absent(folder: string): CardumenError {
  return new CardumenError('system-absent', `Nothing is running in ${folder}.`)
}

/**
 * The words that a shell offers: the first line says whether they are all, or whether the shell shall go on with files
 * or folders of its own; then one on each line.
 *
 * Whoever presses Tab waits for it, so it looks only at a system that runs, for three seconds at most, and whatever goes
 * wrong, nothing is offered and nothing is said.
 */
import { homedir } from 'node:os'
import type { System } from '../../servers/system.ts'
import type { StandardOptions } from '../standard-options.ts'
import type { ValueKind } from './shape.ts'
import type { Wanted } from './wanted.ts'

/** A shell that shows more than this shows nothing. */
const candidatesMax = 1_000
const deadlineMs = 3_000

export async function candidateLines({ value, start, before, given }: Wanted): Promise<readonly string[]> {
  if (value.kind === 'file') return ['files']
  if (value.kind === 'folder') return ['folders']
  const words = value.kind === 'words' ? value.words : await foundIn(value.kind, start, optionsIn(given))
  const fitting = words.filter((word) => word.startsWith(start))
  return ['words', ...fitting.slice(0, candidatesMax).map((word) => before + word)]
}

type FoundKind = Exclude<ValueKind['kind'], 'words' | 'file' | 'folder'>

/** The process is ended once the words are printed, so what is still under way by then holds nobody up. */
async function foundIn(kind: FoundKind, start: string, options: StandardOptions): Promise<readonly string[]> {
  if (kind === 'nothing') return []
  const found: string[] = []
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, deadlineMs)
  await Promise.race([lookUp(kind, start, options, found).catch(() => undefined), late])
  clearTimeout(timer)
  return found
}

/** What is found is there at once, so that those who wait no longer have it. */
async function lookUp(
  kind: Exclude<FoundKind, 'nothing'>,
  start: string,
  options: StandardOptions,
  found: string[],
): Promise<void> {
  const { joinExisting, membersOf, namesOf, refuseIfEmpty } = await import('../joined.ts')
  const system = await joinExisting(options, 'completion')
  refuseIfEmpty(system)
  if (kind === 'member') found.push(...membersOf(system).map((entry) => entry.id))
  if (kind === 'name' || kind === 'target') found.push(...namesOf(system))
  const isPath = start === '' || start.startsWith('/')
  if ((kind === 'path' || kind === 'target') && isPath) await addPaths(system, start, found)
}

/** What stands in the directory of the path as far as it was typed. */
async function addPaths(system: System, start: string, found: string[]): Promise<void> {
  const folder = start.slice(0, start.lastIndexOf('/') + 1) || '/'
  const typed = start.slice(start.lastIndexOf('/') + 1)
  for await (const { name, isDirectory } of system.directory.list(folder, { prefix: typed })) {
    found.push(`${folder}${name}${isDirectory ? '/' : ''}`)
    if (found.length >= candidatesMax) break
  }
}

function optionsIn(given: ReadonlyMap<string, string>): StandardOptions {
  const home = given.get('--home')
  const system = given.get('--system')
  return {
    ...(home !== undefined && { home: home.replace(/^~(?=\/|$)/, homedir()) }),
    ...(system !== undefined && { system }),
  }
}

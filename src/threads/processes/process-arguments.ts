/**
 * Arguments on their way to another process. Plain data is copied. What is shared goes in one of three ways: a lock or the
 * like stays here, its home, and is reached there over a socket; what is plain data itself (a file's path, a thing of a third
 * process) is made anew there; and what is memory cannot go.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { packArguments, type PackedArguments } from '../travel/arguments.ts'
import { kinds } from '../travel/kinds.ts'
import type { Packed } from '../travel/shareable.ts'
import { sharedMemoryHint } from '../travel/travel-check.ts'
import { isRemoteKind, remoteKindOf, type RemoteState } from './remote-primitive.ts'
import type { ExportedThing } from './home-server.ts'
import { exportToHome } from './own-home.ts'

/** @throws CardumenError `cannot-travel`, naming the argument and the path in it. */
export function packForProcess(args: readonly unknown[], functionName: string): PackedArguments {
  const packed = packArguments(args, { what: (index) => whatOf(index, functionName), to: 'process' })
  if (packed.shared.length > 0) args.forEach((value, index) => checkShared(value, whatOf(index, functionName)))
  return packed
}

/** Makes this process the home of what is shared in them. @throws CardumenError `state-unwritable`, `capacity-reached` */
export async function exportShared(packed: PackedArguments): Promise<PackedArguments> {
  const local = packed.shared.filter(({ kind }) => isExportable(kind))
  if (local.length === 0) return packed
  const things = local.map(({ kind, state }): Packed => ({ kind, state }))
  const { home, things: exported } = await exportToHome(things)
  const references = local.map(({ place, kind }, index) => {
    const state: RemoteState = { ...(exported[index] as ExportedThing), home, kind }
    return { place, kind: remoteKindOf(kind), state }
  })
  return { values: packed.values, shared: [...packed.shared.filter((each) => !local.includes(each)), ...references] }
}

/** What is nothing but the path of a file; a classical lock is where it was made for processes. */
const kindsOfFiles: ReadonlySet<string> = new Set([
  ...['bakeryLock', 'dekkerLock', 'fileLock', 'petersonLock'],
  ...['registerFile', 'testAndSetLock', 'ticketLock'],
])

function checkShared(value: unknown, what: string): void {
  for (const { kind, state } of packArguments([value]).shared) {
    if (isExportable(kind) || isRemoteKind(kind) || (kindsOfFiles.has(kind) && hasPath(state))) continue
    throw new CardumenError('cannot-travel', `${what} holds a ${kind}, which cannot go to another process.`, {
      hint: sharedMemoryHint,
    })
  }
}

function hasPath(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'path' in state
}

function isExportable(kind: string): boolean {
  return Object.hasOwn(kinds, remoteKindOf(kind))
}

function whatOf(index: number, functionName: string): string {
  return `argument ${index + 1} (of ${functionName})`
}

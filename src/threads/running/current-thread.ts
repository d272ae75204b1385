/**
 * Who runs here, and who else: names and numbers of threads, from shared memory.
 */
import { isMainThread } from 'node:worker_threads'
import { arena, header } from '../memory/arena.ts'
import { parties, party, partyKind, partyName, partyWord, self, setPartyWord } from '../memory/parties.ts'

export interface ThreadDescription {
  readonly name: string
  /** Counts the threads of this process; 0: its main thread. */
  readonly id: number
  readonly isMain: boolean
}

/** The thread that asks. */
export function currentThread(): ThreadDescription {
  const me = self()
  if (!isMainThread && partyWord(me, party.id) === 0) setPartyWord(me, party.id, nextThreadId())
  return describe(me)
}

/** All threads of this process that are alive and known here: the main thread, each `Thread`, and workers that use what is shared. */
export function threads(): ThreadDescription[] {
  self()
  const found: ThreadDescription[] = []
  for (const id of parties()) {
    const kind = partyWord(id, party.kind)
    if (kind === partyKind.main || kind === partyKind.thread) found.push(describe(id))
  }
  return found
}

/** A number that no other thread of this process has had. */
export function nextThreadId(): number {
  return Atomics.add(arena().words, header.threads, 1) + 1
}

function describe(id: number): ThreadDescription {
  return { name: partyName(id), id: partyWord(id, party.id), isMain: partyWord(id, party.kind) === partyKind.main }
}

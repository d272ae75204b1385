/**
 * Parties: whoever can hold something or wait for something. A thread of this process is one, its main thread too, and so is
 * each thread of another process that uses what lives here.
 *
 * A row's number is the party's identifier, small enough to stand in a lock's word. Rows are given out in turn, so that the
 * number of one that ended comes up again as late as possible; before that, `recovery.ts` has taken it out of every lock.
 */
import { isMainThread, threadId } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  type Arena,
  arena,
  header,
  nameBytesMax,
  partiesAt,
  partiesMax,
  partyNamesAt,
  readText,
  type RowTable,
  takeRow,
  wordsPerRow,
  writeText,
} from './arena.ts'

/** Words of a party's row. */
export const party = {
  /** Read it by `partyStateOf`: of one that starts, its upper bits say who starts it. */
  state: 0,
  /** Counts the parties that had this row. */
  generation: 1,
  kind: 2,
  /** The process that it is a thread of. */
  pid: 3,
  /** Node's number of the thread within its process. */
  threadId: 4,
  /** 1: its next blocking wait ends with `interrupted`. */
  interrupt: 5,
  /** What it has in its hand, on the way from one place to another: of which primitive, and how much. */
  handing: 6,
  handed: 7,
  /** The condition by which it was notified, while it has not got the lock back yet; it blocks for that. */
  notified: 8,
  /** Its number among all threads of this process; 0: the main thread, or not given yet. */
  id: 15,
} as const

export const partyState = { free: 0, starting: 1, running: 2, ended: 3 } as const
export const partyKind = { main: 1, thread: 2, remote: 3, service: 4 } as const

export interface PartyOptions {
  readonly name: string
  readonly kind: (typeof partyKind)[keyof typeof partyKind]
  readonly state: typeof partyState.starting | typeof partyState.running
  readonly pid: number
  readonly threadId: number
}

/** Numbers come up again as late as that allows, and yet stay small: whoever looks for a waiter goes through them. */
const numbersInTurn = 127
const table: RowTable = {
  at: partiesAt,
  first: 1,
  rows: partiesMax,
  inTurn: numbersInTurn,
  next: header.nextParty,
  high: header.partiesHigh,
}

/** The lower bits of a state. */
const stateBits = 3
const stateMask = 0b111

let own: number | undefined

/** This thread's party. A thread that nobody entered enters itself. */
export function self(): number {
  own ??= addParty({
    name: isMainThread ? 'main' : `worker-${threadId}`,
    kind: isMainThread ? partyKind.main : partyKind.thread,
    state: partyState.running,
    pid: process.pid,
    threadId,
  })
  return own
}

/** For a thread that was entered before it began. */
export function becomeParty(id: number): void {
  own = id
  setPartyWord(id, party.threadId, threadId)
  setPartyWord(id, party.state, partyState.running)
}

/**
 * One that starts belongs to the thread that asks, until somebody `takeOverParty`s it or it becomes that party.
 * @throws CardumenError `capacity-reached`
 */
export function addParty(options: PartyOptions): number {
  const ours = arena()
  const id = takeRow(ours.words, table, options.state === partyState.starting ? startedBy(self()) : options.state)
  if (id === undefined)
    throw new CardumenError('capacity-reached', `A process has room for ${partiesMax - 1} threads at once.`)
  const at = partyRow(id)
  Atomics.add(ours.words, at + party.generation, 1)
  Atomics.store(ours.words, at + party.kind, options.kind)
  Atomics.store(ours.words, at + party.pid, options.pid)
  Atomics.store(ours.words, at + party.threadId, options.threadId)
  Atomics.store(ours.words, at + party.interrupt, 0)
  Atomics.store(ours.words, at + party.handed, 0)
  Atomics.store(ours.words, at + party.notified, 0)
  Atomics.store(ours.words, at + party.id, 0)
  writeText(ours, partyNamesAt + id * nameBytesMax, nameBytesMax, options.name)
  return id
}

/** From now on it is the asking thread's business what becomes of a party that starts, whoever began that. */
export function takeOverParty(id: number): void {
  const at = partyRow(id) + party.state
  const { words } = arena()
  const seen = Atomics.load(words, at)
  if ((seen & stateMask) === partyState.starting) Atomics.compareExchange(words, at, seen, startedBy(self()))
}

/**
 * Gives back the rows of parties that a thread had begun to start when it died, and that nobody else has heard of. Call while
 * that thread's own row is still its own.
 */
export function forgetPartiesStartedBy(dead: number): void {
  const { words } = arena()
  const high = Atomics.load(words, header.partiesHigh)
  for (let id = 1; id < high; id++)
    Atomics.compareExchange(words, partyRow(id) + party.state, startedBy(dead), partyState.free)
}

function startedBy(id: number): number {
  return (id << stateBits) | partyState.starting
}

/** One of `partyState`. */
export function partyStateOf(id: number): number {
  return partyWord(id, party.state) & stateMask
}

/** Gives the row back. Only after `recoverParty`: nothing names this party any more. */
export function removeParty(id: number): void {
  setPartyWord(id, party.state, partyState.free)
}

export function partyRow(id: number): number {
  return partiesAt + id * wordsPerRow
}

export function partyWord(id: number, word: number): number {
  return Atomics.load(arena().words, partyRow(id) + word)
}

export function setPartyWord(id: number, word: number, value: number): void {
  Atomics.store(arena().words, partyRow(id) + word, value)
}

export function partyName(id: number, of: Arena = arena()): string {
  return readText(of, partyNamesAt + id * nameBytesMax, nameBytesMax)
}

/** As messages name it: `thread "A"`, or `thread "A" of process 4711`. */
export function partyText(id: number): string {
  const name = partyName(id)
  const kind = partyWord(id, party.kind)
  if (kind === partyKind.main) return 'the main thread'
  return kind === partyKind.remote ? `${name} (process ${partyWord(id, party.pid)})` : `thread "${name}"`
}

/** All that are there, in the order of their numbers. */
export function* parties(): Generator<number> {
  const { words } = arena()
  const high = Atomics.load(words, header.partiesHigh)
  for (let id = 1; id < high; id++) if (Atomics.load(words, partyRow(id)) !== partyState.free) yield id
}

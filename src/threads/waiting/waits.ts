/**
 * Who waits for what, and how a waiter is found, woken and told bad news.
 *
 * Each wait has a row of its own, and its first word is what its thread sleeps on. So a wake-up goes to one waiter and no
 * other can swallow it, not even one that has given up; and whoever wants to know who waits for what reads the table. The
 * row of a thread that blocks is the one with its party's number; waits of a main thread, or of a task that awaits, take
 * others. There is no queue that could be left half linked: the first waiter is the one with the smallest sequence number.
 *
 *     free ──► waiting ──► signalled ──► waiting (looked again, in vain) …
 *                 │  └───► granted       what was waited for is the waiter's already
 *                 └──────► raised        the wait fails: interrupted, deadlock, a holder died, closed
 *
 * The word of the state has the wait's sequence number in its upper bits. So whoever found a wait, and is late, cannot take
 * another wait that began in the same row for it: every way out of `waiting` is a compare-and-set on the whole word.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  arena,
  header,
  partiesMax,
  readText,
  type RowTable,
  stackBytesMax,
  stacksAt,
  takeRow,
  waitsAt,
  waitsMax,
  waitsWithStackMax,
  wordsPerRow,
  writeText,
} from '../memory/arena.ts'

/** Words of a wait's row. */
export const wait = {
  state: 0,
  /** The primitive waited for; of a join, 0. */
  primitive: 1,
  party: 2,
  /** What of it is wanted: the primitive's own business. */
  mode: 3,
  /** Of a join: the party waited for. */
  target: 4,
  /** Why it is raised (`raising`), and who died. */
  reason: 5,
  culprit: 6,
  /** 1: an awaiting task, whose thread goes on with other things. */
  isAsync: 7,
  /** When it began: milliseconds since 1970, modulo 2^31. */
  sinceMs: 8,
  /** 1: it lasts long enough to have its stack written down. 2: in its place stands the cycle for which it fails. */
  hasStack: 9,
  /** 1: the waiter has written down as its own what it was granted. */
  isTaken: 10,
  /** 1: it ends by itself at some time. */
  hasDeadline: 11,
} as const

/** The lower bits of the first word. */
export const waitState = { free: 0, waiting: 1, signalled: 2, granted: 3, raised: 4, opening: 5, leaving: 6 } as const

/** Reasons for which others end a wait. */
export const raising = { interrupted: 1, deadlock: 2, holderDied: 3, closed: 4, broken: 5 } as const

/** Few, since whoever wakes the first waiter goes through all rows that were ever used at once. */
const rowsInTurn = 64
const table: RowTable = {
  at: waitsAt,
  first: partiesMax,
  rows: waitsMax,
  inTurn: rowsInTurn,
  next: header.nextWait,
  high: header.waitsHigh,
}

const stateBits = 3
const stateMask = 0b111

/** A wait that was seen waiting; acting on it does nothing where it is over by now. */
export interface FoundWait {
  readonly row: number
  /** Its first word when it was seen. */
  readonly word: number
}

/** What a wait is for. */
export interface Wanted {
  /** Row of the primitive; 0 for a join. */
  readonly primitive: number
  readonly mode?: number
  /** Of a join. */
  readonly target?: number
}

/** How its waiter waits: for whoever wants to know whether it can still do something else. */
export interface Manner {
  readonly hasDeadline?: boolean
  /** Of a row for what awaits: it does so for a thread of another process, which blocks. */
  readonly isBlocked?: boolean
}

/** Opens the row of a party that is about to block; it has one, since it can block once only. */
export function openBlockingWait(party: number, wanted: Wanted, hasDeadline = false): number {
  fill(party, party, wanted, { hasDeadline, isBlocked: true })
  return party
}

/** @throws CardumenError `capacity-reached` */
export function openAsyncWait(party: number, wanted: Wanted, manner: Manner = {}): number {
  // With whose it is, so that a party that dies here leaves no row behind.
  const row = takeRow(arena().words, table, (party << stateBits) | waitState.opening)
  if (row === undefined)
    throw new CardumenError(
      'capacity-reached',
      `A process has room for ${waitsMax - partiesMax} awaited waits at once.`,
    )
  fill(row, party, wanted, manner)
  return row
}

function fill(row: number, party: number, { primitive, mode = 0, target = 0 }: Wanted, manner: Manner): void {
  const { words } = arena()
  const at = waitRow(row)
  words[at + wait.primitive] = primitive
  words[at + wait.party] = party
  words[at + wait.mode] = mode
  words[at + wait.target] = target
  words[at + wait.isAsync] = manner.isBlocked === true ? 0 : 1
  words[at + wait.hasDeadline] = manner.hasDeadline === true ? 1 : 0
  words[at + wait.hasStack] = 0
  words[at + wait.isTaken] = 0
  words[at + wait.sinceMs] = Date.now() & 0x7fffffff
  const sequence = Atomics.add(words, header.sequence, 1)
  Atomics.store(words, at, (sequence << stateBits) | waitState.waiting)
}

/** Gives the row back, whatever its state, and says what that was. Whoever still sleeps on it, having given up, is let go. */
export function closeWait(row: number): number {
  const { words } = arena()
  const at = waitRow(row)
  const word = Atomics.exchange(words, at, waitState.free)
  if (row >= partiesMax) Atomics.notify(words, at)
  return word & stateMask
}

export function waitRow(row: number): number {
  return waitsAt + row * wordsPerRow
}

export function stateOfWait(row: number): number {
  return Atomics.load(arena().words, waitRow(row)) & stateMask
}

/** The first word of a wait while it waits, for its own thread to sleep on. */
export function waitingWord(row: number): number {
  return (Atomics.load(arena().words, waitRow(row)) & ~stateMask) | waitState.waiting
}

/** Its own thread takes note of a signal and waits on. False: the wait has been raised meanwhile. */
export function waitAgain(row: number): boolean {
  const waiting = waitingWord(row)
  const signalled = (waiting & ~stateMask) | waitState.signalled
  return Atomics.compareExchange(arena().words, waitRow(row), signalled, waiting) === signalled
}

/** Gives up a wait, unless something has just happened to it: then false, and the waiter looks what. */
export function giveUp(row: number): boolean {
  const waiting = waitingWord(row)
  const leaving = (waiting & ~stateMask) | waitState.leaving
  return Atomics.compareExchange(arena().words, waitRow(row), waiting, leaving) === waiting
}

/** The wait that came first of those for the primitive that still wait, by the mode it wants if one is named. */
export function firstWait(primitive: number, mode = -1): FoundWait | undefined {
  let firstRow = 0
  let firstWord = 0
  forEachWait(primitive, (row, word) => {
    if (mode !== -1 && arena().words[waitRow(row) + wait.mode] !== mode) return
    if (firstRow !== 0 && !isBefore(word, firstWord)) return
    firstRow = row
    firstWord = word
  })
  return firstRow === 0 ? undefined : { row: firstRow, word: firstWord }
}

/** Waits for the primitive that still wait, the first one first. */
export function waitsFor(primitive: number): FoundWait[] {
  const found: FoundWait[] = []
  forEachWait(primitive, (row, word) => found.push({ row, word }))
  return found.sort((left, right) => (isBefore(left.word, right.word) ? -1 : 1))
}

/** Of the parties' open waits for it those that are not decided yet: who was told to look has not had anything so far. */
function undecidedWaits(primitive: number): FoundWait[] {
  const { words } = arena()
  const found: FoundWait[] = []
  forEachRow((row, word) => {
    const state = word & stateMask
    if (state !== waitState.waiting && state !== waitState.signalled) return
    if (words[waitRow(row) + wait.primitive] === primitive) found.push({ row, word })
  })
  return found
}

/** Sequence numbers go round; two waits of one time are never half the way round apart. */
function isBefore(left: number, right: number): boolean {
  return (((left & ~stateMask) - (right & ~stateMask)) | 0) < 0
}

/** Rows of all waits that are not over, whatever they wait for. */
export function openWaits(): number[] {
  const found: number[] = []
  forEachRow((row, word) => {
    const state = word & stateMask
    if (state !== waitState.free && state !== waitState.opening && state !== waitState.leaving) found.push(row)
  })
  return found
}

/** The wait in that row, where it waits. */
export function waitIn(row: number): FoundWait | undefined {
  const word = Atomics.load(arena().words, waitRow(row))
  return (word & stateMask) === waitState.waiting ? { row, word } : undefined
}

function forEachWait(primitive: number, visit: (row: number, word: number) => void): void {
  const { words } = arena()
  forEachRow((row, word) => {
    if ((word & stateMask) === waitState.waiting && words[waitRow(row) + wait.primitive] === primitive) visit(row, word)
  })
}

function forEachRow(visit: (row: number, word: number) => void): void {
  const { words } = arena()
  const parties = Atomics.load(words, header.partiesHigh)
  for (let row = 1; row < parties; row++) visit(row, Atomics.load(words, waitRow(row)))
  const high = Atomics.load(words, header.waitsHigh)
  for (let row = partiesMax; row < high; row++) visit(row, Atomics.load(words, waitRow(row)))
}

/** Tells a waiter to look again. Whether it still waited. */
export function signal(found: FoundWait): boolean {
  return leave(found, waitState.signalled)
}

/** Tells a waiter that it has what it waits for. Whether it still waited. */
export function grant(found: FoundWait): boolean {
  return leave(found, waitState.granted)
}

/**
 * The first word of a wait that waits, once it is granted; for whoever puts it in place of the other by a compare-and-set of its
 * own, because something is to be written with it.
 *
 * A thread can be stopped at every call, and those of `Atomics` are such. It is not stopped between one of them and the plain
 * writes that come next. So a step is one atomic operation, and then plain writes of words that nobody else writes now.
 */
export function grantedWord(word: number): number {
  return (word & ~stateMask) | waitState.granted
}

export function isGranted(row: number): boolean {
  return stateOfWait(row) === waitState.granted
}

/** Makes a wait fail. Whether it still waited. `culprit`: the party that died. */
export function raiseIn(found: FoundWait, reason: number, culprit = 0): boolean {
  const { words } = arena()
  const at = waitRow(found.row)
  // Written before the state says that they count; two that raise at once agree that the wait fails, if not why.
  Atomics.store(words, at + wait.reason, reason)
  Atomics.store(words, at + wait.culprit, culprit)
  return leave(found, waitState.raised)
}

function leave({ row, word }: FoundWait, state: number): boolean {
  const { words } = arena()
  const at = waitRow(row)
  const next = (word & ~stateMask) | state
  if (Atomics.compareExchange(words, at, word, next) !== word) return false
  Atomics.notify(words, at)
  return true
}

/** Wakes the first waiter that can still be woken. Whether there was one. */
export function wakeFirst(primitive: number, mode = -1): boolean {
  for (;;) {
    const found = firstWait(primitive, mode)
    if (found === undefined) return false
    if (signal(found)) return true
  }
}

/** How many were woken, at most `count`, in the order in which they came. */
export function wakeMany(primitive: number, count = Infinity): number {
  let woken = 0
  for (const found of waitsFor(primitive)) {
    if (woken >= count) break
    if (signal(found)) woken++
  }
  return woken
}

/** Makes all waits for the primitive fail that have nothing yet, also of those who were told to look. How many. */
export function raiseAll(primitive: number, reason: number, culprit = 0): number {
  let raised = 0
  for (const { row } of undecidedWaits(primitive)) if (raiseUndecided(row, primitive, reason, culprit)) raised++
  return raised
}

function raiseUndecided(row: number, primitive: number, reason: number, culprit: number): boolean {
  const { words } = arena()
  for (;;) {
    const word = Atomics.load(words, waitRow(row))
    const state = word & stateMask
    if (state !== waitState.waiting && state !== waitState.signalled) return false
    if (words[waitRow(row) + wait.primitive] !== primitive) return false
    if (raiseIn({ row, word }, reason, culprit)) return true
  }
}

/** Wakes whoever sleeps on a wait that is decided: who decided it may have died before it could. */
export function wakeDecided(): void {
  const { words } = arena()
  forEachRow((row, word) => {
    const state = word & stateMask
    if (state !== waitState.free && state !== waitState.waiting) Atomics.notify(words, waitRow(row))
  })
}

/** What a party left behind in the table. */
export interface LeftWait {
  readonly primitive: number
  readonly mode: number
  readonly state: number
  /** What it was granted is among what the party holds. */
  readonly isTaken: boolean
}

/** Closes all waits of a party that is no more. */
export function closeWaitsOf(party: number): LeftWait[] {
  const { words } = arena()
  const left: LeftWait[] = []
  forEachRow((row, word) => {
    const state = word & stateMask
    if (state === waitState.free) return
    const owner = state === waitState.opening ? word >>> stateBits : words[waitRow(row) + wait.party]
    if (owner !== party) return
    const at = waitRow(row)
    const [primitive = 0, mode = 0] = [words[at + wait.primitive], words[at + wait.mode]]
    left.push({ primitive, mode, isTaken: words[at + wait.isTaken] === 1, state: closeWait(row) })
  })
  return left
}

/** Writes down where the waiter stands, once: for whoever asks what it waits for. */
export function writeStack(row: number, stack: string): void {
  const ours = arena()
  const at = waitRow(row)
  if (row < waitsWithStackMax) writeText(ours, stacksAt + row * stackBytesMax, stackBytesMax, stack)
  Atomics.store(ours.words, at + wait.hasStack, row < waitsWithStackMax ? 1 : 0)
  Atomics.add(ours.words, header.longWaits, 1)
  Atomics.notify(ours.words, header.longWaits)
}

/** Empty while the wait is too young to have one. */
export function stackOf(row: number): string {
  const ours = arena()
  if (ours.words[waitRow(row) + wait.hasStack] !== 1) return ''
  return readText(ours, stacksAt + row * stackBytesMax, stackBytesMax)
}

/** Says why a wait is about to be raised with `deadlock`, in the place of its stack. Before `raiseIn`. */
export function writeCycle({ row, word }: FoundWait, cycle: string): void {
  const ours = arena()
  // What comes here too late would stand in another wait's place, which then writes its own.
  if (row >= waitsWithStackMax || Atomics.load(ours.words, waitRow(row)) !== word) return
  writeText(ours, stacksAt + row * stackBytesMax, stackBytesMax, cycle)
  Atomics.store(ours.words, waitRow(row) + wait.hasStack, 2)
}

/** What `writeCycle` left for this wait; empty where there is none. */
export function cycleOf(row: number): string {
  const ours = arena()
  if (ours.words[waitRow(row) + wait.hasStack] !== 2) return ''
  return readText(ours, stacksAt + row * stackBytesMax, stackBytesMax)
}

/**
 * The word of a read-write lock: who gets it next, and what becomes of it when a holder dies.
 *
 * Works on the row alone, so that it can be done by whoever frees it, by whoever waits, and by the recovery.
 */
import { arena } from '../memory/arena.ts'
import { party as partyWords, partyRow, self } from '../memory/parties.ts'
import { placeAt, primitive, primitiveRow } from '../memory/primitives.ts'
import { sumGranted, takeHanded, takeHolding } from './holdings.ts'
import {
  firstWait,
  type FoundWait,
  grantedWord,
  type LeftWait,
  raiseAll,
  raising,
  wait,
  waitRow,
  waitState,
} from './waits.ts'

/** Words, from the first that is the primitive's own. */
export const word = { lock: 0, preference: 1, abandonedBy: 2 } as const

export const preferences = ['readers', 'writers', 'fair'] as const
export type Preference = (typeof preferences)[number]

/** What a wait wants. */
export const mode = { read: 1, write: 2 } as const

export const writerMask = 0x3ff
export const waitersBit = 0x400
/** One share of a reader. */
export const share = 0x800
export const sharesMax = 0xf_ffff
/** Nobody needs as long between two words; it keeps whoever looks from looking for ever. */
const looksMax = 10_000_000

/** Gives the lock to those who are to have it; afterwards the mark says whether somebody still waits. */
export function settleShares(index: number): void {
  const { words } = arena()
  const at = primitiveRow(index) + primitive.own
  const me = self()
  for (;;) {
    const seen = Atomics.load(words, at)
    if ((seen & writerMask) !== 0) {
      // Whoever writes settles when it is done, if it is marked by then.
      if (Atomics.compareExchange(words, at, seen, seen | waitersBit) === seen) return
      continue
    }
    // Nobody gets it before somebody was told; who is told settles again, and until then it is marked.
    if (Atomics.load(words, at + word.abandonedBy) !== 0) return
    const next = nextWait(index, at)
    if (next !== undefined) {
      if (!give(next, index, at, me)) return
    } else if (Atomics.compareExchange(words, at, seen, seen & ~waitersBit) === seen) {
      if (firstWait(index) === undefined) return
      Atomics.or(words, at, waitersBit)
    }
  }
}

function nextWait(index: number, at: number): FoundWait | undefined {
  const preference = preferences[Atomics.load(arena().words, at + word.preference)]
  if (preference === 'fair') return firstWait(index)
  const preferred = preference === 'readers' ? mode.read : mode.write
  return firstWait(index, preferred) ?? firstWait(index)
}

/** False: it cannot have it yet; whoever leaves last settles again. What is given goes by way of this party's hand: see `grantedWord`. */
function give(found: FoundWait, index: number, at: number, me: number): boolean {
  const { words } = arena()
  const state = waitRow(found.row)
  const wanted = words[state + wait.mode] ?? 0
  const party = words[state + wait.party] ?? 0
  // What was read is this wait's only if it is still the same.
  if (Atomics.load(words, state) !== found.word) return true
  words[partyRow(me) + partyWords.handing] = index
  return wanted === mode.write ? giveToWriter(found, at, party, me) : giveToReader(found, at, me)
}

function giveToReader({ row, word: seenWord }: FoundWait, at: number, me: number): boolean {
  const { words } = arena()
  const handed = partyRow(me) + partyWords.handed
  const state = waitRow(row)
  const granted = grantedWord(seenWord)
  for (;;) {
    const seen = Atomics.load(words, at)
    if ((seen & writerMask) !== 0) return true
    if (Atomics.compareExchange(words, at, seen, seen + share) !== seen) continue
    words[handed] = 1
    const isGiven = Atomics.compareExchange(words, state, seenWord, granted) === seenWord
    if (isGiven) words[handed] = 0
    if (isGiven) Atomics.notify(words, state)
    else Atomics.sub(words, at, share)
    words[handed] = 0
    return true
  }
}

function giveToWriter({ row, word: seenWord }: FoundWait, at: number, party: number, me: number): boolean {
  const { words } = arena()
  const handed = partyRow(me) + partyWords.handed
  const state = waitRow(row)
  const granted = grantedWord(seenWord)
  const seen = Atomics.load(words, at)
  if (seen >>> 11 !== 0)
    return (seen & waitersBit) === 0 && Atomics.compareExchange(words, at, seen, seen | waitersBit) !== seen
  if ((seen & writerMask) !== 0) return true
  // Held by whoever gives it until the other has it: nobody comes between, and nobody else writes the word.
  if (Atomics.compareExchange(words, at, seen, me | waitersBit) !== seen) return true
  words[handed] = 1
  const isGiven = Atomics.compareExchange(words, state, seenWord, granted) === seenWord
  words[at] = isGiven ? party | waitersBit : waitersBit
  words[handed] = 0
  if (isGiven) Atomics.notify(words, state)
  return true
}

/**
 * Takes a dead party out of it. Its shares come back; that it wrote is told to those who wait, or else to the next one.
 * `left`: the waits for it that the dead party had.
 */
export function recoverShares(index: number, dead: number, left: readonly LeftWait[]): void {
  const { words } = arena()
  const at = primitiveRow(index) + primitive.own
  const isWriter = left.some(({ state, mode: wanted }) => state === waitState.granted && wanted === mode.write)
  if (isWriter) awaitWriter(words, at, dead)
  const handed = takeHanded(dead, index)
  const shares = takeHolding(dead, placeAt(index)) + sumGranted(left, (wanted) => (wanted === mode.read ? 1 : 0))
  const writes = (Atomics.load(words, at) & writerMask) === dead
  if (writes) freeOfWriter(index, at, dead, isWriter || handed > 0)
  const back = shares + (writes ? 0 : handed)
  if (back > 0) Atomics.sub(words, at, back * share)
  settleShares(index)
}

/** `isUntouched`: it had not come to write yet, and so has changed nothing. */
function freeOfWriter(index: number, at: number, dead: number, isUntouched: boolean): void {
  const { words } = arena()
  if (!isUntouched) {
    // While it is still the dead one's: nobody gets it who was not told.
    Atomics.store(words, at + word.abandonedBy, dead)
    if (raiseAll(index, raising.holderDied, dead) > 0) Atomics.store(words, at + word.abandonedBy, 0)
  }
  // Marked as waited for, so that nobody takes it the fast way and misses the news.
  Atomics.store(words, at, waitersBit)
}

/** Looks until the word says so: who gave it writes that right after it has said so in the wait. */
export function awaitWriter(words: Int32Array<SharedArrayBuffer>, at: number, writer: number): void {
  for (let look = 0; look < looksMax && (Atomics.load(words, at) & writerMask) !== writer; look++) Atomics.pause()
}

/** The party that writes; 0: nobody. */
export function writerOf(index: number): number {
  return Atomics.load(arena().words, primitiveRow(index) + primitive.own) & writerMask
}

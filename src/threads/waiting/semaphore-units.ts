/**
 * The units of a semaphore: how they come to those who wait, and back from those who died.
 *
 * Works on the row alone, so that it can be done by whoever gives units, by whoever waits, and by the recovery.
 */
import { arena } from '../memory/arena.ts'
import { placeAt, primitive, primitiveRow } from '../memory/primitives.ts'
import { party as partyWords, partyRow, self } from '../memory/parties.ts'
import { sumGranted, takeHanded, takeHolding } from './holdings.ts'
import { firstWait, type FoundWait, grantedWord, type LeftWait, signal, wait, waitRow, waitsFor } from './waits.ts'

export const unitsMax = 2_147_483_647

/** Words, from the first that is the primitive's own. */
export const word = { units: 0, waiters: 1, flags: 2, bound: 3 } as const
export const flags = { fair: 1, recovers: 2 } as const

/** Gives what there is to those who wait, or tells them of it; afterwards the mark says whether somebody still waits. */
export function settleSemaphore(index: number): void {
  const { words } = arena()
  const at = primitiveRow(index) + primitive.own
  const isFair = (Atomics.load(words, at + word.flags) & flags.fair) !== 0
  for (;;) {
    if (isFair ? grantInOrder(index, at) : tellInOrder(index, at)) {
      Atomics.store(words, at + word.waiters, 1)
      return
    }
    Atomics.store(words, at + word.waiters, 0)
    // Who has come meanwhile has set the mark before, and it is gone again.
    if (firstWait(index) === undefined) return
    Atomics.store(words, at + word.waiters, 1)
  }
}

/** Whether somebody is left for whom there are too few units. */
function tellInOrder(index: number, at: number): boolean {
  const { words } = arena()
  let left = Atomics.load(words, at + word.units)
  // Mostly there is one unit, for the first of many; to put them all in order would cost more than to look for it.
  for (let found = firstWait(index); found !== undefined; found = firstWait(index)) {
    const count = words[waitRow(found.row) + wait.mode] ?? 0
    if (left === 0) return true
    if (count > left) return tellThoseWhoFit(index, left)
    if (signal(found)) left -= count
  }
  return false
}

/** The first wants more than there is; others may want less. */
function tellThoseWhoFit(index: number, units: number): true {
  const { words } = arena()
  let left = units
  for (const found of waitsFor(index)) {
    const count = words[waitRow(found.row) + wait.mode] ?? 0
    if (count <= left && signal(found)) left -= count
  }
  return true
}

function grantInOrder(index: number, at: number): boolean {
  // One by one: mostly there are units for the first of many only.
  for (let found = firstWait(index); found !== undefined; found = firstWait(index))
    if (isShortFor(found, index, at)) return true
  return false
}

/** Gives a wait its units, by way of this party's hand. True: there are too few. See `grantedWord`. */
function isShortFor({ row, word: seenWord }: FoundWait, index: number, at: number): boolean {
  const { words } = arena()
  const hand = partyRow(self())
  const state = waitRow(row)
  const count = words[state + wait.mode] ?? 0
  const granted = grantedWord(seenWord)
  // What was read is this wait's only if it is still the same.
  if (Atomics.load(words, state) !== seenWord) return false
  words[hand + partyWords.handing] = index
  for (;;) {
    const seen = Atomics.load(words, at + word.units)
    if (seen < count) return true
    if (Atomics.compareExchange(words, at + word.units, seen, seen - count) !== seen) continue
    words[hand + partyWords.handed] = count
    const isGiven = Atomics.compareExchange(words, state, seenWord, granted) === seenWord
    if (isGiven) words[hand + partyWords.handed] = 0
    if (isGiven) Atomics.notify(words, state)
    else giveBack(index, count)
    return false
  }
}

/** From this party's hand. */
export function giveBack(index: number, count: number): void {
  const { words } = arena()
  const hand = partyRow(self())
  const at = primitiveRow(index) + primitive.own
  Atomics.add(words, at + word.units, count)
  words[hand + partyWords.handed] = 0
}

/**
 * Units that a dead party held, was granted, or had in its hand come back. What a thread held that came to its end as it
 * should does not: it may have meant others to release it, as a producer that leaves full places behind does.
 */
export function recoverSemaphore(index: number, dead: number, left: readonly LeftWait[], hasDied: boolean): void {
  const { words } = arena()
  const at = primitiveRow(index) + primitive.own
  const held = takeHolding(dead, placeAt(index))
  const count = (hasDied ? held : 0) + takeHanded(dead, index) + sumGranted(left, (mode) => mode)
  if (count > 0) Atomics.add(words, at + word.units, count)
  // Also where it only waited: nobody is to go on waiting behind it, or to find the mark that it left.
  if (count > 0 || left.length > 0) settleSemaphore(index)
}

/** For whoever wants to know who holds what: the units there are now. */
export function unitsOf(index: number): number {
  return Atomics.load(arena().words, primitiveRow(index) + primitive.own + word.units)
}

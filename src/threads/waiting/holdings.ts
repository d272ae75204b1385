/**
 * Who holds how many units of a semaphore, or shares of a read-write lock.
 *
 * A lock has its one owner in its word. What many can hold at once is written down with the holder: each party has a small table
 * of its own in the arena, a key (which primitive) and a count in each entry. So who dies is asked what it held, and units
 * come back. Entries are claimed by the party's own thread only, which alone writes how much it took, with a plain write right after it has
 * taken it; so no death comes between (`grantedWord` in `waits.ts` says why). What others gave back of it is counted beside.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena, header, holdingsAt, holdingsPerPartyMax, partiesMax, wordsPerHolding } from '../memory/arena.ts'
import { party as partyWords, partyRow } from '../memory/parties.ts'
import { isInForce, type Place } from '../memory/primitives.ts'
import { type LeftWait, openWaits, wait, waitRow, waitState } from './waits.ts'

/** An entry is a key (0: free), how much its party has taken, how much of that others gave back. */
const givenBack = 1
const indexBits = 15
const indexMask = (1 << indexBits) - 1

export interface Holding {
  readonly party: number
  readonly count: number
}

/** As it stands in the word before each count. */
export function holdingKey({ index, generation }: Place): number {
  return (generation << indexBits) | index
}

/**
 * The word of the party's count for that primitive, claimed if it has none yet. Call in the party's own thread.
 * @throws CardumenError `capacity-reached`
 */
export function holdingSlot(party: number, place: Place): number {
  const { words } = arena()
  const key = holdingKey(place)
  const known = slotOf(party, key)
  if (known !== undefined) return known
  const free = slotOf(party, 0) ?? sweep(party)
  if (free === undefined)
    throw new CardumenError(
      'capacity-reached',
      `A thread can hold ${holdingsPerPartyMax} semaphores and the like at once.`,
    )
  Atomics.store(words, free, 0)
  Atomics.store(words, free + givenBack, 0)
  Atomics.store(words, free - 1, key)
  return free
}

/** The same, where it has one. */
export function knownSlot(party: number, place: Place): number | undefined {
  return slotOf(party, holdingKey(place))
}

function slotOf(party: number, key: number): number | undefined {
  const { words } = arena()
  const first = firstSlot(party)
  for (let slot = first; slot < first + holdingsPerPartyMax * wordsPerHolding; slot += wordsPerHolding)
    if (Atomics.load(words, slot - 1) === key) return slot
  return undefined
}

function firstSlot(party: number): number {
  return holdingsAt + party * holdingsPerPartyMax * wordsPerHolding + 1
}

/** Frees the entries that say nothing any more, and gives one of them. */
function sweep(party: number): number | undefined {
  const { words } = arena()
  const inUse = new Set(openWaits().map((row) => words[waitRow(row) + wait.target]))
  const first = firstSlot(party)
  let free: number | undefined
  for (let slot = first; slot < first + holdingsPerPartyMax * wordsPerHolding; slot += wordsPerHolding) {
    const isClosed = !isInForce(placeOf(Atomics.load(words, slot - 1)))
    if (!isClosed && (heldIn(slot) > 0 || inUse.has(slot))) continue
    Atomics.store(words, slot - 1, 0)
    free = slot
  }
  return free
}

function placeOf(key: number): Place {
  return { index: key & indexMask, generation: key >>> indexBits }
}

/** How much the party holds; 0 also where it has no entry. */
export function heldBy(party: number, place: Place): number {
  const slot = slotOf(party, holdingKey(place))
  return slot === undefined ? 0 : heldIn(slot)
}

export function heldIn(slot: number): number {
  const { words } = arena()
  return Math.max(0, Atomics.load(words, slot) - Atomics.load(words, slot + givenBack))
}

/** All that hold some of it, by their numbers. */
export function holdersOf(place: Place): Holding[] {
  const high = Math.min(partiesMax, Atomics.load(arena().words, header.partiesHigh))
  const found: Holding[] = []
  for (let party = 1; party < high; party++) {
    const count = heldBy(party, place)
    if (count > 0) found.push({ party, count })
  }
  return found
}

/** What all parties hold, by row of the primitive: the whole table read once. */
export function allHoldings(): ReadonlyMap<number, readonly Holding[]> {
  const { words } = arena()
  const high = Math.min(partiesMax, Atomics.load(words, header.partiesHigh))
  const found = new Map<number, Holding[]>()
  for (let party = 1; party < high; party++) {
    const first = firstSlot(party)
    for (let slot = first; slot < first + holdingsPerPartyMax * wordsPerHolding; slot += wordsPerHolding) {
      const key = Atomics.load(words, slot - 1)
      const count = Atomics.load(words, slot)
      if (key === 0 || count <= 0 || !isInForce(placeOf(key))) continue
      const { index } = placeOf(key)
      const known = found.get(index)
      if (known === undefined) found.set(index, [{ party, count }])
      else known.push({ party, count })
    }
  }
  return found
}

/** Takes some off the record of one that holds any, at most so many, and into this party's hand. How many. */
export function takeOffAny(me: number, place: Place, count: number): number {
  const { words } = arena()
  const hand = partyRow(me)
  for (const { party } of holdersOf(place)) {
    const slot = slotOf(party, holdingKey(place))
    if (slot === undefined) continue
    for (;;) {
      const seen = Atomics.load(words, slot + givenBack)
      const off = Math.min(Atomics.load(words, slot) - seen, count)
      if (off <= 0) break
      words[hand + partyWords.handing] = place.index
      if (Atomics.compareExchange(words, slot + givenBack, seen, seen + off) !== seen) continue
      words[hand + partyWords.handed] = off
      return off
    }
  }
  return 0
}

/** What a party that is no more held of it; it holds nothing afterwards. */
export function takeHolding(party: number, place: Place): number {
  const slot = slotOf(party, holdingKey(place))
  if (slot === undefined) return 0
  const held = heldIn(slot)
  Atomics.store(arena().words, slot, 0)
  return held
}

/** What a party that is no more had in its hand of it, on the way to others. */
export function takeHanded(party: number, index: number): number {
  const { words } = arena()
  const hand = partyRow(party)
  if (words[hand + partyWords.handing] !== index) return 0
  return Atomics.exchange(words, hand + partyWords.handed, 0)
}

/** What waits of a dead party were granted that it had not taken yet. */
export function sumGranted(left: readonly LeftWait[], unitsOf: (mode: number) => number): number {
  let sum = 0
  for (const { state, isTaken, mode } of left) if (state === waitState.granted && !isTaken) sum += unitsOf(mode)
  return sum
}

/** Empties the table of a party that is no more. */
export function forgetHoldings(party: number): void {
  const { words } = arena()
  const from = firstSlot(party) - 1
  for (let at = from; at < from + holdingsPerPartyMax * wordsPerHolding; at++) Atomics.store(words, at, 0)
}

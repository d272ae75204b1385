/**
 * The phases of a barrier: how one ends well, how one breaks, and what the death of a party does.
 *
 * Works on the row alone, so that the recovery can do it too.
 */
import { arena } from '../memory/arena.ts'
import { partyText } from '../memory/parties.ts'
import { placeAt, primitive, primitiveRow } from '../memory/primitives.ts'
import { takeHolding } from './holdings.ts'
import { type FoundWait, grant, type LeftWait, raiseAll, raising, signal, wait, waitRow, waitsFor } from './waits.ts'

/** Words, from the first that is the primitive's own. */
export const word = { phase: 0, parties: 1, why: 2, culprit: 3 } as const

export const arrivedMask = 0x3ff
export const brokenBit = 0x400
const phaseBits = 11
const phaseMask = 0xf_ffff

export const breaking = { aborted: 1, gaveUp: 2, died: 3, failed: 4, reset: 5 } as const

export function phaseOf(seen: number): number {
  return (seen >>> phaseBits) & phaseMask
}

function wordAt(index: number): number {
  return primitiveRow(index) + primitive.own
}

/** Ends the phase well, if all are there and nobody has broken it. */
export function openPhase(index: number, phase: number, parties: number): boolean {
  const full = (phase << phaseBits) | parties
  const next = startOf(phase + 1)
  if (Atomics.compareExchange(arena().words, wordAt(index), full, next) !== full) return false
  settleBarrier(index)
  return true
}

/** Nobody has arrived in it. */
function startOf(phase: number): number {
  return (phase & phaseMask) << phaseBits
}

/** Breaks it, and begins the next phase whole. Of several that do so at once it is whole after the last, and loses nobody. */
export function resetPhases(index: number, culprit: number): void {
  const { words } = arena()
  breakPhase(index, undefined, breaking.reset, culprit)
  const seen = Atomics.load(words, wordAt(index))
  // No longer broken, or not as it was: another one has reset it meanwhile, and some may have arrived.
  if ((seen & brokenBit) !== 0) Atomics.compareExchange(words, wordAt(index), seen, startOf(phaseOf(seen) + 1))
}

/** Lets go those whose phase is over; those who came too early for theirs look again. */
export function settleBarrier(index: number): void {
  const { words } = arena()
  const seen = Atomics.load(words, wordAt(index))
  if ((seen & brokenBit) !== 0) return void raiseAll(index, raising.broken)
  for (const found of waitsFor(index)) {
    const phase = phaseWaitedFor(found)
    if (phase === undefined) signal(found)
    else if (phase !== phaseOf(seen)) grant(found)
  }
}

/** Undefined: it has not arrived yet. */
function phaseWaitedFor({ row }: FoundWait): number | undefined {
  const mode = arena().words[waitRow(row) + wait.mode] ?? 0
  return mode === 0 ? undefined : mode - 1
}

/** Breaks the phase for all, or whichever it is. Does nothing where it is over, or broken already. */
export function breakPhase(index: number, phase: number | undefined, why: number, culprit: number): void {
  const { words } = arena()
  const at = wordAt(index)
  for (;;) {
    const seen = Atomics.load(words, at)
    if (phase !== undefined && phaseOf(seen) !== phase) return
    if ((seen & brokenBit) !== 0) break
    Atomics.store(words, at + word.why, why)
    Atomics.store(words, at + word.culprit, culprit)
    if (Atomics.compareExchange(words, at, seen, seen | brokenBit) === seen) break
  }
  raiseAll(index, raising.broken, culprit)
}

/** How many come to it in each phase. */
export function partiesOfBarrier(index: number): number {
  return Atomics.load(arena().words, wordAt(index) + word.parties)
}

export function whyBroken(index: number): string {
  const { words } = arena()
  const culprit = partyText(Atomics.load(words, wordAt(index) + word.culprit))
  switch (Atomics.load(words, wordAt(index) + word.why)) {
    case breaking.gaveUp:
      return `${culprit} gave up waiting`
    case breaking.died:
      return `${culprit} died`
    case breaking.failed:
      return `its action failed in ${culprit}`
    case breaking.reset:
      return `${culprit} reset it`
    default:
      return `${culprit} aborted it`
  }
}

/** A party that died will never arrive. One that ended as it should is none any more. */
export function recoverBarrier(index: number, dead: number, _left: readonly LeftWait[], hasDied: boolean): void {
  if (takeHolding(dead, placeAt(index)) > 0 && hasDied) breakPhase(index, undefined, breaking.died, dead)
}

/**
 * The table of primitives: each lock, semaphore, event, … that lives in this process has one row of it.
 *
 * Who dies is taken out of the locks it held by going through this table (`waiting/recovery.ts`), and the deadlock detector reads
 * it; so a primitive is nowhere else. A row that was given back is used again, with another generation: whoever still
 * has an object of the old one is refused, and harms nobody.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  arena,
  header,
  nameBytesMax,
  primitiveNamesAt,
  primitivesAt,
  primitivesMax,
  readText,
  type RowTable,
  takeRow,
  wordsPerRow,
  writeText,
} from './arena.ts'
import { self } from './parties.ts'

/** Words of a primitive's row; from `own` on each kind has its own, as its file says. */
export const primitive = { kind: 0, generation: 1, own: 2 } as const

const kindNames = [
  'none',
  'lock',
  'reentrant lock',
  'semaphore',
  'event',
  'condition',
  'barrier',
  'read-write lock',
  'once',
  'channel',
  'join',
  'fair lock',
  'other',
  'resources',
] as const

export type PrimitiveKind = Exclude<(typeof kindNames)[number], 'none'>

/** Where a primitive lies; plain data, so that it travels. */
export interface Place {
  readonly index: number
  readonly generation: number
}

/** A row is `reserved` while it is filled: whoever goes through the table passes it over. Its upper bits say by whom. */
const reserved = 255
const reservedBits = 8
const table: RowTable = {
  at: primitivesAt,
  first: 1,
  rows: primitivesMax,
  inTurn: primitivesMax - 1,
  next: header.nextPrimitive,
  high: header.primitivesHigh,
}
let unnamed = 0

/** @throws CardumenError `capacity-reached` */
export function addPrimitive(kind: PrimitiveKind, name: string | undefined): Place {
  const ours = arena()
  const index = takeRow(ours.words, table, reservedBy(self()))
  if (index === undefined)
    throw new CardumenError('capacity-reached', `A process has room for ${primitivesMax - 1} locks and the like.`, {
      hint: 'close() those that are not used any more.',
    })
  const at = primitiveRow(index)
  const generation = (Atomics.load(ours.words, at + primitive.generation) + 1) & 0xffff
  for (let word = primitive.own; word < wordsPerRow; word++) Atomics.store(ours.words, at + word, 0)
  Atomics.store(ours.words, at + primitive.generation, generation)
  const text = name ?? `${kind} ${++unnamed}`
  writeText(ours, primitiveNamesAt + index * nameBytesMax, nameBytesMax, text)
  return { index, generation }
}

/** From now on it is seen by whoever goes through the table. Call when its own words are filled. */
export function publishPrimitive({ index }: Place, kind: PrimitiveKind): void {
  Atomics.store(arena().words, primitiveRow(index), kindNames.indexOf(kind))
}

/** Gives the row back. Its own words must already refuse whoever still has the old generation. */
export function removePrimitive({ index, generation }: Place): void {
  const { words } = arena()
  const at = primitiveRow(index)
  const next = (generation + 1) & 0xffff
  // Of two that close it one gives the row back, lest it take it from the next that has it.
  if (Atomics.compareExchange(words, at + primitive.generation, generation, next) !== generation) return
  // Plain, since a thread can be stopped at a call, but not between the one above and what is no call.
  words[at] = 0
}

/** Gives back the rows that a thread was filling when it died. Call while that thread's number is still its own. */
export function forgetPrimitivesReservedBy(dead: number): void {
  const { words } = arena()
  const high = Atomics.load(words, header.primitivesHigh)
  for (let index = 1; index < high; index++) Atomics.compareExchange(words, primitiveRow(index), reservedBy(dead), 0)
}

function reservedBy(party: number): number {
  return (party << reservedBits) | reserved
}

/** Of the primitive that has the row now. */
export function placeAt(index: number): Place {
  return { index, generation: Atomics.load(arena().words, primitiveRow(index) + primitive.generation) }
}

export function isInForce({ index, generation }: Place): boolean {
  return Atomics.load(arena().words, primitiveRow(index) + primitive.generation) === generation
}

/** @throws CardumenError `closed` */
export function assertInForce(place: Place): void {
  if (!isInForce(place)) throw new CardumenError('closed', 'This lock or the like was closed by close().')
}

export function primitiveRow(index: number): number {
  return primitivesAt + index * wordsPerRow
}

export function primitiveName(index: number): string {
  return readText(arena(), primitiveNamesAt + index * nameBytesMax, nameBytesMax)
}

export function primitiveKindOf(index: number): PrimitiveKind | undefined {
  const kind = kindNames[Atomics.load(arena().words, primitiveRow(index))]
  return kind === 'none' ? undefined : kind
}

/** All that are in use, in the order of their rows. */
export function* primitives(): Generator<{ index: number; kind: PrimitiveKind }> {
  const high = Atomics.load(arena().words, header.primitivesHigh)
  for (let index = 1; index < high; index++) {
    const kind = primitiveKindOf(index)
    if (kind !== undefined) yield { index, kind }
  }
}

/**
 * The arena: the one piece of memory that all threads of a process share, and by which they find each other.
 *
 *     header | parties | waits | primitives | holdings | names of parties | names of primitives | stacks
 *
 * Each table has a fixed number of rows of 64 bytes, one cache line each, so that no two rows disturb each other. Rows that
 * were never used cost nothing: the operating system gives no memory for what nobody wrote. The first thread that needs
 * the arena makes it, and every worker that is started from then on inherits it as environment data.
 * What the words of a row mean stands in `parties.ts`, `primitives.ts` and `waiting/waits.ts`.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'

export const wordsPerRow = 16
/** Row 0 of each table means "none". */
export const partiesMax = 1_024
export const waitsMax = 16_384
export const primitivesMax = 32_768
/** Semaphores and shares of read-write locks that one party can hold at once. */
export const holdingsPerPartyMax = 128
export const wordsPerHolding = 4
export const nameBytesMax = 64
export const stackBytesMax = 2_048
/** Waits beyond these have no room for a stack. */
export const waitsWithStackMax = 4_096

const magic = 0x63_61_72_64
const headerWords = 64
const bytesPerWord = 4

/** Words of the header. */
export const header = {
  magic: 0,
  /** Rows of each table up to here may be in use; they only grow. */
  partiesHigh: 1,
  waitsHigh: 2,
  primitivesHigh: 3,
  /** Counts waits, so that the earlier of two is known. */
  sequence: 4,
  /** Where the next free row is looked for. */
  nextParty: 5,
  nextWait: 6,
  nextPrimitive: 7,
  /** Counts waits that have lasted; the detector sleeps on it. */
  longWaits: 8,
  /** The party of the service thread; 0: none yet, -1: it has died. */
  service: 9,
  /** Counts threads: each has its number. */
  threads: 10,
} as const

export const partiesAt = headerWords
export const waitsAt = partiesAt + partiesMax * wordsPerRow
export const primitivesAt = waitsAt + waitsMax * wordsPerRow
export const holdingsAt = primitivesAt + primitivesMax * wordsPerRow
const wordsEnd = holdingsAt + partiesMax * holdingsPerPartyMax * wordsPerHolding
export const partyNamesAt = wordsEnd * bytesPerWord
export const primitiveNamesAt = partyNamesAt + partiesMax * nameBytesMax
export const stacksAt = primitiveNamesAt + primitivesMax * nameBytesMax
const arenaBytes = stacksAt + waitsWithStackMax * stackBytesMax

export interface Arena {
  readonly buffer: SharedArrayBuffer
  readonly words: Int32Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
}

const environmentKey = 'cardumen.threads.arena'

let current: Arena | undefined

/** This process's arena, made now if nobody has made it yet. */
export function arena(): Arena {
  current ??= open(getEnvironmentData(environmentKey)) ?? make()
  return current
}

/**
 * Makes an arena that came from another thread this thread's own.
 * @throws CardumenError `thread-state`: this thread has used another one already.
 */
export function adoptArena(buffer: SharedArrayBuffer): Arena {
  const ours = current ?? open(getEnvironmentData(environmentKey))
  if (ours !== undefined && ours.buffer !== buffer && !isSameMemory(ours.buffer, buffer))
    throw new CardumenError('thread-state', 'This thread shares no memory with the one that the lock came from.', {
      hint: 'Start it with Thread, or make the first lock before the worker is started.',
    })
  current = ours ?? opened(buffer)
  return current
}

/** Each thread has an object of its own for one and the same memory; a mark tells whether it is the same. */
function isSameMemory(left: SharedArrayBuffer, right: SharedArrayBuffer): boolean {
  const mine = new Int32Array(left)
  const theirs = new Int32Array(right)
  const probe = header.sequence
  Atomics.add(mine, probe, 1)
  return mine.length === theirs.length && Atomics.load(mine, probe) === Atomics.load(theirs, probe)
}

function make(): Arena {
  const made = opened(new SharedArrayBuffer(arenaBytes))
  Atomics.store(made.words, header.magic, magic)
  Atomics.store(made.words, header.nextParty, 1)
  Atomics.store(made.words, header.nextWait, partiesMax)
  Atomics.store(made.words, header.waitsHigh, partiesMax)
  Atomics.store(made.words, header.nextPrimitive, 1)
  setEnvironmentData(environmentKey, made.buffer)
  return made
}

function open(inherited: unknown): Arena | undefined {
  return inherited instanceof SharedArrayBuffer ? opened(inherited) : undefined
}

function opened(buffer: SharedArrayBuffer): Arena {
  return { buffer, words: new Int32Array(buffer), bytes: new Uint8Array(buffer) }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A text, cut to its room; its length stands in the first two bytes. */
export function writeText({ bytes }: Arena, at: number, roomBytes: number, text: string): void {
  const encoded = encoder.encode(text).subarray(0, roomBytes - 2)
  bytes.set(encoded, at + 2)
  bytes[at] = encoded.length & 0xff
  bytes[at + 1] = encoded.length >> 8
}

export function readText({ bytes }: Arena, at: number, roomBytes: number): string {
  const length = Math.min(roomBytes - 2, (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8))
  // A copy, since decoders refuse shared memory; what a cut left of a character shows as its replacement.
  return decoder.decode(bytes.slice(at + 2, at + 2 + length))
}

export interface RowTable {
  /** Word of row 0. */
  readonly at: number
  readonly first: number
  readonly rows: number
  /** Rows are given out in turn among so many, as long as one of these is free; the others only where none is. */
  readonly inTurn: number
  /** Words of the header. */
  readonly next: number
  readonly high: number
}

/**
 * Takes a free row: its first word goes from 0 to `taken`. Undefined: the table is full.
 *
 * The row counts as one that may be in use before it is taken, so that one whose taker is stopped right after that is found.
 */
export function takeRow(words: Arena['words'], table: RowTable, taken: number): number | undefined {
  const { at, first, rows, inTurn, next, high } = table
  const start = Atomics.load(words, next) - first
  for (let tried = 0; tried < rows - first; tried++) {
    const row = first + (tried < inTurn ? (start + tried) % inTurn : tried)
    const word = at + row * wordsPerRow
    if (Atomics.load(words, word) !== 0) continue
    raise(words, high, row + 1)
    if (Atomics.compareExchange(words, word, 0, taken) !== 0) continue
    if (tried < inTurn) Atomics.store(words, next, first + ((row - first + 1) % inTurn))
    return row
  }
  return undefined
}

function raise(words: Int32Array<SharedArrayBuffer>, at: number, value: number): void {
  for (let seen = Atomics.load(words, at); seen < value; ) {
    const before = Atomics.compareExchange(words, at, seen, value)
    if (before === seen) return
    seen = before
  }
}

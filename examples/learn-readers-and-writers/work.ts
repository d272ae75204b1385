/** What the readers and the writers do. */
import type { Event, RWLock, SharedArray } from 'cardumen/threads'

type Page = SharedArray<'int32'>

/** Fills the page with one number, then with the next: a whole page has the same number everywhere. */
export function writePages(page: Page, lock: RWLock | undefined, rounds: number, writing: Page): void {
  for (let round = 0; round < rounds; round++) {
    using _held = lock?.holdWrite()
    for (let at = 0; at < page.length; at++) page.set(at, round)
  }
  writing.sub(0, 1)
}

/**
 * Reads as long as anybody writes.
 * @returns how often the page was half written: another number at its beginning than at its end.
 */
export function readPages(page: Page, lock: RWLock | undefined, writing: Page): number {
  let halfWritten = 0
  while (writing.load(0) > 0) {
    using _held = lock?.holdRead()
    if (page.get(0) !== page.get(page.length - 1)) halfWritten++
  }
  return halfWritten
}

export interface Room {
  readonly lock: RWLock
  /** How many came in so far; where they come in turn, their numbers follow in the order in which they did. */
  readonly inside: Page
  /** All who are to read together are inside. */
  readonly allIn: Event
  readonly letGo: Event
}

/** Reads until all of them read: none would ever leave if they could not be inside together. */
export function meetInside({ lock, inside, allIn, letGo }: Room, expected: number): void {
  using _held = lock.holdRead()
  if (inside.add(0, 1) + 1 === expected) allIn.set()
  letGo.wait()
}

/** The first one stays inside until all have come. */
export function readInTurn({ lock, inside, letGo }: Room, number: number): void {
  using _held = lock.holdRead()
  comeIn(inside, number)
  if (number === 0) letGo.wait()
}

export function writeInTurn({ lock, inside }: Room, number: number): void {
  using _held = lock.holdWrite()
  comeIn(inside, number)
}

function comeIn(inside: Page, number: number): void {
  inside.store(inside.add(0, 1) + 1, number)
}

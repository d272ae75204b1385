/**
 * The traces of several members as one, in the order of time.
 *
 * Events of different members arrive late by what their links take, so each is held for a moment and given out when
 * nothing earlier is to be expected. Within one millisecond Lamport time decides, which never puts a message before
 * its sending.
 */
import type { TraceEvent } from '../edges/trace.ts'

/** Over this the oldest half is given out early. */
export const heldEventsMax = 65_536

export class EventMerge {
  readonly #onEvent: (event: TraceEvent) => void
  #held: TraceEvent[] = []
  /** Events given out so far. */
  count = 0

  constructor(onEvent: (event: TraceEvent) => void) {
    this.#onEvent = onEvent
  }

  add(event: TraceEvent): void {
    if (this.#held.push(event) <= heldEventsMax) return
    this.#sort()
    this.#give(heldEventsMax / 2)
  }

  /** Gives out what happened until then; Infinity: all. */
  giveUntil(atMs: number): void {
    this.#sort()
    const later = this.#held.findIndex((event) => event.atMs > atMs)
    this.#give(later === -1 ? this.#held.length : later)
  }

  #sort(): void {
    this.#held.sort(
      (left, right) => left.atMs - right.atMs || left.lamport - right.lamport || left.sequence - right.sequence,
    )
  }

  #give(count: number): void {
    for (const event of this.#held.splice(0, count)) this.#onEvent(event)
    this.count += count
  }
}

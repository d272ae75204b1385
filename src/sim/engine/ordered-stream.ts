/**
 * One direction of a connection: what goes in comes out later, in the same order.
 *
 * What goes in at one moment travels together. What arrives while something is cut is for the receiver to judge.
 */
import type { EngineTime } from './engine-world.ts'

interface Packet<Item> {
  readonly sentMs: number
  readonly items: Item[]
}

export class OrderedStream<Item> {
  readonly #time: EngineTime
  readonly #drawDelayMs: () => number
  readonly #onArrived: (items: readonly Item[]) => void
  readonly #underWay: Packet<Item>[] = []
  #lastArrivalMs = 0

  constructor(time: EngineTime, drawDelayMs: () => number, onArrived: (items: readonly Item[]) => void) {
    this.#time = time
    this.#drawDelayMs = drawDelayMs
    this.#onArrived = onArrived
  }

  send(item: Item): void {
    const { nowMs } = this.#time
    const last = this.#underWay.at(-1)
    if (last?.sentMs === nowMs) return void last.items.push(item)
    this.#underWay.push({ sentMs: nowMs, items: [item] })
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + this.#drawDelayMs())
    // Whichever event comes first takes the first packet: the order of events at one moment is drawn.
    this.#time.after(this.#lastArrivalMs - nowMs, () => this.#onArrived(this.#underWay.shift()?.items ?? []))
  }
}

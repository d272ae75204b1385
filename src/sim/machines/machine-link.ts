/**
 * The ways from one virtual member to the others, for messages of machines: what becomes of each message.
 *
 * Messages are on their own: each has its own delay, so a later one may overtake. A cut, a loss or a broken link loses
 * a message for good; bytes go through a link one message after the other. Each link draws from streams of its own, and
 * as often whether or not a fault is in force, so that a run without one fault is otherwise the same.
 */
import type { Random } from '../../lib/random.ts'
import { drawMs } from '../faults/distribution.ts'
import type { LinkConditions, NetworkConditions } from '../faults/network-conditions.ts'
import { randomStream } from '../random-streams.ts'

/** Bytes that wait for a link for longer than this find its buffers full: the message is lost. */
const backlogMsMax = 10_000

/** One direction between two members. */
export class MachineLink {
  readonly #from: string
  readonly #to: string
  readonly #network: NetworkConditions
  readonly #chances: Random
  readonly #delays: Random
  readonly #copies: Random
  #conditions: LinkConditions | undefined
  #isStale = true
  #freeAtMs = 0
  /** Grows when the link breaks: what was under way is lost. */
  #epoch = 0

  constructor(from: string, to: string, network: NetworkConditions, seed: number) {
    this.#from = from
    this.#to = to
    this.#network = network
    this.#chances = randomStream(seed, `chances ${from} ${to}`)
    this.#delays = randomStream(seed, `delays ${from} ${to}`)
    this.#copies = randomStream(seed, `copies ${from} ${to}`)
    network.onChanged(() => {
      this.#isStale = true
    })
  }

  get epoch(): number {
    return this.#epoch
  }

  breakNow(): void {
    this.#epoch++
  }

  /**
   * Writes into `delaysMs` when each copy arrives: none, one or two entries. True: the link breaks with this message,
   * and the caller breaks the way back too.
   */
  route(sizeBytes: number, nowMs: number, delaysMs: number[]): boolean {
    delaysMs.length = 0
    const conditions = this.#isStale || this.#conditions === undefined ? this.#renewed(nowMs) : this.#conditions
    const isLost = this.#chances.next() < conditions.lossRate
    const isTwice = this.#chances.next() < conditions.duplicateRate
    const reorder = this.#chances.next()
    const isBreaking = this.#chances.next() < conditions.breakRate
    const delayMs = drawMs(conditions.delay, this.#delays)
    if (conditions.isCut || isLost || isBreaking) return isBreaking
    const passageMs = this.#passageMs(sizeBytes, nowMs, conditions.bytesPerMs)
    if (passageMs > backlogMsMax) return false
    // Given that the chance came up, the rest of the draw is uniform again.
    const laterMs = reorder < conditions.reorderRate ? (reorder / conditions.reorderRate) * conditions.laterMsMax : 0
    delaysMs.push(passageMs + delayMs + laterMs)
    if (isTwice) delaysMs.push(passageMs + drawMs(conditions.delay, this.#copies))
    return false
  }

  /** What waits for the link goes on at the new pace. */
  #renewed(nowMs: number): LinkConditions {
    const earlier = this.#conditions
    const conditions = this.#network.between(this.#from, this.#to)
    this.#conditions = conditions
    this.#isStale = false
    if (earlier !== undefined && this.#freeAtMs > nowMs)
      this.#freeAtMs = nowMs + ((this.#freeAtMs - nowMs) * earlier.bytesPerMs) / conditions.bytesPerMs
    return conditions
  }

  /** How long until its last byte is on the link. */
  #passageMs(sizeBytes: number, nowMs: number, bytesPerMs: number): number {
    if (bytesPerMs === Number.POSITIVE_INFINITY) return 0
    const doneMs = Math.max(nowMs, this.#freeAtMs) + sizeBytes / bytesPerMs
    const passageMs = doneMs - nowMs
    if (passageMs <= backlogMsMax) this.#freeAtMs = doneMs
    return passageMs
  }
}

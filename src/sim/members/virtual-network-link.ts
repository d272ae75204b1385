/**
 * One direction between two members, shared by all connections that go that way: how long a segment takes, and
 * whether it gets through.
 *
 * A stream loses nothing, so a loss means a wait: the segment is sent again after 200 ms, then 400, 800…, and after
 * six losses in a row the connection is given up. `reorder` only makes a segment later, and with it those behind it;
 * `duplicate` does nothing, since a stream drops copies unseen. What is drawn comes from a stream of this direction
 * alone, so that other links' traffic does not change it.
 */
import type { Random } from '../../lib/random.ts'
import { drawMs } from '../faults/distribution.ts'
import type { LinkConditions, NetworkConditions } from '../faults/network-conditions.ts'

const retransmissionMsMin = 200
const retransmissionMsMax = 3_200
const lossesMax = 6
/** When a segment that was lost so often is given up. */
export const lossGiveUpMs = retransmissionMsMin * (2 ** lossesMax - 1)

export class VirtualLink {
  readonly from: string
  readonly to: string
  readonly #conditions: NetworkConditions
  readonly #random: Random
  #present: LinkConditions | undefined
  /** After which change of the conditions that was. */
  #presentAsOf = 0
  /** Until then earlier segments are being put on the wire. */
  #freeAtMs = 0
  /** At which that was reckoned. */
  #bytesPerMs = Number.POSITIVE_INFINITY
  /** Of the segment that was sent last. */
  lossesOfLast = 0

  constructor(from: string, to: string, conditions: NetworkConditions, random: Random) {
    this.from = from
    this.to = to
    this.#conditions = conditions
    this.#random = random
  }

  get isCut(): boolean {
    return this.#now.isCut
  }

  /**
   * After a change of the conditions: by which share of the time what is under way still needs; 1, or less where the
   * link has become wider. Nothing that is under way is held up by a link that becomes narrower.
   */
  widen(nowMs: number): number {
    const { bytesPerMs } = this.#now
    const share = Math.min(1, this.#bytesPerMs / bytesPerMs)
    this.#bytesPerMs = bytesPerMs
    if (share < 1 && this.#freeAtMs > nowMs) this.#freeAtMs = nowMs + (this.#freeAtMs - nowMs) * share
    return share
  }

  /** Of something that has no size and is not lost: an acknowledgement, a reset. */
  drawDelayMs(): number {
    return drawMs(this.#now.delay, this.#random)
  }

  /** Whether the connection breaks on this segment. */
  drawsBreak(): boolean {
    const { breakRate } = this.#now
    return breakRate > 0 && this.#random.next() < breakRate
  }

  /** When it arrives; Infinity: it was lost too often. */
  send(sizeBytes: number, nowMs: number): number {
    const conditions = this.#now
    this.#bytesPerMs = conditions.bytesPerMs
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + sizeBytes / conditions.bytesPerMs
    const delayMs = drawMs(conditions.delay, this.#random) + this.#laterMs(conditions)
    this.lossesOfLast = this.#losses(conditions.lossRate)
    if (this.lossesOfLast === lossesMax) return Number.POSITIVE_INFINITY
    return this.#freeAtMs + delayMs + retransmissionMsMin * (2 ** this.lossesOfLast - 1)
  }

  get #now(): LinkConditions {
    const { changes } = this.#conditions
    if (this.#present !== undefined && this.#presentAsOf === changes) return this.#present
    this.#presentAsOf = changes
    this.#present = this.#conditions.between(this.from, this.to)
    return this.#present
  }

  #laterMs({ reorderRate, laterMsMax }: LinkConditions): number {
    return reorderRate > 0 && this.#random.next() < reorderRate ? this.#random.next() * laterMsMax : 0
  }

  #losses(lossRate: number): number {
    let losses = 0
    while (lossRate > 0 && losses < lossesMax && this.#random.next() < lossRate) losses++
    return losses
  }
}

/**
 * When something is sent again that was first sent at `firstMs` and has got no answer: 200, 600, 1,400, 3,000… ms after
 * that. Always later than now, whatever the rounding of sums and differences makes of these moments.
 */
export function nextTryAtMs(firstMs: number, nowMs: number): number {
  let atMs = firstMs
  let waitedMs = 0
  for (let waitMs = retransmissionMsMin; atMs <= nowMs; waitMs = Math.min(waitMs * 2, retransmissionMsMax)) {
    waitedMs += waitMs
    atMs = firstMs + waitedMs
  }
  return atMs
}

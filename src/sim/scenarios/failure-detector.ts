/**
 * The kernel's part below a machine that has to know who is alive: it tells every member of each death and new life.
 *
 * Each peer hears at a moment of its own, so views differ for a while. It is never wrong: `parted` is promised to be
 * certain. A suspicion that is wrong is the program's, in whatever way the machine offers.
 */
import { type Address, incarnation, address, type MemberId, memberId, memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'

export type Notice =
  | { readonly kind: 'parted'; readonly peer: Address }
  | { readonly kind: 'joined'; readonly address: Address }

/** The world's part in it. */
export interface Told {
  submit(to: Address, notice: Notice): void
  after(delayMs: number, run: () => void): void
  isRunning(of: Address): boolean
}

/** Within which the peers of one that died, or started, hear of it. */
const partedSeenMsMax = { process: 100, machine: 1_500 } as const
const joinedSeenMsMax = 50

export class FailureDetector {
  readonly #world: Told
  readonly #random: Random
  readonly #latest = new Map<MemberId, Address>()

  constructor(world: Told, random: Random) {
    this.#world = world
    this.#random = random
  }

  /** The lives that run. */
  get running(): Address[] {
    return [...this.#latest.values()].filter((each) => this.#world.isRunning(each))
  }

  /** What a life is told at its beginning: all first lives begin together. */
  aliveFor(life: number, names: readonly string[]): Address[] {
    return life > 1 ? this.running : names.map((name) => address(memberId(name), incarnation(1)))
  }

  onStarted(self: Address): void {
    const peers = this.running
    this.#latest.set(memberOf(self), self)
    for (const peer of peers) {
      this.#soon(joinedSeenMsMax, () => {
        if (this.#world.isRunning(self)) this.#world.submit(peer, { kind: 'joined', address: self })
      })
    }
  }

  onCrashed(gone: Address, how: 'process' | 'machine'): void {
    for (const peer of this.running)
      this.#soon(partedSeenMsMax[how], () => this.#world.submit(peer, { kind: 'parted', peer: gone }))
  }

  #soon(withinMs: number, run: () => void): void {
    this.#world.after(this.#random.next() * withinMs, run)
  }
}

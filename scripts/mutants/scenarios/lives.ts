/**
 * The kernel's part in the scenarios of single machines: who lives, and when the others hear of a birth or a death.
 *
 * A death is heard of late, and later where a whole machine died; a birth at once or a little later, but never of a life
 * that is over by then, since machines take the dead for alive until they hear of it.
 */
import { type Address, memberOf } from '../../../src/lib/identifiers.ts'
import type { Random } from '../../../src/lib/random.ts'

export interface LivesWorld {
  readonly nowMs: number
  isRunning(of: Address): boolean
  after(delayMs: number, run: () => void): void
}

export interface Tell {
  parted(to: Address, peer: Address): void
  joined(to: Address, peer: Address): void
}

const deathSeenMsMax = { process: 100, machine: 1_500 } as const
const birthSeenMsMax = 20

export class Lives {
  readonly #world: () => LivesWorld
  readonly #random: Random
  readonly #tell: Tell
  /** Of each member's latest life. */
  readonly #latest = new Map<string, Address>()

  /** The world may be made after this: it is asked for at the first event. */
  constructor(world: () => LivesWorld, random: Random, tell: Tell) {
    this.#world = world
    this.#random = random
    this.#tell = tell
  }

  get running(): Address[] {
    return [...this.#latest.values()].filter((life) => this.#world().isRunning(life))
  }

  any(random: Random): Address | undefined {
    const { running } = this
    return running[random.below(Math.max(1, running.length))]
  }

  onStarted(self: Address): void {
    this.#latest.set(memberOf(self), self)
    this.#world().after(this.#random.next() * birthSeenMsMax, () => {
      if (!this.#world().isRunning(self)) return
      for (const peer of this.running) if (peer !== self) this.#tell.joined(peer, self)
    })
  }

  onCrashed(gone: Address, how: 'process' | 'machine'): void {
    this.#world().after(this.#random.next() * deathSeenMsMax[how], () => {
      for (const peer of this.running) this.#tell.parted(peer, gone)
    })
  }
}

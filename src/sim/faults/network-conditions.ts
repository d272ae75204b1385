/**
 * What the network is like at this moment, between any two members: the usual options, changed by the faults in force.
 *
 * Worlds ask it for each message; the script's runner puts faults in force and lifts them. Of two faults of a kind the
 * one put in force last counts; partitions add up. What a loss or a cut means is decided by the world: a machine's
 * message is lost, a stream's segment is sent again.
 */
import type { Distribution, LinkFault, PartitionFault } from './fault.ts'
import type { NetworkOptions } from './network-options.ts'

/** Of one direction between two members. */
export interface LinkConditions {
  readonly isCut: boolean
  readonly lossRate: number
  readonly duplicateRate: number
  readonly reorderRate: number
  readonly laterMsMax: number
  readonly breakRate: number
  readonly delay: Distribution
  readonly bytesPerMs: number
}

type NetworkFault = LinkFault | PartitionFault

export class NetworkConditions {
  readonly #options: NetworkOptions
  readonly #names: readonly string[]
  readonly #inForce = new Set<NetworkFault>()
  readonly #cache = new Map<string, Map<string, LinkConditions>>()
  readonly #listeners: (() => void)[] = []
  #changes = 0

  /** `names`: of all members, in the order of the ring that a `ring` partition leaves. */
  constructor(options: NetworkOptions, names: readonly string[]) {
    this.#options = options
    this.#names = names
  }

  /** Told after every change, so that what waits for the end of a cut can go on. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** How many there have been: what `between` gave holds until the next. */
  get changes(): number {
    return this.#changes
  }

  apply(fault: NetworkFault): void {
    this.#inForce.add(fault)
    this.#changed()
  }

  lift(fault: NetworkFault): void {
    if (this.#inForce.delete(fault)) this.#changed()
  }

  between(from: string, to: string): LinkConditions {
    let row = this.#cache.get(from)
    if (row === undefined) {
      row = new Map()
      this.#cache.set(from, row)
    }
    let conditions = row.get(to)
    if (conditions === undefined) {
      conditions = this.#conditions(from, to)
      row.set(to, conditions)
    }
    return conditions
  }

  #changed(): void {
    this.#cache.clear()
    this.#changes++
    for (const listener of this.#listeners) listener()
  }

  #conditions(from: string, to: string): LinkConditions {
    const { delay, bytesPerMs } = this.#options
    const conditions = {
      ...{ isCut: false, lossRate: 0, duplicateRate: 0, reorderRate: 0, laterMsMax: 0, breakRate: 0 },
      ...{ delay, bytesPerMs },
    }
    if (from === to) return conditions
    for (const fault of this.#inForce) {
      if (fault.kind === 'partition') conditions.isCut ||= isCut(fault, from, to, this.#names)
      else if ((fault.from ?? from) === from && (fault.to ?? to) === to) Object.assign(conditions, changeOf(fault))
    }
    return conditions
  }
}

function changeOf(fault: LinkFault): Partial<LinkConditions> {
  switch (fault.kind) {
    case 'loss':
      return { lossRate: fault.rate }
    case 'duplicate':
      return { duplicateRate: fault.rate }
    case 'reorder':
      return { reorderRate: fault.rate, laterMsMax: fault.laterMsMax }
    case 'delay':
      return { delay: fault.delay }
    case 'bandwidth':
      return { bytesPerMs: fault.bytesPerMs }
    case 'break':
      return { breakRate: fault.rate }
  }
}

function isCut(fault: PartitionFault, from: string, to: string, names: readonly string[]): boolean {
  const [first, second] = fault.sides
  const crosses = first.includes(from) && second.includes(to)
  const crossesBack = second.includes(from) && first.includes(to)
  switch (fault.shape) {
    case 'one-way':
      return crosses
    case 'both-ways':
      return crosses || crossesBack
    case 'bridge':
      return (crosses || crossesBack) && from !== first[0] && to !== first[0]
    case 'ring': {
      const apart = Math.abs(names.indexOf(from) - names.indexOf(to))
      return apart !== 1 && apart !== names.length - 1
    }
  }
}

/**
 * Watches over the processes that hold leases, at a cost that does not grow with their number.
 *
 *     A ──► B ──► C ──► D ──► A        each process watches the next ones only
 *     A ──► B(dead)   ──► C            and takes over from one that is dead
 *     A ──► B(stopped) ──► C           or stopped, since neither watches anybody any more
 *
 * The ring is in the order of process numbers. A process that holds no lease watches those that would come after it.
 * Watching means to be told by the operating system; `needsLooking` says whether that could not be had for one of them.
 */
import { HolderProbe, isSameHolder, type Holder, type Liveness } from './holder-liveness.ts'
import { watchLife } from './life-file.ts'

/** A holder, and the file by which its death is told. */
export interface WatchedHolder extends Holder {
  readonly lifeHandle: number
}

/** Live processes that each one watches: two, so that the death of one is seen although its watcher was just stopped. */
const watchedMax = 2

export class DeathWatch {
  readonly #own: Holder
  readonly #onSign: () => void
  /** In the order in which this process would watch them. */
  #ring: readonly WatchedHolder[] = []
  readonly #watched = new Map<string, Watched>()

  /** `onSign`: somebody may have died; call `findDead`. */
  constructor(own: Holder, onSign: () => void) {
    this.#own = own
    this.#onSign = onSign
  }

  /** All that hold leases now, in any order, any of them several times. */
  setHolders(holders: Iterable<WatchedHolder>): void {
    const others = new Map<string, WatchedHolder>()
    for (const holder of holders) if (!isSameHolder(holder, this.#own)) others.set(nameOf(holder), holder)
    const sorted = [...others.values()].sort((left, right) => left.pid - right.pid)
    this.#ring = [
      ...sorted.filter((holder) => holder.pid >= this.#own.pid),
      ...sorted.filter((holder) => holder.pid < this.#own.pid),
    ]
  }

  /** The dead ones among those that this process is to watch now. */
  findDead(): readonly Holder[] {
    const dead: Holder[] = []
    const looked = new Set<string>()
    let live = 0
    for (const holder of this.#ring) {
      if (live === watchedMax) break
      looked.add(nameOf(holder))
      const liveness = this.#look(holder)
      if (liveness === 'dead') dead.push(holder)
      if (liveness === 'alive') live++
    }
    for (const [name, watched] of this.#watched) if (!looked.has(name)) this.#forget(name, watched)
    return dead
  }

  /** Some process cannot tell of its death by itself: call `findDead` often. */
  get needsLooking(): boolean {
    return [...this.#watched.values()].some((watched) => watched.isBlind)
  }

  close(): void {
    for (const [name, watched] of this.#watched) this.#forget(name, watched)
  }

  #look(holder: WatchedHolder): Liveness {
    const name = nameOf(holder)
    let watched = this.#watched.get(name)
    if (watched === undefined) {
      watched = new Watched(holder, this.#own, this.#onSign)
      this.#watched.set(name, watched)
    }
    return watched.look()
  }

  #forget(name: string, watched: Watched): void {
    watched.close()
    this.#watched.delete(name)
  }
}

class Watched {
  readonly #probe: HolderProbe
  readonly #watcher: ReturnType<typeof watchLife>

  constructor(holder: WatchedHolder, own: Holder, onSign: () => void) {
    this.#probe = new HolderProbe(holder, own)
    // Before the first look, so that no death falls in between.
    this.#watcher = this.#probe.isWithinSight ? watchLife(holder.pid, holder.lifeHandle, onSign) : undefined
  }

  get isBlind(): boolean {
    return this.#watcher === undefined && this.#probe.isWithinSight
  }

  look(): Liveness {
    return this.#probe.look()
  }

  close(): void {
    this.#probe.close()
    this.#watcher?.close()
  }
}

function nameOf(holder: WatchedHolder): string {
  return `${holder.pid} ${holder.startTime} ${holder.pidNamespace} ${holder.bootId} ${holder.lifeHandle}`
}

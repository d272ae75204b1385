/** The feeds of the directories that somebody watches, each there as long as somebody does. */
import type { Clock } from '../../edges/clock.ts'
import type { Engine } from '../../edges/engine.ts'
import type { Signal } from '../../lib/signal.ts'
import { Feed, type FeedEvent } from './feed.ts'

interface Shared {
  readonly feed: Feed
  watchers: number
}

export class Feeds {
  readonly #engine: Engine
  readonly #clock: Clock
  /** Bounded by the calls that the server runs at once. */
  readonly #feeds = new Map<number, Shared>()

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  /** Watches of the engine at this moment, but for those of watchers that catch up. */
  get count(): number {
    return this.#feeds.size
  }

  get watchers(): number {
    return [...this.#feeds.values()].reduce((sum, { watchers }) => sum + watchers, 0)
  }

  /**
   * Each change of the directory after `from`.
   * @param present - its sequence number now, or a moment ago: where a feed begins that is not there yet.
   */
  async *events(directory: number, from: number, present: number, signal: Signal): AsyncGenerator<FeedEvent> {
    const known = this.#feeds.get(directory)
    const shared = known === undefined || known.feed.isOver ? this.#open(directory, present) : known
    shared.watchers++
    try {
      yield* shared.feed.events(from, signal)
    } finally {
      shared.watchers--
      if (shared.watchers === 0) {
        shared.feed.close()
        if (this.#feeds.get(directory) === shared) this.#feeds.delete(directory)
      }
    }
  }

  close(): void {
    for (const { feed } of this.#feeds.values()) feed.close()
    this.#feeds.clear()
  }

  #open(directory: number, from: number): Shared {
    const shared: Shared = {
      feed: new Feed({ engine: this.#engine, clock: this.#clock, directory, from }),
      watchers: 0,
    }
    this.#feeds.set(directory, shared)
    return shared
  }
}

/**
 * What the virtual engine needs of the world that it lives in: virtual time, and the lives of its members.
 *
 * Interfaces only, so that the engine can be tested without a world, and the world be written without the engine.
 */
export interface EngineTime {
  /** Virtual, since the world began. */
  readonly nowMs: number
  /** Runs `run` once, after that much virtual time. The result cancels it, harmlessly when late or twice. */
  after(delayMs: number, run: () => void): () => void
}

/** One life of one member, as its engine sees it. */
export interface EngineClient {
  readonly name: string
  /**
   * Runs `run` on the member at its next chance: in the order of the calls, held back while it is paused, never once its
   * life is over.
   */
  deliver(run: () => void): void
  /** Its process runs, or is paused. */
  isLive(): boolean
  /** It is paused: the thread that renews its leases stands still too. */
  isStopped(): boolean
  /** The clock by which it judges its leases. */
  monotonicNow(): number
}

/** `client` is the empty text for what the engine does of its own accord. */
export type EngineEvents = (type: string, detail: object, client: string) => void

/**
 * How the virtual network is when nothing is wrong with it.
 */
import type { Distribution } from './fault.ts'

export interface NetworkOptions {
  /** Of one message, one way. */
  readonly delay: Distribution
  /** Of each direction of each link; Infinity: no bound. */
  readonly bytesPerMs: number
}

/** A quiet local network. */
export const usualNetwork: NetworkOptions = {
  delay: { kind: 'uniform', minMs: 0.2, maxMs: 0.6 },
  bytesPerMs: 100_000,
}

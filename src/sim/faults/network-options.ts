/**
 * How the virtual network is when nothing is wrong with it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { isDistribution } from './check-script.ts'
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

/** @throws CardumenError `option-invalid`. */
export function checkedNetwork(given: Partial<NetworkOptions> = {}): NetworkOptions {
  const network = { ...usualNetwork, ...given }
  if (!isDistribution(network.delay))
    throw new CardumenError('option-invalid', 'network.delay is no distribution of times.')
  if (typeof network.bytesPerMs !== 'number' || !(network.bytesPerMs > 0))
    throw new CardumenError('option-invalid', `network.bytesPerMs is ${String(network.bytesPerMs)}, not above 0.`)
  return network
}

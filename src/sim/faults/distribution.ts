/**
 * Draws durations from a distribution that a plan names.
 */
import type { Random } from '../../lib/random.ts'
import type { Distribution } from './fault.ts'

export function drawMs(distribution: Distribution, random: Random): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.ms
    case 'uniform':
      return distribution.minMs + random.next() * (distribution.maxMs - distribution.minMs)
    case 'exponential': {
      const above = -Math.log(1 - random.next()) * distribution.meanMs
      return Math.min(distribution.minMs + above, distribution.maxMs)
    }
    case 'pareto': {
      const share = 1 - random.next()
      return Math.min(distribution.minMs / share ** (1 / distribution.shape), distribution.maxMs)
    }
  }
}

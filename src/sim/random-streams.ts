/**
 * Streams of randomness that all follow from one seed and do not disturb each other.
 *
 * What draws from a stream of its own draws the same whether or not something else in the run draws more: so a run
 * stays like itself when shrinking takes a fault or a member out of it.
 */
import { type Random, seededRandom } from '../lib/random.ts'
import { textHash } from './digest.ts'

export function randomStream(seed: number, purpose: string): Random {
  return seededRandom(seed ^ textHash(purpose))
}

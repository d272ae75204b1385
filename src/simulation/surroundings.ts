/**
 * What a simulated world needs of Node: the turn after all promises have settled. With guards or without.
 */
import type { Surroundings, WorldGuards } from '../sim/scenario.ts'

/** `guards`: needed where programs of users run; our own code is held by lint instead. */
export function nodeSurroundings(guards?: WorldGuards): Surroundings {
  return { macrotask: (run) => void setImmediate(run), ...(guards && { guards }) }
}

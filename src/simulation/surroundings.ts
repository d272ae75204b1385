/**
 * What a simulated world needs of Node: the turn after all promises have settled, and rejections that nobody handles.
 * With guards or without.
 */
import type { Surroundings, WorldGuards } from '../sim/scenario.ts'
import { watchStrays } from './strays.ts'

/** Kept from the beginning, so that a test which puts false timers in the place of the real ones stops no world. */
const nextTurn = setImmediate

/** `guards`: needed where programs of users run; our own code is held by lint instead. */
export function nodeSurroundings(guards?: WorldGuards): Surroundings {
  return {
    macrotask: (run) => void nextTurn(run),
    onStray: (tell) => watchStrays(guards, tell),
    ...(guards && { guards }),
  }
}

/**
 * Whether the token of a generation is still there: with somebody who runs, or on its way to somebody who runs.
 *
 * What whoever regenerates has to ask after a death, here with all states in view. A token that was being handed to a
 * life that is over is gone, unless some other member has it: no later life is given it, and its sender hands it to
 * nobody else. To wait for that sender's `lost` instead is to wait for ever where the dead one's acknowledgement, late
 * on its way, comes before the news of the death. Messages are not looked at: one from a dead member may still bring the
 * token, and then a further one was made in vain, which harms nobody.
 */
import type { State } from '../../protocols/mutex/state.ts'

/** @param states - of all members that run. */
export function isTokenThere(states: readonly State[], generation: number): boolean {
  const running = new Map(states.map((state) => [state.self, state]))
  return states.some((state) => {
    if (state.generation !== generation) return false
    if (state.token !== undefined) return true
    const target = state.passing === undefined ? undefined : running.get(state.passing.to)
    return target !== undefined && !hasTaken(target, state)
  })
}

/** Or knows a later one, for which it drops this one. */
function hasTaken(target: State, { generation, passing }: State): boolean {
  if (target.generation !== generation) return target.generation > generation
  return passing !== undefined && target.hopSeen >= passing.token.hop
}

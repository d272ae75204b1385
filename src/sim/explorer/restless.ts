/**
 * Whether a state is one from which work leads nowhere but round in circles: asked where a path that was found so is gone
 * through again. The search itself asks for all states at once (`rest-reachable.ts`).
 */
import { CanonicalForms } from './canonical-form.ts'
import { isWork } from './choices.ts'
import type { AnyModel } from './exploration.ts'
import { type AnyGlobal, isAtRest } from './global-state.ts'
import { Transitions } from './transition.ts'
import { VisitedStates } from './visited-states.ts'
import { waysOn } from './ways-on.ts'

export const restlessText = 'from here on everything that can happen goes round in circles, and nothing leads to rest'

/** The sentence; undefined where rest can be reached, or the model's bounds end the search for it. */
export function restlessnessIn(model: AnyModel, from: AnyGlobal): string | undefined {
  const transitions = new Transitions(model)
  const forms = new CanonicalForms(model, false)
  const visited = new VisitedStates(false)
  visited.add(forms.of(from), -1, 0)
  const open = [from]
  for (let global = open.pop(); global !== undefined; global = open.pop()) {
    if (isAtRest(global) || visited.size >= model.bounds.statesMax) return undefined
    for (const way of waysOn(model, transitions, global)) {
      if (way.broken !== undefined || !isWork(way.choice)) continue
      if (visited.add(forms.of(way.global), -1, 0) !== undefined) open.push(way.global)
    }
  }
  return restlessText
}

/**
 * The ways on from a state: each choice, and where its steps draw, each of their draws. Always in the same order, so that
 * a way's place is a name for it.
 */
import { choicesOf } from './choices.ts'
import type { AnyModel, Choice } from './exploration.ts'
import type { AnyGlobal } from './global-state.ts'
import type { Taken, Transitions } from './transition.ts'

export interface Way extends Taken {
  readonly choice: Choice
  readonly place: number
}

export function* waysOn(model: AnyModel, transitions: Transitions, global: AnyGlobal): Generator<Way, void, void> {
  let place = 0
  for (const happening of choicesOf(model, global)) {
    for (let drawn: readonly number[] | undefined = []; drawn !== undefined; drawn = transitions.otherDraws()) {
      const taken = transitions.take(global, drawn.length === 0 ? happening : { ...happening, drawn })
      const choice = transitions.drawn.length === 0 ? happening : { ...happening, drawn: transitions.drawn }
      yield { choice, place, ...taken }
      place++
    }
  }
}

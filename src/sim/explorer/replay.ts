/**
 * Goes through a list of choices again, one at a time: a counterexample, drawn or stepped through by a person.
 *
 * A list that does not fit the model any more (it was saved by an earlier version, or edited) is refused at the choice
 * that cannot happen; everything before it is shown.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { choicesOf, choiceText } from './choices.ts'
import type { AnyModel, Choice } from './exploration.ts'
import { type AnyGlobal, dataKey, initialGlobal } from './global-state.ts'
import { restlessnessIn } from './restless.ts'
import { TraceRecorder } from './trace-recorder.ts'
import { Transitions } from './transition.ts'
import { violationIn } from './violation-in.ts'

/** Of a choice that is quoted. */
const choiceLengthMax = 200

export interface ReplayStep {
  /** From 1. */
  readonly number: number
  readonly choice: Choice
  /** What happened, in words. */
  readonly text: string
  readonly events: readonly TraceEvent[]
  /** The state after it. */
  readonly global: AnyGlobal
  readonly violation: string | undefined
}

/** `choices` may come from a file: each counts only where the model offers the same at that point. */
export function* replay(model: AnyModel, choices: readonly unknown[]): Generator<ReplayStep, void, void> {
  const recorder = new TraceRecorder(model.machine.name)
  const transitions = new Transitions(model, recorder)
  let global = initialGlobal(model)
  let number = 0
  for (const wanted of choices) {
    number++
    const choice = offered(model, global, wanted)
    if (choice === undefined) throw cannotHappen(model, number, wanted)
    const taken = transitions.take(global, choice)
    global = taken.global
    const violation =
      taken.broken ?? violationIn(model, global) ?? (number === choices.length ? restless(model, global) : undefined)
    yield { number, choice, text: choiceText(choice), events: recorder.takeEvents(), global, violation }
    if (taken.broken !== undefined) return
  }
}

/** What is wrong at the end of a path where nothing is wrong in any state of it. */
function restless(model: AnyModel, global: AnyGlobal): string | undefined {
  return model.comesToRest === true ? restlessnessIn(model, global) : undefined
}

function offered(model: AnyModel, global: AnyGlobal, wanted: unknown): Choice | undefined {
  const { drawn, ...happening } = (wanted ?? {}) as { readonly drawn?: unknown }
  const key = dataKey(happening)
  const choice = choicesOf(model, global).find((each) => dataKey(each) === key)
  return choice === undefined || !Array.isArray(drawn) ? choice : { ...choice, drawn: drawn as readonly number[] }
}

function cannotHappen(model: AnyModel, number: number, wanted: unknown): CardumenError {
  const choice = JSON.stringify(wanted)?.slice(0, choiceLengthMax)
  return new CardumenError(
    'option-invalid',
    `Choice ${number} cannot happen in the model "${model.name}": ${choice}.`,
    {
      hint: 'Explore the model again, and save a new counterexample.',
    },
  )
}

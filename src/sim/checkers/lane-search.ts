/**
 * Looks for one order of all processes' operations that keeps the order of each process and is right for every object:
 * the search behind sequential and PRAM consistency, in which real time counts for nothing.
 *
 * Deciding this is NP-complete (Gibbons & Korach, 1997), so what was seen is remembered (how far each process is, and
 * the objects' states), what changes nothing is placed as soon as it fits, what was invoked first is tried first, and
 * the search ends undecided at a bound. Operations of a lane that need not be finished may stay undone at its end.
 */
import { textOf } from './json-value.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import type { Budget } from './point-search.ts'

export interface Lane {
  readonly operations: readonly Operation[]
  /** So many must be placed; the rest may happen. */
  readonly needed: number
}

export type LaneSearch =
  | { readonly kind: 'explained' }
  | { readonly kind: 'broken'; readonly culprit: Operation | undefined }
  | { readonly kind: 'undecided' }

interface Configuration {
  readonly places: readonly number[]
  readonly states: ReadonlyMap<string, string>
}

export function searchLanes(lanes: readonly Lane[], model: Model, budget: Budget): LaneSearch {
  const seen = new Set<string>()
  const stack: Configuration[] = [{ places: lanes.map(() => 0), states: new Map() }]
  let deepest = stack[0]
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    if (lanes.every(({ needed }, lane) => (here?.places[lane] ?? 0) >= needed)) return { kind: 'explained' }
    const text = `${here.places.join(' ')}|${textOfStates(here.states)}`
    if (seen.has(text)) continue
    seen.add(text)
    if (budget.configurations-- <= 0) return { kind: 'undecided' }
    if (deepest === undefined || placed(here) > placed(deepest)) deepest = here
    pushFollowing(lanes, model, here, stack)
  }
  return { kind: 'broken', culprit: firstUnplaced(lanes, deepest) }
}

function pushFollowing(lanes: readonly Lane[], model: Model, here: Configuration, stack: Configuration[]): void {
  const next = lanes
    .map(({ operations }, lane) => ({ lane, operation: operations[here.places[lane] ?? 0] }))
    .filter((each): each is { lane: number; operation: Operation } => each.operation !== undefined)
    .sort((left, right) => right.operation.invokedAt - left.operation.invokedAt)
  const following: Configuration[] = []
  for (const { lane, operation } of next) {
    const key = textOf(operation.key)
    for (const state of model.step(here.states.get(key) ?? model.initial, operation)) {
      const places = here.places.map((place, index) => (index === lane ? place + 1 : place))
      if (operation.type === 'ok' && model.keepsState(operation)) {
        stack.push({ places, states: here.states })
        return
      }
      following.push({ places, states: new Map(here.states).set(key, state) })
    }
  }
  stack.push(...following)
}

function firstUnplaced(lanes: readonly Lane[], deepest: Configuration | undefined): Operation | undefined {
  return lanes
    .flatMap(({ operations, needed }, lane) =>
      operations.slice(0, needed).slice(deepest?.places[lane] ?? 0, (deepest?.places[lane] ?? 0) + 1),
    )
    .sort((left, right) => left.invokedAt - right.invokedAt)[0]
}

function placed({ places }: Configuration): number {
  return places.reduce((sum, each) => sum + each, 0)
}

function textOfStates(states: ReadonlyMap<string, string>): string {
  return [...states]
    .map(([key, state]) => `${key}=${state}`)
    .sort()
    .join(';')
}

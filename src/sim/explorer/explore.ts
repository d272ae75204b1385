/**
 * Breadth-first search over everything that can happen: the first violation that it meets is a shortest one.
 *
 * It looks at the states of one depth after those of the one before, and goes on from each state once. Only the states
 * of two depths are held whole; of the others a hash and the way to them remain, and a counterexample is made by going
 * that way again. It says `holds` only where it has seen everything that the bounds allow.
 */
import { assert } from '../../lib/assert.ts'
import { type CanonicalForm, CanonicalForms } from './canonical-form.ts'
import { isWork } from './choices.ts'
import type { AnyModel, Choice, Counterexample, ExplorationResult } from './exploration.ts'
import { type AnyGlobal, initialGlobal, isAtRest } from './global-state.ts'
import { replay } from './replay.ts'
import { RestReachable } from './rest-reachable.ts'
import { restlessText } from './restless.ts'
import { Transitions } from './transition.ts'
import { violationIn } from './violation-in.ts'
import { type Origin, VisitedStates } from './visited-states.ts'
import { waysOn } from './ways-on.ts'

export interface ExploreOptions {
  /** Milliseconds, for the report only. */
  readonly nowMs: () => number
  /** Keeps whole states instead of hashes: no two can be taken for one; needs ten times the memory and more. */
  readonly isExact?: boolean
  /** Every 1,024 states. */
  readonly onProgress?: (states: number, depth: number) => void
}

interface Found {
  readonly state: number
  readonly global: AnyGlobal
}

type CutBy = ExplorationResult['cutBy'][number]

const progressMask = 0x3ff

export function explore(model: AnyModel, options: ExploreOptions): ExplorationResult {
  const startMs = options.nowMs()
  const search = new Search(model, options)
  const violation = search.run()
  const { states, edges, depth } = search
  const cutBy = [...search.cutBy]
  const report = { states, edges, depth, cutBy, ms: options.nowMs() - startMs }
  if (violation !== undefined) {
    const counterexample = search.wayTo(violation)
    return { verdict: 'violated', ...report, depth: counterexample.choices.length, counterexample }
  }
  return { verdict: cutBy.length === 0 ? 'holds' : 'bounded', ...report }
}

/** What is wrong, and where: in the state that `origin` leads to, or in the initial one. */
interface Violation {
  readonly text: string
  readonly origin: Origin | undefined
}

class Search {
  edges = 0
  depth = 0
  readonly cutBy = new Set<CutBy>()
  readonly #model: AnyModel
  readonly #forms: CanonicalForms
  readonly #transitions: Transitions
  readonly #visited: VisitedStates
  readonly #restReachable: RestReachable | undefined
  readonly #onProgress: ExploreOptions['onProgress']

  constructor(model: AnyModel, { isExact = false, onProgress }: ExploreOptions) {
    this.#model = model
    this.#forms = new CanonicalForms(model, isExact)
    this.#transitions = new Transitions(model)
    this.#visited = new VisitedStates(isExact)
    this.#restReachable = model.comesToRest === true ? new RestReachable() : undefined
    this.#onProgress = onProgress
  }

  get states(): number {
    return this.#visited.size
  }

  run(): Violation | undefined {
    const global = initialGlobal(this.#model)
    const state = this.#visited.add(this.#formOf(global), -1, 0)
    assert(state !== undefined, 'the initial state was not seen before')
    const text = violationIn(this.#model, global)
    if (text !== undefined) return { text, origin: undefined }
    let frontier: Found[] = [{ state, global }]
    while (frontier.length > 0) {
      if (this.depth >= this.#model.bounds.depthMax) {
        this.cutBy.add('depthMax')
        return undefined
      }
      const next: Found[] = []
      for (const found of frontier) {
        const violation = this.#expand(found, next)
        if (violation !== undefined || this.cutBy.has('statesMax')) return violation
      }
      if (next.length > 0) this.depth++
      frontier = next
    }
    return this.cutBy.size === 0 ? this.#restlessness() : undefined
  }

  /** Only of a search that has seen everything: beyond what was cut off there may be rest. */
  #restlessness(): Violation | undefined {
    const state = this.#restReachable?.firstWithout(this.states)
    if (state === undefined) return undefined
    return { text: restlessText, origin: state === 0 ? undefined : this.#visited.originOf(state) }
  }

  /** Goes from the initial state to it again, and writes down what happens. */
  wayTo({ text, origin }: Violation): Counterexample {
    const places: number[] = []
    for (let at = origin; at !== undefined; at = at.parent > 0 ? this.#visited.originOf(at.parent) : undefined) {
      places.unshift(at.choice)
    }
    const choices = this.#choicesAt(places)
    const events = [...replay(this.#model, choices)].flatMap((step) => step.events)
    return { violation: text, choices, events }
  }

  #expand({ state, global }: Found, next: Found[]): Violation | undefined {
    if (isAtRest(global)) this.#restReachable?.addRest(state)
    for (const { choice, place, global: to, broken } of waysOn(this.#model, this.#transitions, global)) {
      this.edges++
      const origin = { parent: state, choice: place }
      if (broken !== undefined) return this.#violation(broken, origin)
      if (to.inFlight.length > this.#model.bounds.messagesInFlightMax) {
        this.cutBy.add('messagesInFlightMax')
        continue
      }
      const form = this.#formOf(to)
      const reached = this.#visited.add(form, state, place)
      if (isWork(choice)) this.#restReachable?.addEdge(state, reached ?? this.#visited.numberOf(form) ?? 0)
      if (reached === undefined) continue
      const text = violationIn(this.#model, to)
      if (text !== undefined) return this.#violation(text, origin)
      next.push({ state: reached, global: to })
      if ((reached & progressMask) === 0) this.#onProgress?.(this.states, this.depth)
      if (this.states >= this.#model.bounds.statesMax) {
        this.cutBy.add('statesMax')
        return undefined
      }
    }
    return undefined
  }

  #violation(text: string, origin: Origin): Violation {
    this.depth++
    return { text, origin }
  }

  #formOf(global: AnyGlobal): CanonicalForm {
    return this.#forms.of(global)
  }

  /** Choices are offered by the forms of messages, so these are made here too. */
  #choicesAt(places: readonly number[]): Choice[] {
    let global = initialGlobal(this.#model)
    return places.map((wanted) => {
      this.#formOf(global)
      const way = [...waysOn(this.#model, this.#transitions, global)].find(({ place }) => place === wanted)
      assert(way !== undefined, 'a way that was gone can be gone again')
      global = way.global
      return way.choice
    })
  }
}

/**
 * Linearizability (Herlihy & Wing, 1990): every operation seems to take effect at one moment between its invocation
 * and its return.
 *
 * Objects are checked one by one, since a history is linearizable exactly when each object's part is (the locality of
 * Herlihy & Wing; P-compositionality, Horn & Kroening, 2015). `point-search.ts` searches, `shrink-part.ts` makes what
 * is broken small. It decides, or says that the bound on its work was reached; it never guesses.
 */
import { textOf } from './json-value.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import { operationText, timelineText } from './operation-text.ts'
import { type Budget, type PointSearch, searchPoints } from './point-search.ts'
import { shrinkPart } from './shrink-part.ts'
import { type Verdict, type Violated, held, undecided } from './verdict.ts'

/** Configurations that one check may visit, over all objects. */
export const configurationsMax = 1_000_000
/** Configurations that making the broken part small may visit besides. */
const shrinkConfigurationsMax = 1_000_000
/** Configurations that finding the operation without a place may visit, each time. */
const culpritConfigurationsMax = 200_000
/** Operations of the longest order that a text shows; the last ones. */
const shownOrderMax = 12

const claim = 'linearizable'

export interface CheckOptions {
  /** Work of the check; left out: `configurationsMax`. */
  readonly configurationsMax?: number
  /** Called after each object. */
  readonly onProgress?: (checkedOperations: number, operations: number) => void
}

export function checkLinearizable(history: readonly Operation[], model: Model, options: CheckOptions = {}): Verdict {
  const budget = { configurations: options.configurationsMax ?? configurationsMax }
  const stuck: string[] = []
  let checked = 0
  for (const [key, operations] of objectsOf(history)) {
    const alien = model.unexplained?.(operations)
    if (alien !== undefined) return alienTo(alien)
    const search = searchPoints(operations, model, budget)
    if (search.kind === 'broken') return violationOf(search, operations, model)
    if (search.kind === 'undecided') stuck.push(key)
    if (budget.configurations <= 0) break
    checked += operations.length
    options.onProgress?.(checked, history.length)
  }
  return stuck.length === 0
    ? held
    : undecided(
        claim,
        `Not decided within ${options.configurationsMax ?? configurationsMax} configurations; the search was at the object ${stuck[0]}.`,
      )
}

/** Of each key, by the text of the key; what failed did not happen and is left out. */
export function objectsOf(history: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const objects = new Map<string, Operation[]>()
  for (const operation of history) {
    if (operation.type === 'fail') continue
    const key = textOf(operation.key)
    const operations = objects.get(key)
    if (operations === undefined) objects.set(key, [operation])
    else operations.push(operation)
  }
  return objects
}

type Broken = PointSearch & { readonly kind: 'broken' }

/** No other operation can be to blame for it, so it is the smallest part by itself. */
function alienTo(culprit: Operation): Violated {
  const text = ['It gave what nobody had put there:', '', ...timelineText([culprit], culprit)].join('\n')
  return { holds: false, claim, text, part: [culprit], culprit }
}

/** A search that looked ahead knows that it is broken, but not by whom: that takes one that does not. */
function violationOf(first: Broken, operations: readonly Operation[], model: Model): Violated {
  const budget: Budget = { configurations: shrinkConfigurationsMax }
  const whole = searchPoints(operations, model, { configurations: culpritConfigurationsMax }, false)
  if (whole.kind === 'broken') return shrunkOf(whole, operations, model, budget)
  let last = first
  const part = shrinkPart(operations, model, (smaller) => {
    const search = searchPoints(smaller, model, budget)
    if (search.kind === 'broken') last = search
    return search.kind === 'broken'
  })
  const exact = searchPoints(part, model, { configurations: culpritConfigurationsMax }, false)
  if (exact.kind === 'broken') return shrunkOf(exact, part, model, budget)
  return { holds: false, claim, text: textOfBroken(last, part), part, culprit: last.culprit }
}

function shrunkOf(first: Broken, operations: readonly Operation[], model: Model, budget: Budget): Violated {
  // What was invoked after the return that has no place is not to blame; what was under way keeps its own result.
  const prefix = operations.filter((each) => each.invokedAt < (first.culprit.returnedAt ?? Infinity))
  let last = first
  const part = shrinkPart(prefix, model, (smaller) => {
    const search = searchPoints(smaller, model, budget, false)
    if (search.kind === 'broken') last = search
    return search.kind === 'broken'
  })
  const small = part.filter((each) => each.invokedAt < (last.culprit.returnedAt ?? Infinity))
  return { holds: false, claim, text: textOfBroken(last, small), part: small, culprit: last.culprit }
}

function textOfBroken({ culprit, order, state }: Broken, part: readonly Operation[]): string {
  const shown = order.slice(-shownOrderMax).map(operationText)
  return [
    `No order of these operations explains what they returned (${part.length} of the history):`,
    '',
    ...timelineText(part, culprit),
    '',
    `The longest order that fits: ${order.length > shownOrderMax ? '… ' : ''}${shown.join(', ') || 'none'}.`,
    `After it the object is ${state.trimEnd() === '' ? 'empty' : state.trimEnd().replaceAll('\n', ', ')}, and ${operationText(culprit)} of process ${culprit.process} has no place.`,
  ].join('\n')
}

/**
 * PRAM consistency (Lipton & Sandberg, 1988): each process sees the changes of every process in the order in which that
 * process made them; two processes may see the changes of others in different orders.
 *
 * For each process it looks for an order of its own operations and as many of the others' changes as it needs. What
 * the others got as results is their own affair, so their operations stand in that order as unknown ones.
 */
import { type LaneSearch, searchLanes } from './lane-search.ts'
import { type CheckOptions, checkLinearizable, configurationsMax } from './linearizable.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import { operationText, timelineText } from './operation-text.ts'
import { laneOf, processesOf } from './process-orders.ts'
import { type Budget } from './point-search.ts'
import { shrinkPart } from './shrink-part.ts'
import { type Verdict, held, undecided } from './verdict.ts'

const claim = 'pram'
const shrinkConfigurationsMax = 200_000

export function checkPram(history: readonly Operation[], model: Model, options: CheckOptions = {}): Verdict {
  if (checkLinearizable(history, model, options).holds === true) return held
  const bound = options.configurationsMax ?? configurationsMax
  const budget = { configurations: bound }
  for (const own of processesOf(history, model)) {
    const process = own[0]?.process ?? 0
    const search = searchView(history, process, model, budget)
    if (search.kind === 'undecided')
      return undecided(claim, `Not decided within ${bound} configurations; the search was at process ${process}.`)
    if (search.kind === 'broken') return violationOf(history, process, search.culprit, model)
  }
  return held
}

function violationOf(
  history: readonly Operation[],
  process: Operation['process'],
  found: Operation | undefined,
  model: Model,
): Verdict {
  const budget = { configurations: shrinkConfigurationsMax }
  let culprit = found
  const part = shrinkPart(viewOf(history, process, model), model, (smaller) => {
    const search = searchView(smaller, process, model, budget)
    if (search.kind === 'broken') culprit = search.culprit
    return search.kind === 'broken'
  })
  const text = [
    `Process ${process} cannot have seen the changes of every process in their order:`,
    '',
    ...timelineText(part, culprit),
    ...(culprit === undefined ? [] : ['', `No order of these leads it to ${operationText(culprit)}.`]),
  ].join('\n')
  return { holds: false, claim, text, part, ...(culprit === undefined ? {} : { culprit }) }
}

/** Its own operations, and what others did that can change something, whatever they got for it. */
function viewOf(history: readonly Operation[], process: Operation['process'], model: Model): readonly Operation[] {
  return history.filter((each) => {
    return each.type !== 'fail' && (each.process === process || !model.isIdle({ ...each, type: 'info' }))
  })
}

function searchView(
  history: readonly Operation[],
  process: Operation['process'],
  model: Model,
  budget: Budget,
): LaneSearch {
  const lanes = processesOf(viewOf(history, process, model), model).map((operations) => {
    if (operations[0]?.process === process) return laneOf(operations)
    return { operations: operations.map((each): Operation => ({ ...each, type: 'info' })), needed: 0 }
  })
  return searchLanes(lanes, model, budget)
}

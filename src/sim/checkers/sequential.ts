/**
 * Sequential consistency (Lamport, 1979): one order of all operations that keeps the order of each process explains
 * everything; real time counts for nothing. It looks at the whole history, since it does not hold object by object.
 */
import { searchLanes } from './lane-search.ts'
import { type CheckOptions, checkLinearizable, configurationsMax } from './linearizable.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import { operationText, timelineText } from './operation-text.ts'
import { laneOf, processesOf } from './process-orders.ts'
import { shrinkPart } from './shrink-part.ts'
import { type Verdict, held, undecided } from './verdict.ts'

const claim = 'sequential'
/** Configurations of one attempt to make the broken part smaller. */
const shrinkConfigurationsMax = 200_000

export function checkSequential(history: readonly Operation[], model: Model, options: CheckOptions = {}): Verdict {
  // What is linearizable is sequentially consistent, and that is decided faster.
  if (checkLinearizable(history, model, options).holds === true) return held
  const bound = options.configurationsMax ?? configurationsMax
  const whole = search(history, model, bound)
  if (whole.kind === 'explained') return held
  if (whole.kind === 'undecided') return undecided(claim, `Not decided within ${bound} configurations.`)
  const budget = { configurations: shrinkConfigurationsMax }
  const part = shrinkPart(
    history.filter((each) => each.type !== 'fail'),
    model,
    (smaller) => {
      return searchLanes(processesOf(smaller, model).map(laneOf), model, budget).kind === 'broken'
    },
  )
  const small = search(part, model, bound)
  const culprit = small.kind === 'broken' ? small.culprit : whole.culprit
  const text = [
    'No order that keeps the order of each process explains these operations:',
    '',
    ...timelineText(part, culprit),
    ...(culprit === undefined
      ? []
      : ['', `The longest order that fits stops before ${operationText(culprit)} of process ${culprit.process}.`]),
  ].join('\n')
  return { holds: false, claim, text, part, ...(culprit === undefined ? {} : { culprit }) }
}

function search(history: readonly Operation[], model: Model, configurations: number): ReturnType<typeof searchLanes> {
  return searchLanes(processesOf(history, model).map(laneOf), model, { configurations })
}

/**
 * Eventual convergence: some time after the last change, the final reads of all processes agree (Terry et al., 1995,
 * called it eventual consistency), on something that was there to be read.
 *
 * It looks at each key by itself, and only at reads that were invoked after every change had returned and a quiet time
 * had passed. A change of unknown outcome counts as over when the last known one is. Says nothing about what was read
 * before; where nobody read a key at the end, there is nothing to judge by, and it says so.
 */
import { textOf } from './json-value.ts'
import { objectsOf } from './linearizable.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import { timelineText } from './operation-text.ts'
import { type Verdict, held, undecided } from './verdict.ts'

const claim = 'eventual'
const readNames = new Set(['read', 'get'])
const plainWrites = new Set(['write', 'put', 'cas'])

/** `quietTime` is in the unit of the history's times. */
export function checkEventual(history: readonly Operation[], model: Model, quietTime = 0): Verdict {
  let judged = 0
  for (const operations of objectsOf(history).values()) {
    const finals = finalReads(operations, model, quietTime)
    if (finals.length === 0) continue
    judged++
    const values = new Set(finals.map(valueOf))
    const text =
      finals.length > 0 && values.size > 1
        ? 'After the last change and the quiet time, these final reads differ:'
        : thinAir(finals, operations)
    if (text !== undefined)
      return { holds: false, claim, text: [text, '', ...timelineText(finals, finals.at(-1))].join('\n'), part: finals }
  }
  return judged > 0
    ? held
    : undecided(claim, 'Nobody read after the last change and the quiet time, so there is nothing to judge by.')
}

/** The last read of each process. */
function finalReads(operations: readonly Operation[], model: Model, quietTime: number): readonly Operation[] {
  const changes = operations.filter((each) => (each.type === 'ok' ? !model.keepsState(each) : !model.isIdle(each)))
  const until = Math.max(-1, ...maxima(changes.map((each) => each.returnedAt ?? each.invokedAt)))
  const untilTime = Math.max(
    Number.NEGATIVE_INFINITY,
    ...maxima(changes.map((each) => each.returnedTime ?? each.invokedTime)),
  )
  const last = new Map<Operation['process'], Operation>()
  for (const each of operations) {
    const isFinal =
      each.type === 'ok' && readNames.has(each.f) && each.invokedAt > until && each.invokedTime >= untilTime + quietTime
    if (isFinal) last.set(each.process, each)
  }
  return [...last.values()]
}

/** For models in which every value was written as it is read. */
function thinAir(finals: readonly Operation[], operations: readonly Operation[]): string | undefined {
  const changes = operations.filter((each) => !readNames.has(each.f))
  if (!changes.every((each) => plainWrites.has(each.f))) return undefined
  const possible = new Set(
    changes.map((each) => textOf(each.f === 'cas' && Array.isArray(each.value) ? each.value[1] : each.value)),
  )
  const isUntouched = !changes.some((each) => each.type === 'ok')
  const read = finals[0] === undefined ? 'null' : valueOf(finals[0])
  return possible.has(read) || (read === 'null' && isUntouched)
    ? undefined
    : 'The final reads agree on what nobody wrote:'
}

function valueOf(operation: Operation): string {
  const text = textOf(operation.result)
  return operation.f === 'get' && text === '""' ? 'null' : text
}

function maxima(numbers: readonly number[]): readonly number[] {
  return numbers.length === 0 ? [] : [numbers.reduce((left, right) => Math.max(left, right))]
}

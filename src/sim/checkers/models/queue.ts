/**
 * Two queues. `fifo` gives its elements in the order in which they came; `queue` gives any that is there, as queues do
 * that deliver a message again or serve many consumers. `enqueue`, and `dequeue`, which gives null when it is empty.
 *
 * The state is the texts of the elements, each with a line break after it; no text contains one. The elements of
 * `queue` are sorted, so that the same elements are the same state.
 */
import type { Json } from '../json-value.ts'
import { textOf } from '../json-value.ts'
import type { Operation } from '../operation.ts'
import { orderOfAddition } from './fifo-order.ts'
import { fifoOutlook } from './fifo-outlook.ts'
import { foundNothing, groupedBy } from './queue-operations.ts'
import { type Model, anything, impossible, nothing } from './model.ts'

const operations = new Map([
  ['enqueue', { about: 'carries the element, which is not null', input: element }],
  ['dequeue', { about: 'its completion carries the element, or null: it was empty', input: nothing, output: anything }],
])

export const fifo: Model = {
  name: 'fifo',
  needsKey: false,
  initial: '',
  operations,
  step(state, operation) {
    if (operation.f === 'enqueue') return [`${state}${textOf(operation.value)}\n`]
    if (operation.type === 'info') return [state.slice(state.indexOf('\n') + 1)]
    if (operation.result === null) return state === '' ? [state] : impossible
    const first = `${textOf(operation.result)}\n`
    return state.startsWith(first) ? [state.slice(first.length)] : impossible
  },
  unexplained: fromNowhere,
  keepsState: foundNothing,
  isIdle: () => false,
  droppable: wholeLives,
  witnesses: takers,
  ranks: orderOfAddition,
  helps: helpsInOrder,
  outlook: fifoOutlook,
}

export const queue: Model = {
  name: 'queue',
  needsKey: false,
  initial: '',
  operations,
  step(state, operation) {
    if (operation.f === 'enqueue') return [inserted(state, `${textOf(operation.value)}\n`)]
    if (operation.type === 'info') return everyRemoval(state)
    if (operation.result === null) return state === '' ? [state] : impossible
    return removed(state, `${textOf(operation.result)}\n`)
  },
  unexplained: fromNowhere,
  keepsState: foundNothing,
  isIdle: () => false,
  droppable: wholeLives,
  witnesses: takers,
  // Here everything can change places but what adds and takes the same element, and what finds the queue empty.
  helps(_state, candidate, returning, underWay) {
    if (foundNothing(returning)) return candidate.f === 'dequeue'
    if (underWay.some(foundNothing)) return true
    return (
      returning.f === 'dequeue' && candidate.f === 'enqueue' && textOf(candidate.value) === textOf(returning.result)
    )
  },
}

/**
 * At a queue that is not empty, adding at one end and taking at the other can change places. Of operations that do the
 * same, the one that returns first may as well be the first, so one of unknown outcome is the last.
 */
function helpsInOrder(
  state: string,
  candidate: Operation,
  returning: Operation,
  underWay: readonly Operation[],
): boolean {
  if (candidate.f === 'enqueue') {
    if (returning.f === 'dequeue' && (state !== '' || returning.result === null)) return false
    return isFirstOf(candidate, underWay, ({ f, value }) => f === 'enqueue' && isSame(value, candidate.value))
  }
  if (returning.f === 'enqueue' && !underWay.some(foundNothing)) return false
  const first = state.slice(0, state.indexOf('\n'))
  return isFirstOf(candidate, underWay, ({ f, result }) => f === 'dequeue' && textOf(result) === first)
}

/** Of unknown ones, whether there is none under way that does the same. */
function isFirstOf(
  candidate: Operation,
  underWay: readonly Operation[],
  doesSame: (operation: Operation) => boolean,
): boolean {
  const until = candidate.returnedAt ?? Infinity
  return !underWay.some((each) => each !== candidate && (each.returnedAt ?? Infinity) < until && doesSame(each))
}

function isSame(one: Json, other: Json): boolean {
  return one === other || textOf(one) === textOf(other)
}

function inserted(state: string, line: string): string {
  let at = 0
  while (at < state.length) {
    const end = state.indexOf('\n', at) + 1
    if (state.slice(at, end) >= line) break
    at = end
  }
  return state.slice(0, at) + line + state.slice(at)
}

function removed(state: string, line: string): readonly string[] {
  if (state.startsWith(line)) return [state.slice(line.length)]
  const at = state.indexOf(`\n${line}`)
  return at === -1 ? impossible : [state.slice(0, at + 1) + state.slice(at + 1 + line.length)]
}

function everyRemoval(state: string): readonly string[] {
  if (state === '') return [state]
  const lines = new Set(state.split('\n').slice(0, -1))
  return [...lines].flatMap((line) => removed(state, `${line}\n`))
}

/** An element that came once, with all that is known to have taken it; and dequeues that found nothing. */
function wholeLives(all: readonly Operation[]): readonly (readonly Operation[])[] {
  const enqueues = groupedBy(
    all.filter((each) => each.f === 'enqueue'),
    (each) => textOf(each.value),
  )
  const dequeues = groupedBy(
    all.filter((each) => each.f === 'dequeue' && each.type === 'ok'),
    (each) => textOf(each.result),
  )
  const empty = dequeues.get('null') ?? []
  const lives = [...enqueues].flatMap(([text, added]) => {
    const taken = dequeues.get(text) ?? []
    return added.length === 1 && taken.length <= 1 ? [[...added, ...taken]] : []
  })
  return [...empty.map((each) => [each]), ...lives]
}

function fromNowhere(all: readonly Operation[]): Operation | undefined {
  const added = new Set(all.filter((each) => each.f === 'enqueue').map((each) => textOf(each.value)))
  return all.find((each) => each.f === 'dequeue' && each.result !== null && !added.has(textOf(each.result)))
}

/** What was taken had been added. */
function takers(all: readonly Operation[]): ReadonlyMap<Operation, Operation> {
  const added = groupedBy(
    all.filter((each) => each.f === 'enqueue'),
    (each) => textOf(each.value),
  )
  const witnesses = new Map<Operation, Operation>()
  for (const taker of all) {
    if (taker.f !== 'dequeue' || taker.type !== 'ok') continue
    const [enqueue, ...others] = added.get(textOf(taker.result)) ?? []
    if (enqueue?.type === 'info' && others.length === 0) witnesses.set(enqueue, taker)
  }
  return witnesses
}

function element(value: Json): string | undefined {
  return value === null ? 'it carries an element, which is not null' : undefined
}

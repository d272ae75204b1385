/**
 * Looks for an order of one object's operations that explains a history: the search of Wing & Gong (1993) with what
 * Lowe (2017) added, that is, configurations that were seen are not visited again, and an operation is linearised just
 * in time, when one returns that needs it.
 *
 * A configuration is how many returns are behind it, the object's state, which operations under way have taken effect,
 * and which of unknown outcome were used up. Of two that differ in the last only, the one that used fewer can do all
 * that the other can, so the other is dropped: that keeps many unknown operations from doubling the work each. The
 * search keeps its own stack, so no history is too long for it, and ends undecided at a bound on configurations.
 */
import { textOf } from './json-value.ts'
import type { Foresight, Model, Outlook } from './models/model.ts'
import type { Operation } from './operation.ts'

export interface Budget {
  configurations: number
}

export type PointSearch =
  | { readonly kind: 'explained' }
  /** No order gets past the return of `culprit`; `order` is one that gets there, `state` what it leaves. */
  | {
      readonly kind: 'broken'
      readonly culprit: Operation
      readonly order: readonly Operation[]
      readonly state: string
    }
  | { readonly kind: 'undecided' }

interface Return {
  readonly operation: number
  /** Operations under way, in the order in which they are tried; the returning one is among them. */
  readonly candidates: readonly number[]
  /** So many of the unknown ones have been invoked. */
  readonly unknowns: number
}

interface Configuration {
  readonly returns: number
  readonly state: string
  /** Under way and linearised; sorted. */
  readonly done: readonly number[]
  /** Unknown ones that were linearised; sorted. */
  readonly used: readonly number[]
  readonly parent: Configuration | undefined
  readonly placed: Operation | undefined
}

interface Problem {
  readonly model: Model
  readonly known: readonly Operation[]
  readonly unknown: readonly Operation[]
  /** Of unknown ones: equal numbers are interchangeable, so only the first unused of them is tried. */
  readonly kinds: readonly number[]
  readonly returns: readonly Return[]
  /** Only of use where there are unknown ones. */
  readonly foresight: Foresight | undefined
  readonly outlook: Outlook | undefined
}

/**
 * Of one object, by invocation; failed operations must not be among them. Takes what it uses from the budget. A search
 * that looks ahead decides more, but gives up before the operation that has no place: then `culprit` is an earlier one.
 */
export function searchPoints(
  operations: readonly Operation[],
  model: Model,
  budget: Budget,
  looksAhead = true,
): PointSearch {
  const problem = problemOf(operations, model, looksAhead)
  const seen = problem.returns.map(() => new Map<string, (readonly number[])[]>())
  const stack: Configuration[] = [
    { returns: 0, state: model.initial, done: [], used: [], parent: undefined, placed: undefined },
  ]
  let deepest = stack[0]
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    if (here.returns === problem.returns.length) return { kind: 'explained' }
    if (!isNew(seen[here.returns], here)) continue
    if (budget.configurations-- <= 0) return { kind: 'undecided' }
    if (deepest === undefined || here.returns > deepest.returns) deepest = here
    pushFollowing(problem, here, stack)
  }
  return brokenAt(problem, deepest)
}

function brokenAt({ known, returns }: Problem, deepest: Configuration | undefined): PointSearch {
  const culprit = known[returns[deepest?.returns ?? 0]?.operation ?? 0]
  if (deepest === undefined || culprit === undefined) return { kind: 'explained' }
  const order: Operation[] = []
  for (let at: Configuration | undefined = deepest; at !== undefined; at = at.parent)
    if (at.placed !== undefined) order.push(at.placed)
  return { kind: 'broken', culprit, order: order.reverse(), state: deepest.state }
}

function isNew(seen: Map<string, (readonly number[])[]> | undefined, { state, done, used }: Configuration): boolean {
  const key = `${done.join(' ')}|${state}`
  const others = seen?.get(key)
  if (others === undefined) {
    seen?.set(key, [used])
    return true
  }
  if (others.some((other) => isWithin(other, used))) return false
  seen?.set(key, [...others.filter((other) => !isWithin(used, other)), used])
  return true
}

/** What is tried first is pushed last. */
function pushFollowing(problem: Problem, here: Configuration, stack: Configuration[]): void {
  const { model, returns } = problem
  const next = returns[here.returns]
  if (next === undefined) return
  if (here.done.includes(next.operation)) {
    const done = here.done.filter((each) => each !== next.operation)
    stack.push({ ...here, returns: here.returns + 1, done, parent: here, placed: undefined })
    return
  }
  const open = next.candidates.filter((each) => !here.done.includes(each))
  const following = afterKnown(problem, here, next.operation, open)
  const harmless = following.find(({ placed }) => placed !== undefined && model.keepsState(placed))
  if (harmless !== undefined) {
    // It changes nothing, so whatever is possible later is possible after it.
    stack.push(harmless)
    return
  }
  for (const each of afterUnknown(problem, here, next, open).reverse()) stack.push(each)
  for (const each of following.reverse()) stack.push(each)
}

function afterKnown(
  { known, model, outlook }: Problem,
  here: Configuration,
  returning: number,
  open: readonly number[],
): Configuration[] {
  const following: Configuration[] = []
  const underWay = open.map((each) => known[each]).filter((each) => each !== undefined)
  const next = known[returning]
  for (const candidate of open) {
    const operation = known[candidate]
    if (operation === undefined || next === undefined) continue
    const isReturning = candidate === returning
    const doesHelp = isReturning || model.helps?.(here.state, operation, next, underWay) !== false
    for (const state of model.step(here.state, operation)) {
      if (!doesHelp && !model.keepsState(operation)) continue
      if (outlook?.(state, { candidate: operation, returning: next, underWay, used: here.used }) === false) continue
      const done = isReturning ? here.done : withAdded(here.done, candidate)
      const returns = here.returns + (isReturning ? 1 : 0)
      following.push({ returns, state, done, used: here.used, parent: here, placed: operation })
    }
  }
  return following
}

function afterUnknown(
  { model, known, unknown, kinds, foresight, outlook }: Problem,
  here: Configuration,
  next: Return,
  open: readonly number[],
): Configuration[] {
  const returning = known[next.operation]
  const underWay = open.map((each) => known[each]).filter((each) => each !== undefined)
  const tried = new Set<number>()
  const following: Configuration[] = []
  for (let index = 0; index < next.unknowns; index++) {
    const operation = unknown[index]
    const kind = kinds[index] ?? -1
    if (operation === undefined || returning === undefined || tried.has(kind) || here.used.includes(index)) continue
    tried.add(kind)
    if (model.helps?.(here.state, operation, returning, underWay) === false) continue
    for (const state of model.step(here.state, operation)) {
      if (state === here.state || foresight?.(state, returning, underWay) === false) continue
      const used = withAdded(here.used, index)
      if (outlook?.(state, { candidate: operation, returning, underWay, used }) === false) continue
      following.push({ ...here, state, used, parent: here, placed: operation })
    }
  }
  return following
}

function problemOf(given: readonly Operation[], model: Model, looksAhead: boolean): Problem {
  const hasUnknown = given.some((each) => each.type === 'info')
  const operations = hasUnknown ? withWitnessed(given, model) : given
  const known = operations.filter((each) => each.type === 'ok')
  const droppable = hasUnknown ? model.droppable(operations) : []
  const unneeded = new Set(droppable.filter((group) => group.every((each) => each.type === 'info')).flat())
  const unknown = operations.filter((each) => each.type === 'info' && !model.isIdle(each) && !unneeded.has(each))
  return {
    model,
    known,
    unknown,
    kinds: kindsOf(unknown, model),
    returns: returnsOf(known, unknown, model),
    foresight: unknown.length > 0 ? model.foresight?.([...known, ...unknown]) : undefined,
    outlook: looksAhead ? model.outlook?.(known, unknown) : undefined,
  }
}

/** What was unknown and surely took effect becomes known: it returned just before its witness at the latest. */
function withWitnessed(operations: readonly Operation[], model: Model): readonly Operation[] {
  const witnesses = model.witnesses?.(operations)
  if (witnesses === undefined) return operations
  return operations.map((each) => {
    const witness = witnesses.get(each)?.returnedAt
    // Where it was invoked only after the return of what saw it, it stays as it is, and the search finds no place.
    if (witness === undefined || witness <= each.invokedAt) return each
    return { ...each, type: 'ok', returnedAt: witness - 0.5 }
  })
}

function kindsOf(unknown: readonly Operation[], model: Model): readonly number[] {
  const numbers = new Map<string, number>()
  return unknown.map((each) => {
    const text = `${each.f} ${textOf(each.value)} ${model.name === 'lock' ? textOf(each.process) : ''}`
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    return number
  })
}

function returnsOf(known: readonly Operation[], unknown: readonly Operation[], model: Model): readonly Return[] {
  const order = known.map((_, index) => index).sort((left, right) => returnOf(known, left) - returnOf(known, right))
  const ranks = model.ranks?.(known)
  const underWay = new Set<number>()
  let invoked = 0
  let unknowns = 0
  return order.map((operation) => {
    const at = returnOf(known, operation)
    for (; (known[invoked]?.invokedAt ?? Infinity) < at; invoked++) underWay.add(invoked)
    while ((unknown[unknowns]?.invokedAt ?? Infinity) < at) unknowns++
    const rank = (index: number): number => rankOf(known[index], known[operation], ranks)
    const candidates = [...underWay].sort((left, right) => rank(left) - rank(right))
    underWay.delete(operation)
    return { operation, candidates, unknowns }
  })
}

/** The returning one first, unless the model knows what must come before it. */
function rankOf(
  operation: Operation | undefined,
  returning: Operation | undefined,
  ranks: ReadonlyMap<Operation, number> | undefined,
): number {
  if (operation === undefined || returning === undefined) return Infinity
  const last = ranks?.get(returning)
  const rank = ranks?.get(operation)
  if (last !== undefined && rank !== undefined) return rank - last
  return operation === returning ? -1 : (rank ?? operation.returnedAt ?? Infinity)
}

function returnOf(known: readonly Operation[], index: number): number {
  return known[index]?.returnedAt ?? Infinity
}

function withAdded(sorted: readonly number[], added: number): readonly number[] {
  return [...sorted, added].sort((left, right) => left - right)
}

/** Of sorted lists. */
function isWithin(small: readonly number[], large: readonly number[]): boolean {
  if (small.length > large.length) return false
  let at = 0
  for (const each of small) {
    while (at < large.length && (large[at] ?? 0) < each) at++
    if (large[at] !== each) return false
    at++
  }
  return true
}

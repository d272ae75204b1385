/**
 * What an object does when one operation happens after another: the sequential specification of a checker.
 *
 * A state is a text, so it can be hashed, compared and printed. `step` is pure. Where the outcome of an operation is
 * unknown (`info`), it gives every state that could follow if the operation did happen; that it may also not have
 * happened is the checker's business. Operations that failed never reach a model.
 */
import type { Json } from '../json-value.ts'
import type { Operation } from '../operation.ts'

export type ModelName = 'register' | 'kv' | 'queue' | 'fifo' | 'lock' | 'counter'

export interface OperationShape {
  /** For people: what it does, and what its values are. */
  readonly about: string
  /** What is wrong with the value of its invocation; undefined: nothing. */
  readonly input: (value: Json) => string | undefined
  /** What is wrong with the value of its completion; left out: it carries nothing new. */
  readonly output?: (value: Json) => string | undefined
}

/** A program may write its own. */
export interface Model {
  readonly name: string
  readonly operations: ReadonlyMap<string, OperationShape>
  readonly needsKey: boolean
  readonly initial: string
  /** States that may follow; none: it cannot have happened now. */
  step(state: string, operation: Operation): readonly string[]
  /** A completed operation that never changes the object, in whichever state it is possible. */
  keepsState(operation: Operation): boolean
  /** An operation of unknown outcome that no other can depend on: it need not be considered. */
  isIdle(operation: Operation): boolean
  /**
   * Groups of operations of one key that can be left out without harm: where the history is right, it is right
   * without any of them. Shrinking uses them, so that what it leaves is broken by itself.
   */
  droppable(operations: readonly Operation[]): readonly (readonly Operation[])[]
  /** Optional: which of two concurrent operations to try first, the smaller one; decides speed and nothing else. */
  ranks?(operations: readonly Operation[]): ReadonlyMap<Operation, number>
  /** Optional: a completed one that saw what no operation can have left there; quick, and found before any search. */
  unexplained?(operations: readonly Operation[]): Operation | undefined
  /** Optional: of unknown ones that surely took effect, the operation that could not have returned before they did. */
  witnesses?(operations: readonly Operation[]): ReadonlyMap<Operation, Operation>
  /**
   * Optional: whether a candidate can matter if it takes effect before `returning`, the next to return. False only
   * where everything that it makes possible is as possible with the candidate later.
   */
  helps?(state: string, candidate: Operation, returning: Operation, underWay: readonly Operation[]): boolean
  /** Optional: looks once at all operations of an object, so that what cannot matter is not tried. */
  foresight?(operations: readonly Operation[]): Foresight
  /** Optional: looks once at the completed and at the unknown operations of an object, so that no dead end is entered. */
  outlook?(known: readonly Operation[], unknown: readonly Operation[]): Outlook
}

/**
 * Whether it can matter that an operation of unknown outcome leaves this state before `returning`, the next to return.
 * False only where it can as well be left out or come later. `underWay` are those not yet placed, `returning` among them.
 */
export type Foresight = (state: string, returning: Operation, underWay: readonly Operation[]) => boolean

/**
 * Whether it is worth going on from this state. False only where what is left can surely not be explained from it, or
 * where it can as well be explained with the candidate later or left out.
 */
export type Outlook = (state: string, step: Step) => boolean

/** A step that led to a state. */
export interface Step {
  readonly candidate: Operation
  /** The next to return. */
  readonly returning: Operation
  /** Not yet placed before the step; the candidate may be among them, and the returning one is. */
  readonly underWay: readonly Operation[]
  /** Of unknown ones that have taken effect, the candidate among them: their places among the unknown. */
  readonly used: readonly number[]
}

export const impossible: readonly string[] = []

export function nothing(value: Json): string | undefined {
  return value === null ? undefined : 'it takes no value'
}

export function anything(): undefined {
  return undefined
}

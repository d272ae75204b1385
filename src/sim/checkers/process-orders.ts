/**
 * A history cut into its processes, in the order in which each acted, for the checkers that look at processes.
 */
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import type { Lane } from './lane-search.ts'

/** Without what failed, and without unknown operations that nothing depends on. */
export function processesOf(history: readonly Operation[], model: Model): readonly (readonly Operation[])[] {
  const processes = new Map<Operation['process'], Operation[]>()
  for (const operation of history) {
    if (operation.type === 'fail' || (operation.type === 'info' && model.isIdle(operation))) continue
    const operations = processes.get(operation.process)
    if (operations === undefined) processes.set(operation.process, [operation])
    else operations.push(operation)
  }
  return [...processes.values()]
}

/** All that is known must be placed; an unknown operation, the last of its process, may be. */
export function laneOf(operations: readonly Operation[]): Lane {
  return { operations, needed: operations.filter((each) => each.type === 'ok').length }
}

/**
 * What is wrong in a global state: the invariant's word, and where nothing is left to happen, that of `atRest`.
 */
import type { AnyModel } from './exploration.ts'
import { type AnyGlobal, isAtRest } from './global-state.ts'

export function violationIn(model: AnyModel, global: AnyGlobal): string | undefined {
  return model.invariant(global) ?? (isAtRest(global) ? model.atRest?.(global) : undefined)
}

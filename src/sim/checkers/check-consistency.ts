/**
 * The checkers of histories by the names of what they check.
 */
import { checkCausal } from './causal.ts'
import { checkEventual } from './eventual.ts'
import { type CheckOptions, checkLinearizable } from './linearizable.ts'
import type { Model } from './models/model.ts'
import type { Operation } from './operation.ts'
import { checkPram } from './pram.ts'
import { checkSequential } from './sequential.ts'
import type { Verdict } from './verdict.ts'

export const consistencyNames = ['linearizable', 'sequential', 'causal', 'pram', 'eventual'] as const
export type ConsistencyName = (typeof consistencyNames)[number]

/** Throws `history-invalid` where this cannot be checked on such a history. */
export function checkConsistency(
  name: ConsistencyName,
  history: readonly Operation[],
  model: Model,
  options: CheckOptions = {},
): Verdict {
  switch (name) {
    case 'linearizable':
      return checkLinearizable(history, model, options)
    case 'sequential':
      return checkSequential(history, model, options)
    case 'causal':
      return checkCausal(history, model)
    case 'pram':
      return checkPram(history, model, options)
    case 'eventual':
      return checkEventual(history, model)
  }
}

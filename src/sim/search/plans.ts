/**
 * From a seed to a plan: how many members, which faults. The plan is then all that a run knows.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { checkScript } from '../faults/check-script.ts'
import type { Fault } from '../faults/fault.ts'
import { swarmFaults } from '../faults/swarm.ts'
import { memberNames, type Plan, type Scenario } from '../scenario.ts'

export interface PlanOptions {
  /** Default: the scenario's usual number. */
  readonly members?: number
  readonly durationMs?: number
  /** `swarm` (default): drawn from the seed. `none`, or a script. */
  readonly faults?: 'swarm' | 'none' | Iterable<Fault>
}

/** Virtual; a year. */
const durationMsMax = 31_536_000_000

/** @throws CardumenError `option-invalid`. */
export function planOf(scenario: Scenario, seed: number, options: PlanOptions = {}): Plan {
  const members = options.members ?? scenario.members.usual
  const { min, max } = scenario.members
  if (!Number.isInteger(members) || members < min || members > max)
    throw new CardumenError('option-invalid', `"${scenario.name}" runs with ${min} to ${max} members, not ${members}.`)
  const durationMs = options.durationMs ?? scenario.durationMs
  if (!(durationMs > 0 && durationMs <= durationMsMax))
    throw new CardumenError('option-invalid', `A run lasts from above 0 to ${durationMsMax} ms, not ${durationMs} ms.`)
  const names = memberNames(members, scenario.names)
  const bounds = { names, kinds: scenario.faultKinds }
  checkSeed(seed)
  return { seed, members, durationMs, faults: checkScript(script(), bounds) }

  function script(): Iterable<Fault> {
    const faults = options.faults ?? 'swarm'
    if (faults === 'none') return []
    return faults === 'swarm' ? swarmFaults({ seed, names, durationMs, kinds: scenario.faultKinds }) : faults
  }
}

/** @throws CardumenError `option-invalid`. */
export function checkSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return
  throw new CardumenError('option-invalid', `A seed is a whole number from 0 to ${2 ** 32 - 1}, not ${seed}.`)
}

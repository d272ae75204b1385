/**
 * Runs a scenario over many seeds until one fails, and adds up what was run.
 *
 * The sums are what a soak or a test can say afterwards: how long in virtual time, which faults, how many operations
 * were checked. A failing plan is returned as it was drawn; making it smaller is `shrink.ts`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { FaultCounts } from '../faults/script-runner.ts'
import type { Plan, Report, Scenario, Surroundings } from '../scenario.ts'
import { checkSeed, planOf, type PlanOptions } from './plans.ts'

export interface Totals {
  readonly seeds: number
  readonly virtualMs: number
  readonly events: number
  readonly checked: number
  readonly faults: FaultCounts
}

export interface Failure {
  readonly plan: Plan
  readonly report: Report
}

export interface SeedsOptions extends PlanOptions {
  readonly first: number
  readonly count: number
  /** After each seed; true ends the search. */
  readonly onSeed?: (totals: Totals) => boolean
}

export const noTotals: Totals = { seeds: 0, virtualMs: 0, events: 0, checked: 0, faults: {} }

/** Ends at the first seed that fails. */
export async function runSeeds(
  scenario: Scenario,
  options: SeedsOptions,
  surroundings: Surroundings,
): Promise<{ readonly totals: Totals; readonly failure: Failure | undefined }> {
  checkSeeds(options.first, options.count)
  let totals = noTotals
  for (let seed = options.first; seed < options.first + options.count; seed++) {
    const plan = planOf(scenario, seed, options)
    const report = await scenario.run(plan, surroundings)
    totals = addReport(totals, report)
    if (report.violations.length > 0) return { totals, failure: { plan, report } }
    if (options.onSeed?.(totals) === true) break
  }
  return { totals, failure: undefined }
}

/** Before the first of them runs. */
function checkSeeds(first: number, count: number): void {
  if (!Number.isInteger(count) || count < 1)
    throw new CardumenError('option-invalid', `${count} is no number of seeds to run.`)
  checkSeed(first)
  checkSeed(first + count - 1)
}

export function addReport(totals: Totals, report: Report): Totals {
  return addTotals(totals, { ...report, seeds: 1 })
}

export function addTotals(left: Totals, right: Totals): Totals {
  return {
    seeds: left.seeds + right.seeds,
    virtualMs: left.virtualMs + right.virtualMs,
    events: left.events + right.events,
    checked: left.checked + right.checked,
    faults: sumOfFaults(left.faults, right.faults),
  }
}

function sumOfFaults(left: FaultCounts, right: FaultCounts): FaultCounts {
  const sum: Record<string, number> = { ...left }
  for (const [kind, count] of Object.entries(right)) sum[kind] = (sum[kind] ?? 0) + count
  return sum
}

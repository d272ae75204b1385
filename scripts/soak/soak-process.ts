/**
 * One process of a soak: runs scenarios in turn over the seeds that it is told of, and writes down each sum as a line of JSON.
 *
 * Each scenario gets the same share of the time, so that quick ones run more seeds. A seed that fails is told and passed over: the soak goes on.
 */
import process from 'node:process'
import type { Scenario } from '../../src/sim/scenario.ts'
import { addReport, noTotals, type Totals } from '../../src/sim/search/seeds.ts'
import { planOf } from '../../src/sim/search/plans.ts'
import { scenarios } from '../../src/sim/scenarios/registry.ts'
import { nodeSurroundings } from '../../src/simulation/surroundings.ts'

/** What the process says on its standard output, a line each. */
export type SoakLine =
  | { readonly kind: 'sum'; readonly scenario: string; readonly totals: Totals; readonly lastSeed: number }
  | {
      readonly kind: 'failure'
      readonly scenario: string
      readonly seed: number
      readonly claim: string
      readonly text: string
    }

const shareMs = 2_000
const surroundings = nodeSurroundings()

if (import.meta.main) await soak()

async function soak(): Promise<void> {
  const [first = '1', step = '1', minutes = '1', ...names] = process.argv.slice(2)
  const endMs = performance.now() + Number(minutes) * 60_000
  const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name))
  const nextSeeds = new Map(chosen.map(({ name }) => [name, Number(first)]))
  while (performance.now() < endMs) {
    for (const scenario of chosen) {
      const seed = nextSeeds.get(scenario.name) ?? 0
      nextSeeds.set(scenario.name, await runShare(scenario, seed, Number(step), endMs))
    }
  }
}

/** Resolves to the next seed. */
async function runShare(scenario: Scenario, first: number, step: number, endMs: number): Promise<number> {
  const untilMs = Math.min(performance.now() + shareMs, endMs)
  let totals = noTotals
  let seed = first
  for (; performance.now() < untilMs; seed = (seed + step) % 2 ** 32) {
    const report = await scenario.run(planOf(scenario, seed), surroundings)
    totals = addReport(totals, report)
    const [violation] = report.violations
    if (violation !== undefined) say({ kind: 'failure', scenario: scenario.name, seed, ...violation })
  }
  if (totals.seeds > 0) say({ kind: 'sum', scenario: scenario.name, totals, lastSeed: seed - step })
  return seed
}

function say(line: SoakLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

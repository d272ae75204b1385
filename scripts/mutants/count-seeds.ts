/**
 * Runs one scenario over many seeds and counts those that fail: `count-seeds.ts <scenario> <seeds> <budget in ms>`.
 *
 * It runs inside the copy of the tree in which a bug is planted, so all that it imports of `src` is that copy's. One line
 * of JSON each: `{"loaded":true}` once the planted code has been read, `{"seed":7}` as a run begins, so that whoever ends
 * this process knows where it hung, and the sum. Over its budget it stops, and the sum says how many seeds were run.
 */
import process from 'node:process'
import { planOf } from '../../src/sim/search/plans.ts'
import type { Scenario } from '../../src/sim/scenario.ts'
import { scenarioNamed } from '../../src/sim/scenarios/registry.ts'
import { nodeSurroundings } from '../../src/simulation/surroundings.ts'
import type { SeedCount } from './seed-count.ts'

const [name = '', seeds = '', budgetMs = ''] = process.argv.slice(2)
const scenario = scenarioNamed(name)
say({ loaded: true })
say(await count(scenario, Number(seeds), Number(budgetMs)))

async function count(run: Scenario, seedsMax: number, forMs: number): Promise<SeedCount> {
  const endsAt = performance.now() + forMs
  let counted: SeedCount = { seeds: 0, failed: 0 }
  for (let seed = 1; seed <= seedsMax && performance.now() < endsAt; seed++) {
    say({ seed })
    counted = added(counted, seed, await violationOf(run, seed))
  }
  return counted
}

async function violationOf(run: Scenario, seed: number): Promise<{ claim: string; text: string } | undefined> {
  const plan = planOf(run, seed)
  try {
    return (await run.run(plan, nodeSurroundings())).violations[0]
  } catch (error) {
    return { claim: 'threw', text: String(error) }
  }
}

function added(sum: SeedCount, seed: number, violation: { claim: string; text: string } | undefined): SeedCount {
  const seedsRun = { ...sum, seeds: sum.seeds + 1 }
  if (violation === undefined) return seedsRun
  return { ...seedsRun, failed: sum.failed + 1, first: sum.first ?? { seed, ...violation } }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

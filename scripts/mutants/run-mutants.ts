/**
 * Plants each of our own bugs in a copy of the tree and says how many seeds found it: `npm run mutants`.
 *
 *     npm run mutants -- [--seeds N] [--only PART OF A NAME] [--json]
 *
 * First every scenario runs over the tree as it is, since one that fails there finds everything. Ends with 1 where a bug
 * survives of which that is not known, with its reason, or where a scenario fails without any bug.
 */
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ProgressBar } from '../../src/cli/progress-bar.ts'
import { tableOf } from '../../src/cli/table.ts'
import type { Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'
import { PlantedTree } from './planted-tree.ts'
import type { SeedCount } from './seed-count.ts'

interface Trial {
  /** Undefined: the tree as it is. */
  readonly mutant: Mutant | undefined
  readonly scenario: string
}

interface Row extends Trial {
  readonly counted: SeedCount
}

const atOnce = 2
/** Whole members take longer than machines alone. */
const seedsDefault = { machine: 300, members: 60 } as const
const ofMachines: ReadonlySet<string> = new Set(['call-machine', 'token-ring', 'bully', 'locate', 'record-log'])
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean', default: false } },
})
process.exitCode = await runMutants()

async function runMutants(): Promise<number> {
  const chosen = mutants.filter(({ name }) => name.includes(values.only ?? ''))
  if (chosen.length === 0) {
    process.stderr.write(`no planted bug has "${values.only}" in its name\n`)
    return 2
  }
  const started = performance.now()
  const scenarios = [...new Set(chosen.flatMap((mutant) => mutant.scenarios))]
  const trials: Trial[] = [
    ...scenarios.map((scenario) => ({ mutant: undefined, scenario })),
    ...chosen.flatMap((mutant) => mutant.scenarios.map((scenario) => ({ mutant, scenario }))),
  ]
  const rows = await runTrials(trials)
  const isSound = rows.every(({ mutant, counted }) => mutant !== undefined || counted.failed === 0)
  const wrong = chosen.filter((mutant) => isFound(rows, mutant) === (mutant.survives !== undefined))
  tell(rows, chosen, wrong, (performance.now() - started) / 1_000)
  return isSound && wrong.length === 0 ? 0 : 1
}

async function runTrials(trials: readonly Trial[]): Promise<readonly Row[]> {
  using bar = new ProgressBar('planting bugs', trials.length)
  const rows: (Row | undefined)[] = trials.map(() => undefined)
  const waiting = [...trials.entries()]
  let done = 0
  const work = async (): Promise<void> => {
    using tree = new PlantedTree(root)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, trial] = next
      rows[index] = { ...trial, counted: await tree.count(trial.mutant, trial.scenario, seedsOf(trial.scenario)) }
      bar.advanceTo(++done, trial.mutant?.name)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return rows.filter((row) => row !== undefined)
}

function seedsOf(scenario: string): number {
  if (values.seeds !== undefined) return Number(values.seeds)
  return ofMachines.has(scenario) ? seedsDefault.machine : seedsDefault.members
}

function isFound(rows: readonly Row[], mutant: Mutant): boolean {
  return rows.some((row) => row.mutant === mutant && row.counted.failed > 0)
}

function tell(rows: readonly Row[], chosen: readonly Mutant[], wrong: readonly Mutant[], seconds: number): void {
  if (values.json) {
    const plain = rows.map(({ mutant, scenario, counted }) => ({ mutant: mutant?.name ?? null, scenario, ...counted }))
    process.stdout.write(`${JSON.stringify({ seconds, wrong: wrong.map(({ name }) => name), rows: plain })}\n`)
    return
  }
  const columns = [
    { title: 'planted bug', cell: ({ mutant }: Row) => mutant?.name ?? '(none)' },
    { title: 'scenario', cell: ({ scenario }: Row) => scenario },
    { title: 'found by', cell: ({ counted }: Row) => `${counted.failed} of ${counted.seeds} seeds` },
    { title: 'first', align: 'right' as const, cell: ({ counted }: Row) => String(counted.first?.seed ?? '-') },
    { title: 'claim', cell: ({ counted }: Row) => counted.first?.claim ?? '-' },
  ]
  const found = chosen.filter((mutant) => isFound(rows, mutant)).length
  const lines = [
    tableOf(columns, rows),
    '',
    `${found} of ${chosen.length} planted bugs found (${seconds.toFixed(0)} s)`,
  ]
  for (const { mutant, scenario, counted } of rows)
    if (mutant === undefined && counted.first !== undefined)
      lines.push(`${scenario} fails without any: ${counted.first.text}`)
  for (const { name, survives } of chosen)
    if (survives !== undefined) lines.push(`known to survive: ${name}: ${survives}`)
  for (const mutant of wrong) lines.push(`${isFound(rows, mutant) ? 'found after all' : 'survives'}: ${mutant.name}`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

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
import { type Column, tableOf } from '../../src/cli/table.ts'
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

interface Options {
  /** Of each scenario; undefined: as many as is usual for it. */
  readonly seeds: number | undefined
  readonly only: string
  readonly json: boolean
}

const columns: readonly Column<Row>[] = [
  { title: 'planted bug', cell: ({ mutant }) => mutant?.name ?? '(none)' },
  { title: 'scenario', cell: ({ scenario }) => scenario },
  { title: 'found by', cell: ({ counted }) => `${counted.failed} of ${counted.seeds} seeds` },
  { title: 'first', align: 'right', cell: ({ counted }) => String(counted.first?.seed ?? '-') },
  { title: 'claim', cell: ({ counted }) => counted.first?.claim ?? '-' },
]
const atOnce = 2
/** Whole members take longer than machines alone. */
const seedsDefault = { machine: 200, members: 40 } as const
const ofMembers: ReadonlySet<string> = new Set([
  ...['calls', 'first-calls', 'forgeries', 'names', 'moving', 'deaths', 'lease-lock', 'run'],
  ...['directory', 'directory-watch', 'revoking'],
])
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
try {
  process.exitCode = await runMutants(optionsOf())
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = interruption.signal.aborted ? 130 : 1
}

function optionsOf(): Options {
  const { values } = parseArgs({
    options: { seeds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
  })
  const { seeds, only = '', json = false } = values
  if (seeds === undefined) return { seeds: undefined, only, json }
  if (!/^[1-9]\d{0,6}$/.test(seeds)) throw new Error(`--seeds is a number from 1 on, not "${seeds}"`)
  return { seeds: Number(seeds), only, json }
}

async function runMutants(options: Options): Promise<number> {
  const chosen = mutants.filter(({ name }) => name.includes(options.only))
  if (chosen.length === 0) throw new Error(`no planted bug has "${options.only}" in its name`)
  const started = performance.now()
  const scenarios = [...new Set(chosen.flatMap((mutant) => mutant.scenarios))]
  const trials: Trial[] = [
    ...scenarios.map((scenario) => ({ mutant: undefined, scenario })),
    ...chosen.flatMap((mutant) => mutant.scenarios.map((scenario) => ({ mutant, scenario }))),
  ]
  const rows = await runTrials(trials, options)
  const isSound = rows.every(({ mutant, counted }) => mutant !== undefined || counted.failed === 0)
  const wrong = chosen.filter((mutant) => isFound(rows, mutant) === (mutant.survives !== undefined))
  const seconds = (performance.now() - started) / 1_000
  process.stdout.write(options.json ? plainText(rows, wrong, seconds) : text(rows, chosen, wrong, seconds))
  return isSound && wrong.length === 0 ? 0 : 1
}

async function runTrials(trials: readonly Trial[], options: Options): Promise<readonly Row[]> {
  using bar = new ProgressBar('planting bugs', trials.length)
  const rows: (Row | undefined)[] = trials.map(() => undefined)
  const waiting = [...trials.entries()]
  let done = 0
  const work = async (): Promise<void> => {
    using tree = new PlantedTree(root, interruption.signal)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, trial] = next
      const seeds = options.seeds ?? seedsOf(trial.scenario)
      rows[index] = { ...trial, counted: await tree.count(trial.mutant, trial.scenario, seeds) }
      bar.advanceTo(++done, trial.mutant?.name)
    }
  }
  const stopAll = (error: unknown): never => {
    waiting.length = 0
    throw error
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, () => work().catch(stopAll)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return rows.filter((row) => row !== undefined)
}

function seedsOf(scenario: string): number {
  return ofMembers.has(scenario) ? seedsDefault.members : seedsDefault.machine
}

function isFound(rows: readonly Row[], mutant: Mutant): boolean {
  return rows.some((row) => row.mutant === mutant && row.counted.failed > 0)
}

function plainText(rows: readonly Row[], wrong: readonly Mutant[], seconds: number): string {
  const plain = rows.map(({ mutant, scenario, counted }) => ({ mutant: mutant?.name ?? null, scenario, ...counted }))
  return `${JSON.stringify({ seconds, wrong: wrong.map(({ name }) => name), rows: plain })}\n`
}

function text(rows: readonly Row[], chosen: readonly Mutant[], wrong: readonly Mutant[], seconds: number): string {
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
  return `${lines.join('\n')}\n`
}

/**
 * `npm run bench`: runs the suites, prints every figure with its bound beside it, and fails if one is missed.
 *
 * Each suite gets two folders, removed afterwards: one with a short path under the system's temporary folder, which may
 * be memory, and one on the checkout's disk. Progress goes to stderr, the tables to stdout, so that
 * `npm run bench > figures.txt` holds figures only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bulkSuite } from './bulk/suite.ts'
import { callsSuite } from './calls/suite.ts'
import { capabilitiesSuite } from './capabilities/suite.ts'
import { dataSuite } from './data/suite.ts'
import { deadlockSuite } from './deadlock/suite.ts'
import { engineSuite } from './engine/suite.ts'
import { floodsSuite } from './floods/suite.ts'
import { growthSuite } from './growth/suite.ts'
import { coreToPin, machineLine, thisMachine } from './harness/machine.ts'
import { helpText, type Options, parseOptions } from './harness/options.ts'
import { printSuite, printSummary } from './harness/report.ts'
import type { Progress } from './harness/rounds.ts'
import { type Suite, type SuiteResult, verdict } from './harness/suite.ts'
import { jobSuite } from './job/suite.ts'
import { poolsSuite } from './pools/suite.ts'
import { processesSuite } from './processes/suite.ts'
import { locksSuite } from './locks/suite.ts'
import { simSuite } from './sim/suite.ts'
import { startSuite } from './start/suite.ts'
import { tasksSuite } from './tasks/suite.ts'

const SUITES: readonly Suite[] = [
  ...[callsSuite, bulkSuite, tasksSuite, engineSuite, startSuite, growthSuite, jobSuite],
  ...[simSuite, floodsSuite, capabilitiesSuite, locksSuite, dataSuite, poolsSuite, processesSuite, deadlockSuite],
]

/** In a folder that no tool looks into and git ignores. */
const DISK_FOLDER_PREFIX = fileURLToPath(new URL('./node_modules/.bench-', import.meta.url))

process.exitCode = await main()

async function main(): Promise<number> {
  let options: Options
  let chosen: readonly Suite[]
  try {
    options = parseOptions(process.argv.slice(2))
    chosen = chooseSuites(options.suites)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee: npm run bench -- --help`)
    return 2
  }
  if (options.help) {
    console.log(helpText(SUITES))
    return 0
  }
  return runSuites(chosen, options)
}

function chooseSuites(names: readonly string[]): readonly Suite[] {
  if (names.length === 0) return SUITES
  return names.map((name) => {
    const suite = SUITES.find((one) => one.name === name)
    if (suite === undefined) throw new TypeError(`there is no suite "${name}"`)
    return suite
  })
}

async function runSuites(suites: readonly Suite[], options: Options): Promise<number> {
  const machine = thisMachine()
  console.log(machineLine(machine))
  const results: { name: string; result: SuiteResult }[] = []
  let broken = 0
  for (const suite of suites) {
    try {
      const result = await runSuite(suite, options)
      printSuite(suite.name, result)
      results.push({ name: suite.name, result })
    } catch (error) {
      broken++
      console.error(`\n${suite.name} broke off:`, error)
    }
  }
  const missed = printSummary(results.map((one) => one.result))
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, json({ machine, effort: options.effort, suites: results.map(withVerdicts) }))
  }
  return broken > 0 || (missed > 0 && options.failOnMiss) ? 1 : 0
}

async function runSuite(suite: Suite, options: Options): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  const diskFolder = await mkdtemp(DISK_FOLDER_PREFIX)
  const progress = progressOf(suite.name)
  try {
    return await suite.run({ effort: options.effort, progress, pinnedCore: coreToPin(), folder, diskFolder })
  } finally {
    progress.end()
    for (const path of [folder, diskFolder]) await rm(path, { recursive: true, force: true })
  }
}

function withVerdicts({ name, result }: { name: string; result: SuiteResult }): unknown {
  return { name, ...result, rows: result.rows.map((row) => ({ ...row, verdict: verdict(row) })) }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** One line on stderr that rewrites itself on a terminal, and nothing in a pipe. */
function progressOf(suite: string): Progress & { end(): void } {
  const show = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
  }
  return { say: (what) => show(`${suite}: ${what}`), end: () => show('') }
}

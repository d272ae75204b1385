/**
 * Holds the walls: `npm run verify`.
 *
 * First every tool over the tree as it is, then every tool over a copy of it with violations planted, since a wall that stops nothing looks
 * like one that nobody runs into. One line for each step with its time; a step that fails prints all that its tool said.
 * Tests are not run here: `npm test` does that.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { boundaryViolations } from './boundaries.ts'
import { boundaryPlants, deadPlants, formatPlants, lintPlants, type Plant, typePlants } from './plants.ts'
import { checkBenchTypes, checkFormat, checkTypes, type Finding, findDeadCode, lint, root } from './tools.ts'

type Step = {
  readonly title: string
  /** Resolves to what is wrong; to nothing when all is well. */
  readonly run: () => Promise<string>
}

const steps: readonly Step[] = [
  { title: 'types of every room (tsc -b)', run: () => clean(checkTypes(root)) },
  { title: 'types of the benches (tsc -p bench)', run: () => clean(checkBenchTypes(root)) },
  { title: 'lint, with types (oxlint)', run: () => clean(lint(root)) },
  { title: 'walls between the rooms (boundaries)', run: () => clean(checkBoundaries(root)) },
  { title: 'format (biome)', run: () => clean(checkFormat(root)) },
  { title: 'dead code and dependencies (knip)', run: () => clean(findDeadCode(root)) },
  planted('tsc', typePlants, checkTypes, isNamedOnOneLine),
  planted('oxlint', lintPlants, (folder) => lint(folder, 'json'), isNamedOnOneLine),
  planted('boundaries', boundaryPlants, checkBoundaries, isNamedOnOneLine),
  planted('biome', formatPlants, checkFormat, isNamed),
  planted('knip', deadPlants(readFileSync(join(root, 'package.json'), 'utf8')), findDeadCode, isNamed),
]

process.exitCode = (await runSteps(steps)) ? 0 : 1

/** Two at a time: each of the tools uses several cores by itself. Every step runs, whatever the others found. */
async function runSteps(all: readonly Step[]): Promise<boolean> {
  const started = performance.now()
  const waiting = [...all]
  const failed: string[] = []
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await runStep(step))) failed.push(step.title)
    }
  }
  await Promise.all([work(), work()])
  const seconds = secondsSince(started)
  console.log(
    failed.length === 0
      ? `\nall ${all.length} steps hold (${seconds})`
      : `\n${failed.length} of ${all.length} steps failed (${seconds}): ${failed.join('; ')}`,
  )
  return failed.length === 0
}

async function runStep(step: Step): Promise<boolean> {
  const started = performance.now()
  const complaint = await step
    .run()
    .catch((error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)))
  console.log(`${complaint === '' ? '✔' : '✖'} ${step.title} (${secondsSince(started)})`)
  if (complaint !== '') console.log(complaint.trimEnd().replace(/^/gm, '    '))
  return complaint === ''
}

function secondsSince(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}

async function clean(finding: Promise<Finding>): Promise<string> {
  const { code, output } = await finding
  return code === 0 ? '' : output || `ended with code ${code} and said nothing`
}

function checkBoundaries(folder: string): Promise<Finding> {
  const violations = boundaryViolations(folder)
  return Promise.resolve({ code: violations.length === 0 ? 0 : 1, output: violations.join('\n') })
}

/** A step that plants all of a tool's violations in one copy of the tree and wants each of them named. */
function planted(
  tool: string,
  plants: readonly Plant[],
  check: (folder: string) => Promise<Finding>,
  isFound: (plant: Plant, output: string) => boolean,
): Step {
  const run = async (): Promise<string> => {
    const folder = copyTree()
    try {
      for (const plant of plants) for (const file of [plant, ...(plant.beside ?? [])]) write(folder, file)
      const { code, output } = await check(folder)
      const missed = plants.filter((plant) => !isFound(plant, output))
      if (code === 0) return `${tool} passes all of the planted violations in silence`
      return missed.length === 0
        ? ''
        : `${tool} misses:\n${missed.map((plant) => `- ${plant.title} (${plant.path}: ${plant.says})`).join('\n')}\n\n${output}`
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { title: `${tool} stops each of ${plants.length} planted violations`, run }
}

/** Tools that name a file with its fault in one line must do so: another complaint about the same file does not count. */
function isNamedOnOneLine(plant: Plant, output: string): boolean {
  return output.split('\n').some((line) => line.includes(plant.path) && line.includes(plant.says))
}

/** Tools that print a table, or the code itself. */
function isNamed(plant: Plant, output: string): boolean {
  return output.includes(plant.path) && output.includes(plant.says)
}

/** The sources, without what is built; packages are the same ones, by a link. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardumen-verify-'))
  const leftOut = new Set(['node_modules', 'build', '.git', '.cardumen', '.install-queue'])
  cpSync(root, folder, { recursive: true, filter: (path) => !leftOut.has(basename(path)) })
  for (const modules of ['node_modules', join('bench', 'node_modules')])
    symlinkSync(join(root, modules), join(folder, modules), 'junction')
  return folder
}

function write(folder: string, file: { readonly path: string; readonly text: string }): void {
  const path = join(folder, file.path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file.text)
}

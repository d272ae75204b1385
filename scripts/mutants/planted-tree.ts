/**
 * A copy of the tree in which bugs are planted, one at a time, and scenarios run over it in processes of their own.
 *
 * Only what the scenarios need is copied; the packages are the checkout's own, by a link. The checkout is never touched.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Mutant, withMutant } from './mutant.ts'
import { type Ending, type SeedCount, seedCountOf } from './seed-count.ts'

/** After so long a scenario counts what it has; a run that has not ended after twice as long hangs. */
const budgetMs = 20_000
const outputCharactersMax = 1_000_000

export class PlantedTree implements Disposable {
  readonly #folder: string
  readonly #signal: AbortSignal

  /** @param signal - ends what runs in it. */
  constructor(root: string, signal: AbortSignal) {
    this.#signal = signal
    this.#folder = mkdtempSync(join(tmpdir(), 'cardumen-mutants-'))
    mkdirSync(join(this.#folder, 'scripts'))
    for (const part of ['src', join('scripts', 'mutants'), 'package.json'])
      cpSync(join(root, part), join(this.#folder, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'junction')
  }

  /** Of the planted bug, or of the tree as it is. @throws Error where the mutant does not fit, or cannot be read. */
  async count(mutant: Mutant | undefined, scenario: string, seeds: number): Promise<SeedCount> {
    if (mutant === undefined) return this.#run(scenario, seeds)
    const path = join(this.#folder, mutant.file)
    const source = readFileSync(path, 'utf8')
    writeFileSync(path, withMutant(source, mutant))
    try {
      return await this.#run(scenario, seeds)
    } finally {
      writeFileSync(path, source)
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #run(scenario: string, seeds: number): Promise<SeedCount> {
    const script = join(this.#folder, 'scripts', 'mutants', 'count-seeds.ts')
    const ending = await ended([script, scenario, String(seeds), String(budgetMs)], this.#signal)
    const counted = seedCountOf(ending)
    if (counted === undefined) throw new Error(`${scenario} could not be run:\n${ending.errors}`)
    return counted
  }
}

function ended(list: readonly string[], signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--max-old-space-size=1024', ...list], {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], signal, timeout: 2 * budgetMs, killSignal: 'SIGKILL' },
    })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (output.length < outputCharactersMax) output += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (errors.length < outputCharactersMax) errors += chunk
    })
    child.once('error', reject)
    child.once('close', (code, endedBy) => resolve({ output, errors, code, isHung: endedBy === 'SIGKILL' }))
  })
}

/**
 * The search of `cardumen simulate`: seed after seed, until one fails, the number is reached, or Ctrl-C.
 *
 * A failing run is made smaller, saved and told in `src/simulation/failed-run.ts`, as it is for `simulate` in a test.
 */
import { readFileSync } from 'node:fs'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Fault } from '../sim/faults/fault.ts'
import type { Scenario, Surroundings } from '../sim/scenario.ts'
import { planOf, type PlanOptions } from '../sim/search/plans.ts'
import { type Failure, runSeeds, type Totals } from '../sim/search/seeds.ts'
import { trialsMaxDefault } from '../sim/search/shrink.ts'
import { commandWord } from '../simulation/command-word.ts'
import { saveTrace, shellWord, tellFailedRun, traced } from '../simulation/failed-run.ts'
import { installGuards } from '../simulation/guards/guards.ts'
import { findScenario } from '../simulation/scenario-files.ts'
import { nodeSurroundings } from '../simulation/surroundings.ts'
import type { SimulateCommandOptions } from './commands/simulate.ts'
import { exitCode } from './exit-code.ts'
import { Interruption } from './interruption.ts'
import { ProgressBar } from './progress-bar.ts'
import { note, print, styled } from './terminal.ts'
import { totalsText } from './totals-text.ts'

export async function runScenario(word: string, options: SimulateCommandOptions): Promise<number> {
  using interruption = new Interruption()
  const { scenario, module } = await findScenario(word)
  // Ours are held by lint, and run faster without.
  using guards = module === undefined ? undefined : installGuards()
  const surroundings = nodeSurroundings(guards)
  const planned = plannedBy(options)
  const { totals, failure } = await search(scenario, options, planned, surroundings, interruption.signal)
  if (failure !== undefined) return tellFailure(word, options, { scenario, module, failure, surroundings })
  if (options.save !== undefined) await saveRun(options.save, scenario, module, options, planned, surroundings)
  if (options.json === true) print(JSON.stringify({ scenario: scenario.name, holds: true, ...totals }))
  else print(`${styled('green', 'holds')}  ${scenario.name}: ${totalsText(totals)}`)
  return interruption.exitCode
}

async function search(
  scenario: Scenario,
  options: SimulateCommandOptions,
  planned: PlanOptions,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<{ readonly totals: Totals; readonly failure: Failure | undefined }> {
  using bar = new ProgressBar(scenario.name, options.seeds)
  const onSeed = (totals: Totals): boolean => {
    bar.advanceTo(totals.seeds)
    return signal.aborted
  }
  return await runSeeds(scenario, { first: options.seed, count: options.seeds, ...planned, onSeed }, surroundings)
}

async function tellFailure(
  word: string,
  options: SimulateCommandOptions,
  found: { scenario: Scenario; module: string | undefined; failure: Failure; surroundings: Surroundings },
): Promise<number> {
  const replay = replayCommand(word, found.failure.plan.seed, options)
  using bar = new ProgressBar('making it smaller', trialsMaxDefault)
  const told = await tellFailedRun({
    ...found,
    ...{ replay, isShrunk: options.shrink, traceFile: options.save },
    onTrial: (trials) => bar.advanceTo(trials),
  })
  bar.clear()
  if (options.json === true) {
    const { scenario, failure } = found
    const { plan, report, traceFile } = told
    print(
      JSON.stringify({
        scenario: scenario.name,
        holds: false,
        seed: failure.plan.seed,
        plan,
        report,
        traceFile,
        replay,
      }),
    )
  } else {
    print(told.text)
    if (told.traceFile !== undefined) note(`The trace is in ${told.traceFile}`)
  }
  return exitCode.failed
}

/** The very command, less what is as it is by default. */
function replayCommand(word: string, seed: number, options: SimulateCommandOptions): string {
  const parts = [`${commandWord} simulate`, shellWord(word), `--seed ${seed}`]
  if (options.members !== undefined) parts.push(`--members ${options.members}`)
  if (options.duration !== undefined) parts.push(`--duration ${options.duration}ms`)
  if (options.faults !== 'swarm') parts.push(`--faults ${shellWord(options.faults)}`)
  return parts.join(' ')
}

async function saveRun(
  file: string,
  scenario: Scenario,
  module: string | undefined,
  options: SimulateCommandOptions,
  planned: PlanOptions,
  surroundings: Surroundings,
): Promise<void> {
  const plan = planOf(scenario, options.seed, planned)
  const { events, report } = await traced(scenario, plan, surroundings)
  saveTrace(file, { scenario, plan, report, module }, events)
  note(`The trace of seed ${options.seed} is in ${file}`)
}

function plannedBy(options: SimulateCommandOptions): PlanOptions {
  return {
    ...(options.members !== undefined && { members: options.members }),
    ...(options.duration !== undefined && { durationMs: options.duration }),
    faults: faultsOf(options.faults),
  }
}

function faultsOf(word: string): 'swarm' | 'none' | Iterable<Fault> {
  if (word === 'swarm' || word === 'none') return word
  try {
    const script: unknown = JSON.parse(readFileSync(word, 'utf8'))
    if (Array.isArray(script)) return script as Fault[]
    throw new TypeError('it is no list')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('option-invalid', `The fault script ${word} cannot be read: ${why}`, { cause })
  }
}

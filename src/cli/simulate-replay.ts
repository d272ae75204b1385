/**
 * `cardumen simulate --replay`: goes back to a saved run. Runs it again where its scenario is at hand, and compares;
 * shows it event by event; or writes it in another form. What was saved can be looked at without the program too.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import type { TraceEvent } from '../edges/trace.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import { replaySchedule } from '../sim/explorer/saved-schedule.ts'
import type { Report } from '../sim/scenario.ts'
import { planOf } from '../sim/search/plans.ts'
import { exportTrace } from '../sim/traces/export-trace.ts'
import { decodeTrace, type SavedTrace } from '../sim/traces/saved-trace.ts'
import type { RunHeader, ScheduleHeader, TraceHeader } from '../sim/traces/trace-header.ts'
import { traced } from '../simulation/failed-run.ts'
import { findScenario } from '../simulation/scenario-files.ts'
import { nodeSurroundings } from '../simulation/surroundings.ts'
import { installGuards } from '../simulation/guards/guards.ts'
import type { SimulateCommandOptions } from './commands/simulate.ts'
import { exitCode } from './exit-code.ts'
import { Stepper } from './stepper.ts'
import { note, print, styled } from './terminal.ts'
import { virtualTimeText } from './totals-text.ts'

export async function replay(file: string, options: SimulateCommandOptions): Promise<number> {
  const saved = readTrace(file)
  if (options.export !== undefined) return exportSaved(saved, options)
  if (options.step === true) return stepThrough(saved)
  return runAgain(saved, options)
}

/** @throws CardumenError `trace-invalid`, `trace-newer`; `option-invalid` where the file cannot be read. */
function readTrace(file: string): SavedTrace {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('option-invalid', `The trace cannot be read: ${why}`, { cause })
  }
  return decodeTrace(text)
}

function exportSaved(saved: SavedTrace, options: SimulateCommandOptions): number {
  const text = exportTrace(options.export ?? 'html', saved.events, titleOf(saved.header))
  if (options.output === undefined) print(text.trimEnd())
  else {
    writeExport(options.output, text)
    note(`${options.export} of ${saved.events.length} events is in ${options.output}`)
  }
  return exitCode.ok
}

function writeExport(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('state-unwritable', `${file} cannot be written: ${why}`, {
      cause,
      hint: 'Give --output another path.',
    })
  }
}

async function stepThrough(saved: SavedTrace): Promise<number> {
  print(titleOf(saved.header))
  const steps = saved.header?.kind === 'schedule' ? scheduleSteps(saved.header) : eventSteps(saved.events)
  using stepper = new Stepper(process.stdin, process.stdout)
  await stepper.run(steps, saved.events.length)
  tellViolation(saved.header)
  return exitCode.ok
}

function* eventSteps(events: readonly TraceEvent[]): Generator<readonly TraceEvent[]> {
  for (const event of events) yield [event]
}

/** The machines run again, step by step. */
function* scheduleSteps(header: ScheduleHeader): Generator<readonly TraceEvent[]> {
  for (const step of replaySchedule(header)) yield step.events
}

async function runAgain(saved: SavedTrace, options: SimulateCommandOptions): Promise<number> {
  const { header } = saved
  if (header === undefined)
    throw new CardumenError('trace-invalid', 'This trace does not say what ran, so it cannot be run again.', {
      hint: '--step and --export show what is in it.',
    })
  if (header.kind === 'schedule') return runSchedule(header)
  const report = await runPlan(header)
  const isSame = report.digest === header.digest
  if (options.json === true) print(JSON.stringify({ scenario: header.scenario, isSame, ...report }))
  else tellRun(header, report, isSame)
  return report.violations.length > 0 || !isSame ? exitCode.failed : exitCode.ok
}

async function runPlan(header: RunHeader): Promise<Report> {
  const { scenario, module } = await findScenario(header.module ?? header.scenario).catch(toldWhatToDo)
  const plan = planOf(scenario, header.plan.seed, header.plan)
  using guards = module === undefined ? undefined : installGuards()
  const surroundings = nodeSurroundings(guards)
  const { report } = await traced(scenario, plan, surroundings)
  return report
}

function toldWhatToDo(error: unknown): never {
  if (!isCardumenError(error, 'scenario-unknown')) throw error
  throw new CardumenError(error.code, error.message, {
    hint: 'The run was saved by a test: run that test again with CARDUMEN_SEED; --step and --export show what was saved.',
  })
}

function tellRun(header: RunHeader, report: Report, isSame: boolean): void {
  print(`${titleOf(header)}: ${virtualTimeText(report.virtualMs)}, ${report.events} events`)
  for (const { claim, text } of report.violations) print(`${styled('red', 'broken')}  ${claim}: ${text}`)
  if (report.violations.length === 0) print(`${styled('green', 'holds')}`)
  if (isSame) return print(`the same run as the saved one (digest ${report.digest})`)
  print(
    `${styled('yellow', 'not the saved run')}: digest ${report.digest}, saved ${header.digest}; the program has changed`,
  )
}

function runSchedule(header: ScheduleHeader): number {
  let broken: string | undefined
  let count = 0
  for (const step of replaySchedule(header)) {
    count++
    broken = step.violation ?? broken
  }
  print(`${titleOf(header)}: ${count} steps`)
  print(broken === undefined ? styled('green', 'holds') : `${styled('red', 'broken')}  ${broken}`)
  return broken === undefined ? exitCode.ok : exitCode.failed
}

function tellViolation(header: TraceHeader | undefined): void {
  if (header?.violation === undefined) return
  print(`${styled('red', 'broken')}  ${header.violation.claim}: ${header.violation.text}`)
}

function titleOf(header: TraceHeader | undefined): string {
  if (header === undefined) return 'a recorded trace'
  return header.kind === 'run' ? `${header.scenario}, seed ${header.plan.seed}` : `a path through ${header.model}`
}

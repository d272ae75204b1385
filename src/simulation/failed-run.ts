/**
 * What is done with a run that failed: it is made smaller, run once more with a trace, saved, and told.
 *
 * `simulate` and the command line do the same with it, so that a failure reads the same wherever it happened.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import type { TraceEvent } from '../edges/trace.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { failureText } from '../sim/search/failure-text.ts'
import type { Failure } from '../sim/search/seeds.ts'
import { shrink, type Shrunk } from '../sim/search/shrink.ts'
import type { Plan, Report, Scenario, Surroundings } from '../sim/scenario.ts'
import { encodeTrace, linesMax } from '../sim/traces/saved-trace.ts'
import { stateFolderOf } from '../state-folder.ts'
import { commandWord } from './command-word.ts'

export interface FailedRun {
  readonly scenario: Scenario
  readonly failure: Failure
  readonly surroundings: Surroundings
  /** The one command that runs the seed again. */
  readonly replay: string
  /** Path of the user's file that the scenario is in. */
  readonly module: string | undefined
  readonly isShrunk: boolean
  /** Where the trace goes; default: in the state folder. */
  readonly traceFile: string | undefined
  readonly onTrial?: (trials: number) => void
}

export interface ToldFailure {
  readonly text: string
  readonly plan: Plan
  readonly report: Report
  /** Undefined: it could not be written; the text says why. */
  readonly traceFile: string | undefined
}

/** What was found is told even where its trace cannot be kept. */
export async function tellFailedRun(run: FailedRun): Promise<ToldFailure> {
  const { scenario, failure, surroundings } = run
  const shrunk = run.isShrunk ? await smaller(run) : undefined
  const { plan } = shrunk ?? failure
  const { events, report } = await traced(scenario, plan, surroundings)
  const traceFile = run.traceFile ?? defaultTraceFile(`${scenario.name}-${failure.plan.seed}`)
  const refusal = trySaving(traceFile, { scenario, plan, report, module: run.module }, events)
  const step = `${commandWord} simulate --replay ${shellWord(relative(process.cwd(), traceFile))} --step`
  const facts = { scenario, failure, shrunk, replay: run.replay }
  if (refusal === undefined) return { text: failureText({ ...facts, step }), plan, report, traceFile }
  return { text: `${failureText({ ...facts, step: undefined })}\n${refusal}`, plan, report, traceFile: undefined }
}

/** Why it was not saved; undefined: it was. */
function trySaving(file: string, run: TracedRun, events: readonly TraceEvent[]): string | undefined {
  try {
    saveTrace(file, run, events)
    return undefined
  } catch (error) {
    if (error instanceof CardumenError) return error.message
    throw error
  }
}

function smaller({ scenario, failure, surroundings, onTrial }: FailedRun): Promise<Shrunk> {
  return shrink(scenario, failure.plan, failure.report, surroundings, { ...(onTrial && { onTrial }) })
}

/** The run once more, with all that happens in it; the last events where there are more than a file holds. */
export async function traced(
  scenario: Scenario,
  plan: Plan,
  surroundings: Surroundings,
): Promise<{ readonly events: readonly TraceEvent[]; readonly report: Report }> {
  const events: TraceEvent[] = []
  const onTrace = (event: TraceEvent): void => {
    events.push(event)
    if (events.length > 2 * linesMax) events.splice(0, linesMax)
  }
  const report = await scenario.run(plan, { ...surroundings, onTrace })
  return { events: events.slice(-linesMax), report }
}

export interface TracedRun {
  readonly scenario: Scenario
  readonly plan: Plan
  readonly report: Report
  readonly module: string | undefined
}

/** @throws CardumenError `state-unwritable`. */
export function saveTrace(file: string, run: TracedRun, events: readonly TraceEvent[]): void {
  const [violation] = run.report.violations
  const header = {
    ...{ kind: 'run' as const, scenario: run.scenario.name, plan: run.plan, digest: run.report.digest },
    ...{ nodeVersion: process.versions.node },
    ...(violation && { violation }),
    ...(run.module !== undefined && { module: run.module }),
  }
  try {
    makeFolder(dirname(file))
    writeFileSync(file, encodeTrace(header, events))
  } catch (cause) {
    if (cause instanceof CardumenError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('state-unwritable', `The trace cannot be written to ${file}: ${why}`, { cause })
  }
}

/** One by one: where a folder cannot be made, as below /proc, Node's recursive way never returns. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

function defaultTraceFile(name: string): string {
  return join(stateFolderOf({ system: 'simulations' }), `${name}.trace.jsonl`)
}

/** As a shell reads it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

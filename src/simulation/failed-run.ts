/**
 * What is done with a run that failed: it is made smaller, run once more with a trace, saved, and told.
 *
 * `simulate` and the command line do the same with it, so that a failure reads the same wherever it happened.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
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
  readonly traceFile: string
}

export async function tellFailedRun(run: FailedRun): Promise<ToldFailure> {
  const { scenario, failure, surroundings } = run
  const shrunk = run.isShrunk ? await smaller(run) : undefined
  const { plan } = shrunk ?? failure
  const { events, report } = await traced(scenario, plan, surroundings)
  const traceFile = run.traceFile ?? defaultTraceFile(`${scenario.name}-${failure.plan.seed}`)
  saveTrace(traceFile, { scenario, plan, report, module: run.module }, events)
  const step = `${commandWord} simulate --replay ${shellWord(relative(process.cwd(), traceFile))} --step`
  const text = failureText({ scenario, failure, shrunk, replay: run.replay, step })
  return { text, plan, report, traceFile }
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
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, encodeTrace(header, events))
  } catch (cause) {
    if (cause instanceof CardumenError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('state-unwritable', `The trace cannot be written to ${file}: ${why}`, { cause })
  }
}

function defaultTraceFile(name: string): string {
  return join(stateFolderOf({ system: 'simulations' }), `${name}.trace.jsonl`)
}

/** As a shell reads it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

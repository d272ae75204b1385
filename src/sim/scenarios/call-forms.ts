/**
 * The call in all its classical forms: what each costs over a lossy network, and, as a scenario, that the semantics
 * hold what they promise in each of them, whatever goes wrong.
 */
import { randomStream } from '../random-streams.ts'
import { memberNames, type Plan, type Scenario } from '../scenario.ts'
import { type CallForm, callForms } from './call-forms-form.ts'
import { callsWithLocate } from './call-forms-machine.ts'
import type { FormRunOptions } from './call-forms-options.ts'
import { FormRun } from './call-forms-run.ts'

export interface FormFigures {
  readonly form: CallForm
  readonly calls: number
  readonly completed: number
  /** The program was told so; among them are those that never found the server. */
  readonly failed: number
  /** The program heard nothing and gave up, or was told that the outcome is unknown. Counted in `failed` too. */
  readonly lost: number
  /** By kind, all of the run: also those of broadcasts and of the name server. */
  readonly messages: Readonly<Record<string, number>>
  readonly messagesPerCall: number
  /** Of completed calls: from the program's wish to the reply. */
  readonly latencyMeanMs: number
  readonly latencyP99Ms: number
  /** Calls that ran more than once. */
  readonly duplicatesExecuted: number
  /** Requests that came again and were not run again. */
  readonly duplicatesFiltered: number
  /** A call: the client's processor stood still; it copied or was interrupted. */
  readonly idleMsPerCall: number
  readonly overheadMsPerCall: number
}

export interface FormTerms {
  readonly seed: number
  /** Of messages lost; half as many are repeated. */
  readonly lossRate: number
}

const tableMembers = 8
const tableMoveMs = 800
const tableRounds = 30
/** No form takes longer. */
const tableMsMax = 60_000
const tableTimeoutMs = 500
const everyTerm = ['at-most-once', 'at-least-once', 'maybe'] as const

/** The work of the table in each form; at-most-once. */
export function callFormFigures(terms: FormTerms): readonly FormFigures[] {
  return callForms.map((form) => runForm(form, terms))
}

export function runForm(form: CallForm, { seed, lossRate }: FormTerms): FormFigures {
  const run = new FormRun({
    ...{ seed, form, semantics: 'at-most-once', names: memberNames(tableMembers) },
    ...{ durationMs: tableMsMax, moveAtMs: tableMoveMs, roundsMax: tableRounds },
    faults: [
      { kind: 'loss', atMs: 0, rate: lossRate },
      { kind: 'duplicate', atMs: 0, rate: lossRate / 2 },
    ],
    ...{ timeoutsMs: [tableTimeoutMs], machine: callsWithLocate, isChecked: false },
  })
  run.play()
  return figuresOf(form, run)
}

/** What a plan makes of this scenario: form and semantics follow from the seed. */
export function formRunOptions({ seed, members, durationMs, faults }: Plan): FormRunOptions {
  const random = randomStream(seed, 'form')
  const form = callForms[random.below(callForms.length)]
  const semantics = everyTerm[random.below(everyTerm.length)]
  if (form === undefined || semantics === undefined) throw new Error('there are forms and semantics')
  return {
    ...{ seed, form, semantics, names: memberNames(members), faults },
    ...{ durationMs, moveAtMs: durationMs / 2, roundsMax: Number.POSITIVE_INFINITY },
    ...{ timeoutsMs: [100, 500, 8_000], machine: callsWithLocate, isChecked: true },
  }
}

export const callFormsScenario: Scenario = {
  name: 'call-forms',
  about: 'calls in one of the 81 classical forms, to a service that moves: the three semantics hold what they promise',
  members: { min: 4, usual: 5, max: 8 },
  durationMs: 3_000,
  faultKinds: [
    ...(['loss', 'duplicate', 'reorder', 'delay', 'bandwidth', 'break', 'partition'] as const),
    ...(['crash', 'pause', 'slow', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
  ],
  // In a promise, so that what the plan makes impossible rejects.
  run: (plan, { onTrace }) =>
    Promise.resolve().then(() => {
      const run = new FormRun({ ...formRunOptions(plan), ...(onTrace === undefined ? {} : { onTrace }) })
      run.play()
      return run.report()
    }),
}

function figuresOf(form: CallForm, run: FormRun): FormFigures {
  const calls = [...run.ledger.calls.values()]
  const completed = calls.filter(({ end }) => end?.code === 'completed')
  const latencies = completed
    .map(({ end, wishedMs }) => (end?.atMs ?? wishedMs) - wishedMs)
    .sort((left, right) => left - right)
  const messages = Object.fromEntries(run.sent)
  const sent = Object.values(messages).reduce((sum, count) => sum + count, 0)
  return {
    ...{ form, calls: calls.length, completed: completed.length, failed: calls.length - completed.length },
    lost: calls.filter(({ end }) => end === undefined || end.executed === 'unknown').length,
    ...{ messages, messagesPerCall: sent / calls.length },
    latencyMeanMs: latencies.reduce((sum, each) => sum + each, 0) / Math.max(1, latencies.length),
    latencyP99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    duplicatesExecuted: calls.filter(({ begun }) => begun > 1).length,
    duplicatesFiltered: run.duplicatesFiltered,
    idleMsPerCall: run.clientFigures.idleMs / calls.length,
    overheadMsPerCall: run.clientFigures.overheadMs / calls.length,
  }
}

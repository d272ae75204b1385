/**
 * What a failing seed says: the broken claim, the smallest plan that still breaks it, and how to run it again.
 */
import type { Distribution, Fault } from '../faults/fault.ts'
import type { Plan, Scenario } from '../scenario.ts'
import type { Failure } from './seeds.ts'
import type { Shrunk } from './shrink.ts'

export interface FailureFacts {
  readonly scenario: Scenario
  readonly failure: Failure
  readonly shrunk: Shrunk | undefined
  /** The one command. */
  readonly replay: string
  /** To step through what was saved; undefined: nothing was. */
  readonly step: string | undefined
}

/** Faults of a plan that are shown; the saved trace has all of them. */
const faultsShownMax = 12

export function failureText({ scenario, failure, shrunk, replay, step }: FailureFacts): string {
  const { plan, report } = shrunk ?? failure
  const lines = [
    `seed ${failure.plan.seed} of "${scenario.name}" breaks ${claims(report.violations.map(({ claim }) => claim))}`,
    ...report.violations.slice(0, 3).flatMap(({ text }) => text.split('\n').map((line) => `  ${line}`)),
    `with ${planText(plan)}${shrunkText(failure.plan, shrunk)}`,
    ...plan.faults.slice(0, faultsShownMax).map((fault) => `  ${faultText(fault)}`),
    ...(plan.faults.length > faultsShownMax ? [`  and ${plan.faults.length - faultsShownMax} more`] : []),
    `run it again:     ${replay}`,
    ...(step === undefined ? [] : [`step through it:  ${step}`]),
  ]
  return lines.join('\n')
}

/** One line for people. */
export function faultText(fault: Fault): string {
  const { kind, atMs, untilMs, ...rest } = fault
  const details = Object.entries(rest).map(([field, value]) => fieldText(field, value))
  const until = untilMs === undefined ? 'on' : `to ${Math.round(untilMs)} ms`
  return [`${Math.round(atMs)} ms ${until}: ${kind}`, ...details].join(', ')
}

function fieldText(field: string, value: unknown): string {
  if (field === 'delay') return distributionText(value as Distribution)
  return `${field} ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

function distributionText(distribution: Distribution): string {
  if (distribution.kind === 'constant') return `always ${distribution.ms} ms`
  return `${distribution.minMs} to ${distribution.maxMs} ms (${distribution.kind})`
}

function claims(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `"${name}"`).join(' and ')
}

function planText(plan: Plan): string {
  return `${counted(plan.members, 'member')}, ${counted(plan.faults.length, 'fault')}, ${plan.durationMs / 1_000} s`
}

function shrunkText(drawn: Plan, shrunk: Shrunk | undefined): string {
  if (shrunk === undefined || shrunk.plan === drawn) return ''
  return ` (made smaller from ${planText(drawn)} in ${counted(shrunk.trials, 'run')})`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
